package sqlstore

import (
	"context"
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, b store.Batch) (counted *store.Cause, err error) {
	durable := b.Durable || b.Begin != nil
	if mayBeBlind(b) {
		err := s.db.Write(ctx, durable, func(t *Tx) error { return t.commitBlind(b) })
		if !errors.Is(err, ErrNothing) {
			return nil, err
		}
	}
	err = s.db.Write(ctx, durable, func(t *Tx) (err error) {
		counted, err = t.commit(b)
		return err
	})
	return counted, err
}

// mayBeBlind reports whether a batch can be stored without an answer of the database in
// between: nearly every one can. Where a ticket is let go before the end there are loops
// to be asked for.
func mayBeBlind(b store.Batch) bool {
	if b.Create != nil || b.Fact || b.Place != nil || len(b.Spawn) > 0 || b.Rejection != nil {
		return false
	}
	if b.End != nil {
		return clears(b.End) && b.Begin == nil // an end asks for no lease
	}
	return !slices.ContainsFunc(b.Tickets, func(k store.Ticket) bool { return k.Run == "" && k.Fetched })
}

// relax has the database not wait for the disk where only results of steps are stored:
// what its crash loses of them is evaluated again. Whatever is stored later, and waits, is
// on the disk with all before it.
func (t *Tx) relax(b store.Batch) error {
	if !t.d.Leases || b.Durable || b.Begin != nil || len(b.Effects)+len(b.Tickets)+len(b.Success) > 0 {
		return nil
	}
	return t.later(`SET LOCAL synchronous_commit = off`)
}

// commitBlind is commit as long as all is as it nearly always is. What isn't ends it with
// [ErrNothing]; then commit finds out what.
func (t *Tx) commitBlind(b store.Batch) error {
	if err := t.relax(b); err != nil {
		return err
	}
	if b.End != nil {
		t.Ended = &b.Held
		if err := t.endHeld(b.Held, *b.End); err != nil {
			return err
		}
	} else if err := t.holds(b.Held, b.AtWork, b.Begin != nil); err != nil {
		return err
	}
	if len(b.Success) > 0 {
		if err := t.must(`{must}SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {s}cause WHERE name IN ({list}($1))){row}`, toJSON(b.Success)); err != nil {
			return err
		}
	}
	begun := begins(&b)
	if err := t.contents(b, false); err != nil {
		return err
	}
	if b.Begin != nil && !begun {
		if err := t.sends(b.Held.Run, *b.Begin); err != nil {
			return err
		}
	}
	if err := t.putTickets(b.Held.Run, b.Tickets, nil); err != nil || b.End == nil {
		return err
	}
	mark, err := t.nextEnd()
	if err != nil {
		return err
	}
	return errors.Join(t.letGo(b.Held.Run, mark, false, false), t.dropKept(b.Held.Run))
}

// begins makes that a request is about to be sent part of its intent, where that is in the
// same batch.
func begins(b *store.Batch) bool {
	if b.Begin == nil {
		return false
	}
	i := slices.IndexFunc(b.Effects, func(e store.Effect) bool { return e.Key == b.Begin.Effect && e.State == store.Intent })
	if i < 0 {
		return false
	}
	b.Effects = slices.Clone(b.Effects)
	e := &b.Effects[i]
	e.Begun, e.Until, e.Boot, e.BootClock = begunNow, micro(b.Begin.Lasts), b.Begin.Boot, b.Begin.BootClock
	return true
}

func (t *Tx) commit(b store.Batch) (counted *store.Cause, err error) {
	run := b.Held.Run
	r, err := t.heldOrNew(b.Held, b.Create, b.Fact)
	if err != nil {
		return nil, err
	}
	if b.AtWork != nil && *b.AtWork != r.atWork && b.End == nil {
		// Another step: the deaths at the one before don't count against it.
		if err := t.later(`UPDATE {s}run SET at_work = $1, deaths = 0 WHERE id = $2`, *b.AtWork, run); err != nil {
			return nil, err
		}
	}
	if b.Place != nil {
		if err := t.takePlace(*b.Place, t.now); err != nil {
			return nil, err
		}
	}
	if err := t.contents(b, r.cancel != ""); err != nil {
		return nil, err
	}
	if b.Begin != nil {
		if err := t.sending(b.Held, r, *b.Begin); err != nil {
			return nil, err
		}
	}
	if b.Tickets, err = t.lentBack(run, r.parent, b.Tickets); err != nil {
		return nil, err
	}
	moved, err := t.spawnAll(run, b)
	if err != nil {
		return nil, err
	}
	if err := t.putTickets(run, b.Tickets, moved); err != nil {
		return nil, err
	}
	if counted, err = t.succeeded(b.Success); err != nil {
		return nil, err
	}
	if b.Rejection != nil {
		if counted, err = t.refused(*b.Rejection); err != nil {
			return nil, err
		}
	}
	if b.End != nil {
		t.Ended = &b.Held
		return counted, t.end(b.Held, r.parent, *b.End)
	}
	return counted, nil
}

