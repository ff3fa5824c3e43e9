package search

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// timeCriteria are the times that a search compares: key plus NewerDate, OlderDate, NewerMinutes or OlderMinutes.
var timeCriteria = map[string]func(*store.Ticket) []time.Time{
	"TicketCreateTime":     func(t *store.Ticket) []time.Time { return []time.Time{t.Created} },
	"TicketLastChangeTime": func(t *store.Ticket) []time.Time { return []time.Time{t.Changed} },
	"TicketChangeTime":     func(t *store.Ticket) []time.Time { return timesOf(t, func(store.Event) bool { return true }) },
	"TicketCloseTime": func(t *store.Ticket) []time.Time {
		return timesOf(t, func(e store.Event) bool {
			return e.Kind == "StateUpdate" && strings.HasPrefix(e.Parts[1], "closed")
		})
	},
	"TicketPendingTime": func(t *store.Ticket) []time.Time {
		if !t.State.Pending() {
			return nil
		}
		return []time.Time{t.PendingUntil}
	},
}

func timesOf(t *store.Ticket, wanted func(store.Event) bool) []time.Time {
	var all []time.Time
	for _, e := range t.History {
		if wanted(e) {
			all = append(all, e.Time)
		}
	}
	return all
}

// timeCriterion admits a ticket if one of its times is within all bounds; ok is false for a bound that isn't a time.
func (q query) timeCriterion(key string, of func(*store.Ticket) []time.Time) (c criterion, ok bool) {
	var newest, oldest time.Time
	for _, bound := range []struct {
		suffix string
		to     *time.Time
	}{{"Newer", &oldest}, {"Older", &newest}} {
		if date := q.in.Text(key + bound.suffix + "Date"); date != "" {
			at, err := time.Parse("2006-1-2 15:4:5", date)
			if err != nil {
				return nil, false
			}
			*bound.to = at
			// Nothing in the past is after now, and the servers check that first.
			if bound.suffix == "Newer" && key != "TicketPendingTime" && at.After(q.Now()) {
				return nil, false
			}
		}
		if minutes := q.in.Text(key + bound.suffix + "Minutes"); minutes != "" {
			n, err := strconv.Atoi(minutes)
			if err != nil {
				return nil, false
			}
			*bound.to = q.Now().Add(-time.Duration(n) * time.Minute)
		}
	}
	if !newest.IsZero() && oldest.After(newest) {
		return nil, false
	}
	if newest.IsZero() && oldest.IsZero() {
		return func(*store.Ticket) bool { return true }, true
	}
	return func(t *store.Ticket) bool {
		return slices.ContainsFunc(of(t), func(at time.Time) bool {
			at = at.Truncate(time.Second)
			return (oldest.IsZero() || !at.Before(oldest.Truncate(time.Second))) && (newest.IsZero() || !at.After(newest))
		})
	}, true
}
