package sqlstore

import (
	"context"
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Mark implements [store.Store].
func (s *Store) Mark(ctx context.Context) (mark store.Mark, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		var n int64
		_, err := t.row(`{lastend}`, nil, &n)
		mark = store.Mark(n)
		return err
	})
	return mark, err
}

// nextEnd counts an end: what was marked before is before it. All ends of a transaction
// are one. It is the argument of a statement that has it as coalesce(CAST(argument AS
// bigint), {nextend}).
func (t *Tx) nextEnd() (any, error) {
	switch {
	case t.d.Leases:
		return nil, nil
	case t.mark != 0:
		return t.mark, nil
	}
	_, err := t.row(`{countend}`, nil, &t.mark)
	return t.mark, err
}

// With how many tickets a claim begins to look, and how many it looks at together later:
// thousands that are passed over may stand in front.
const (
	firstLook = 50
	longLook  = 1000
)

// Claim implements [store.Store].
func (s *Store) Claim(ctx context.Context, c store.Claim) (out store.Claimed, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) (err error) {
		out, err = t.claim(c)
		return err
	})
	return out, err
}

// oneAtATime makes claims of one ticket system wait for each other, where several hosts
// make them: two that have both seen no row would both insert one.
func (t *Tx) oneAtATime(system string) error {
	if !t.d.Leases {
		return nil
	}
	return t.later(`SELECT pg_advisory_xact_lock(hashtext($1))`, "otai claims "+system)
}

func (t *Tx) claim(c store.Claim) (out store.Claimed, err error) {
	r, err := t.held(c.Held, false)
	switch {
	case err != nil:
		return out, err
	case !r.found && c.Create == nil:
		return out, store.ErrFence
	case r.cancel != "":
		return out, store.ErrCanceled
	}
	if !r.found {
		if err := t.alive(c.Held.Host); err != nil {
			return out, err
		}
	}
	if err := t.oneAtATime(c.System); err != nil {
		return out, err
	}
	now, err := t.Now()
	if err != nil {
		return out, err
	}
	look := firstLook
	for rest := c.Tickets; len(rest) > 0 && len(out.Tickets) < c.Limit; look = longLook {
		var some []string
		some, rest = rest[:min(look, len(rest))], rest[min(look, len(rest)):]
		if look == longLook {
			if some, err = t.notOver(c, some, now, &out); err != nil {
				return out, err
			}
		}
		if err := t.claimSome(c, some, now, &out); err != nil {
			return out, err
		}
	}
	if len(out.Tickets) == 0 {
		return out, nil
	}
	if !r.found {
		if err := t.insertRun(c.Create, store.Running, c.Held.Host, c.Held.Fence); err != nil {
			return out, err
		}
	}
	for _, k := range out.Tickets {
		if err := t.take(k, now); err != nil {
			return out, err
		}
	}
	return out, t.putSteps(c.Held.Run, c.Steps)
}

// notOver leaves out tickets of which the database itself can say that they are passed
// over, and that nothing else is to be done about them: their rows would cost more than
// all else of a search behind thousands of them.
func (t *Tx) notOver(c store.Claim, ids []string, now int64, out *store.Claimed) ([]string, error) {
	open, err := t.texts(`WITH asked (ticket) AS ({list}($1)) SELECT a.ticket FROM asked a WHERE NOT EXISTS (
		SELECT 1 FROM {s}ticket t WHERE t.system = $2 AND t.ticket = a.ticket AND t.runner = $3 AND t.standing <> ''
		AND (t.due_at = 0 OR t.due_at > $4) AND t.seen >= $5
		AND (t.standing = 'handled' AND t.settled = 1 AND $6 = 0 OR t.standing <> 'handled' AND t.hashes = $7))`,
		toJSON(ids), c.System, c.Runner, now, now-micro(store.SeenAgain), number(c.Repeat), toJSON([]string{c.Hash}))
	if err != nil || len(open) == len(ids) {
		return ids, err
	}
	still := make(map[string]bool, len(open))
	for _, id := range open {
		still[id] = true
	}
	open = open[:0]
	for _, id := range ids {
		if still[id] {
			open = append(open, id)
		} else {
			out.Over = append(out.Over, id)
		}
	}
	return open, nil
}