// contents stores what was learned.
func (t *Tx) contents(b store.Batch, canceled bool) error {
	run := b.Held.Run
	if b.Forget && !clears(b.End) {
		if err := t.forget(run); err != nil {
			return err
		}
	}
	if err := t.putSteps(run, b.Steps); err != nil {
		return err
	}
	for _, d := range b.Documents {
		if err := t.later(`INSERT INTO {s}document (run, ticket, body) VALUES ($1, $2, $3)
			ON CONFLICT (run, ticket) DO UPDATE SET body = excluded.body`, run, d.Ticket, blob(d.Body)); err != nil {
			return err
		}
	}
	for i := range b.Effects {
		if err := t.putEffect(run, &b.Effects[i], canceled); err != nil {
			return err
		}
	}
	return t.putDecisions(run, b.Decisions)
}

func (t *Tx) putSteps(run string, steps []store.Step) error {
	for _, s := range steps {
		if err := t.later(`INSERT INTO {s}step (run, step_key, params, result) VALUES ($1, $2, $3, $4)
			ON CONFLICT (run, step_key) DO UPDATE SET params = excluded.params, result = excluded.result`,
			run, s.Key, s.Params, blob(s.Result)); err != nil {
			return err
		}
	}
	return nil
}

// putTickets stores tickets. For those that moved to an item without having been written
// to nothing has ended: what was read of them is as new as it was.
func (t *Tx) putTickets(run string, tickets []store.Ticket, moved map[string]bool) (err error) {
	for _, k := range tickets {
		mark := any(k.EndedAt)
		if !k.Working && !moved[k.Run] {
			if mark, err = t.nextEnd(); err != nil {
				return err
			}
		}
		if err := t.putTicket(k, run, mark); err != nil {
			return err
		}
	}
	return nil
}

// spawnAll stores items. The tickets of the batch move to them, and with them what the
// run has written to those tickets. It returns the items at whose tickets that is nothing.
func (t *Tx) spawnAll(run string, b store.Batch) (moved map[string]bool, err error) {
	for i := range b.Spawn {
		if err := t.spawn(&b.Spawn[i]); err != nil {
			return nil, err
		}
	}
	if len(b.Spawn) == 0 {
		return nil, nil
	}
	var one int64
	wrote, err := t.row(`SELECT 1 FROM {s}effect WHERE run = $1 LIMIT 1`, args{run}, &one)
	if err != nil {
		return nil, err
	}
	moved = make(map[string]bool, len(b.Spawn))
	for _, k := range b.Tickets {
		if k.Run == "" || k.Run == run {
			continue
		}
		var n int64
		if wrote {
			if n, err = t.exec(`UPDATE {s}effect SET run = $1 WHERE run = $2 AND system = $3 AND ticket = $4`, k.Run, run, k.System, k.Ticket); err != nil {
				return nil, err
			}
		}
		moved[k.Run] = n == 0
	}
	return moved, nil
}

// spawn stores an item: one that its host has begun with its loop, or that is due at once,
// behind what was begun before.
func (t *Tx) spawn(r *store.Run) error {
	if r.State == store.Running {
		return t.insertRun(r, store.Running, r.Owner, r.Fence)
	}
	if err := t.insertRun(r, store.Ready, r.Owner, r.Fence); err != nil {
		return err
	}
	if r.Owner != "" { // nobody else gets it while that host lives
		return nil
	}
	t.Ready = append(t.Ready, store.ReadyRun{Run: r.ID, Runner: r.Runner, Hash: r.Hash, Fence: r.Fence, DueAt: t.now})
	return nil
}

// clears reports whether an end drops what is kept of steps anyway.
func clears(e *store.End) bool { return e != nil && e.State == store.Ended && e.Outcome != store.Dead }

// forget drops what is kept of steps.
func (t *Tx) forget(run string) error {
	if err := t.later(`DELETE FROM {s}step WHERE run = $1`, run); err != nil {
		return err
	}
	return t.later(`DELETE FROM {s}document WHERE run = $1`, run)
}
