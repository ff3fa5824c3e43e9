package sqlstore

import (
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// placeFor is how long a place is taken.
var placeFor = micro(time.Hour)

// takePlace takes a place for a ticket, unless it has one, or fails with [store.ErrFull]. Whoever
// takes one of the same service waits until this transaction has ended.
func (t *Tx) takePlace(p store.Place, now int64) error {
	taken, has, err := t.placesOf(p.Service, p.Ticket, now)
	switch {
	case err != nil || has:
		return err
	case taken >= p.PerHour:
		return store.ErrFull
	}
	return t.later(`INSERT INTO {s}place (service, ticket, taken) VALUES ($1, $2, $3)
		ON CONFLICT (service, ticket) DO UPDATE SET taken = excluded.taken`, p.Service, p.Ticket, now)
}

// placesOf counts the places of a service that are taken, and reports whether the ticket has one.
func (t *Tx) placesOf(service, ticket string, now int64) (taken int, has bool, err error) {
	if t.d.Leases {
		if err := t.later(`SELECT pg_advisory_xact_lock(hashtext($1))`, "otai places "+service); err != nil {
			return 0, false, err
		}
	}
	since := now - placeFor
	text, _, err := t.value(placesSince + service)
	if err != nil {
		return 0, false, err
	}
	resumed, bad := strconv.ParseInt(text, 10, 64)
	if bad != nil {
		resumed = 0
	}
	if resumed, err = t.placesNow(service, resumed, now); err != nil {
		return 0, false, err
	}
	counted := max(since, resumed)
	var all, own int64
	_, err = t.row(`SELECT coalesce(sum(CASE WHEN taken > $1 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN ticket = $2 AND taken > $3 THEN 1 ELSE 0 END), 0)
		FROM {s}place WHERE service = $4`, args{counted, ticket, since, service}, &all, &own)
	return int(all), own > 0, err
}

// placesNow makes of what was taken, or resumed, at a time that is still to come, as the clock was
// set back since, something of now: it would count until then, or let nothing count.
func (t *Tx) placesNow(service string, resumed, now int64) (int64, error) {
	var last int64
	_, err := t.row(`SELECT coalesce(max(taken), 0) FROM {s}place WHERE service = $1`, args{service}, &last)
	if err != nil || max(last, resumed) <= now {
		return resumed, err
	}
	// What was taken since it was resumed still counts, and what was taken before doesn't.
	if _, err := t.exec(`UPDATE {s}place SET taken = CASE WHEN taken > $1 THEN $2 ELSE $3 END WHERE service = $4 AND taken >= $2`, resumed, now, now-1, service); err != nil {
		return 0, err
	}
	if resumed >= now {
		resumed = now - 1
		err = t.setValue(placesSince+service, strconv.FormatInt(resumed, 10))
	}
	return resumed, err
}

// placesSince begins the name of the fact that says since when the places of a service count.
const placesSince = "places since/"

// morePlaces lets the places count no more that were all taken when a runner was paused. If
// another runner that was paused for the same has gone on before, there are some.
func (t *Tx) morePlaces(p store.Pause, now int64) error {
	if p.Service == "" {
		return nil
	}
	taken, _, err := t.placesOf(p.Service, "", now)
	if err != nil || taken < p.PerHour {
		return err
	}
	return t.setValue(placesSince+p.Service, strconv.FormatInt(now, 10))
}