// claimSome decides on tickets in the order of the search.
func (t *Tx) claimSome(c store.Claim, ids []string, now int64, out *store.Claimed) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := t.tickets(`WHERE t.system = $1 AND t.ticket IN ({list}($2))`, c.System, toJSON(ids))
	if err != nil {
		return err
	}
	var living []string
	if slices.ContainsFunc(rows, func(k store.Ticket) bool { return len(k.Hashes) > 0 }) {
		if living, err = t.living(c.Runner); err != nil {
			return err
		}
	}
	by := make(map[string][]store.Ticket, len(rows))
	for _, k := range rows {
		by[k.Ticket] = append(by[k.Ticket], k)
	}
	for _, id := range ids {
		if len(out.Tickets) == c.Limit {
			return nil
		}
		own := store.Ticket{Runner: c.Runner, System: c.System, Ticket: id}
		busy := false
		for _, k := range by[id] {
			if k.Runner == c.Runner {
				own = k
			}
			busy = busy || k.Working && k.Run != c.Held.Run || k.EndedAt > int64(c.Since)
		}
		if own.Standing != store.Free && now-own.Seen > micro(store.SeenAgain) {
			if err := t.later(`UPDATE {s}ticket SET seen = $1 WHERE system = $2 AND ticket = $3 AND runner = $4`, now, c.System, id, c.Runner); err != nil {
				return err
			}
		}
		switch {
		case passed(own, c, living, now):
			out.Passed = append(out.Passed, own)
		case busy || own.Run != "" && own.Run != c.Held.Run:
			out.Busy++
		default:
			own.Run, own.Working, own.Fetched, own.Seen = c.Held.Run, true, true, now
			out.Tickets = append(out.Tickets, own)
		}
	}
	return nil
}

// passed reports whether a search of the runner leaves out a ticket by its standing.
func passed(k store.Ticket, c store.Claim, living []string, now int64) bool {
	switch k.Standing {
	case store.Free:
		return false
	case store.Handled: // due since somebody has changed it
		return !c.Repeat && (k.DueAt == 0 || k.DueAt > now)
	}
	if k.Standing == store.StandingDead && k.Cause == store.CauseAllow { // with other bounds its run begins anew, by Adopt
		return k.DueAt == 0 || k.DueAt > now
	}
	if !slices.Contains(k.Hashes, c.Hash) {
		return false // this configuration hasn't tried it
	}
	if slices.ContainsFunc(living, func(hash string) bool { return !slices.Contains(k.Hashes, hash) }) {
		return true // a host with a configuration that hasn't may
	}
	return k.DueAt == 0 || k.DueAt > now
}

// take stores that a run has a ticket and works at it.
func (t *Tx) take(k store.Ticket, now int64) error {
	return t.later(`INSERT INTO {s}ticket (runner, system, ticket, run, working, fetched, standing, hashes, last_run,
		picture, settled, cause, attempts, due_at, seen, ended_at, released, freed, note, changed)
		VALUES ($1, $2, $3, $4, 1, $5, '', '', $9, $6, 0, '', 0, 0, $7, 0, 0, '', '', $8)
		ON CONFLICT (system, ticket, runner) DO UPDATE SET run = excluded.run, working = 1,
		fetched = excluded.fetched, last_run = excluded.last_run, seen = excluded.seen, changed = excluded.changed`,
		k.Runner, k.System, k.Ticket, k.Run, number(k.Fetched), blob(k.Picture), k.Seen, now, k.LastRun)
}

// ClaimOne implements [store.Store].
func (s *Store) ClaimOne(ctx context.Context, held store.Held, create *store.Run, want store.Ticket) (taken store.Ticket, busy bool, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		r, err := t.heldOrNew(held, create, false)
		if err != nil {
			return err
		}
		if r.cancel != "" {
			return store.ErrCanceled
		}
		if err := t.oneAtATime(want.System); err != nil {
			return err
		}
		taken, err = t.claimOne(held, r.parent, want)
		return err
	})
	if errors.Is(err, store.ErrBusy) {
		return store.Ticket{}, true, nil
	}
	return taken, false, err
}

func (t *Tx) claimOne(held store.Held, parent string, want store.Ticket) (store.Ticket, error) {
	now, err := t.Now()
	if err != nil {
		return want, err
	}
	rows, err := t.tickets(`WHERE t.system = $1 AND t.ticket = $2`, want.System, want.Ticket)
	if err != nil {
		return want, err
	}
	for _, k := range rows {
		lender, err := t.lender(held.Run, parent, want.Runner, k)
		switch {
		case err != nil:
			return want, err
		case lender != "":
			want = k
			want.LastRun = lender
		case k.Run != held.Run && (k.Working || k.Run != "" && k.Runner == want.Runner):
			return want, store.ErrBusy
		case k.Runner == want.Runner:
			k.Fetched = k.Run == held.Run && k.Fetched || want.Fetched
			want = k
		}
	}
	// The others' ends count as well: what was read before them is old.
	for _, k := range rows {
		want.EndedAt = max(want.EndedAt, k.EndedAt)
	}
	want.Run, want.Working = held.Run, true
	return want, t.take(want, now)
}
