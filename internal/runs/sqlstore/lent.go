package sqlstore

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// A loop whose items are not the tickets that its run fetched, or several of one ticket,
// keeps those tickets and lends each to whichever item writes to it, until that item ends.
// It keeps them also when its own run has ended, as long as an item may still come for
// one: else the next search would find a ticket anew, and make the same items once more.

// lender is the loop from which an item may take a ticket that another run has; "" if it
// may not.
func (t *Tx) lender(run, parent, runner string, k store.Ticket) (string, error) {
	if parent == "" || k.Runner != runner || k.Run == "" || k.Run == run || k.Working || !k.Fetched {
		return "", nil
	}
	if above, err := t.above(parent, k.Run); above || err != nil {
		return k.Run, err
	}
	if k.Standing == store.StandingDead { // perhaps in doubt: until a person decides
		return "", nil
	}
	above, err := t.above(parent, k.LastRun) // another item has it, and rests
	if !above || err != nil {
		return "", err
	}
	return k.LastRun, nil
}

// mostNested bounds how far a loop is looked for above a run.
const mostNested = 20

// above reports whether a run is parent, or above it.
func (t *Tx) above(parent, run string) (bool, error) {
	for n := 0; n < mostNested && parent != "" && run != ""; n++ {
		if parent == run {
			return true, nil
		}
		var next string
		if _, err := t.row(`SELECT parent FROM {s}run WHERE id = $1`, args{parent}, &next); err != nil {
			return false, err
		}
		parent = next
	}
	return false, nil
}

// lentBack gives tickets that the run lets go of back to where they are lent from.
func (t *Tx) lentBack(run, parent string, tickets []store.Ticket) ([]store.Ticket, error) {
	for i, k := range tickets {
		if k.Run != "" || !k.Fetched {
			continue
		}
		if above, err := t.above(parent, k.LastRun); err != nil {
			return nil, err
		} else if above {
			tickets[i].Run, tickets[i].LastRun = k.LastRun, run
			continue
		}
		if loop, err := t.isLoop(run); err != nil {
			return nil, err
		} else if loop {
			tickets[i].Run = run
		}
	}
	return tickets, nil
}

// isLoop reports whether a run has items.
func (t *Tx) isLoop(run string) (bool, error) {
	var one int64
	return t.row(`SELECT 1 FROM {s}run WHERE parent = $1 AND parent <> '' LIMIT 1`, args{run}, &one)
}

// lendsNothing ends the transaction with [ErrNothing] where a run that ends may lend
// tickets or have one that is lent: where it has items, or the run has that a ticket of
// its had before.
func (t *Tx) lendsNothing(run string) error {
	return t.must(`{must}SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {s}run i WHERE i.parent = $1 AND i.parent <> '')
		AND NOT EXISTS (SELECT 1 FROM {s}ticket t JOIN {s}run i ON i.parent = t.last_run AND i.parent <> ''
		WHERE t.run = $1 AND t.run <> '' AND t.fetched = 1){row}`, run)
}

// keepLent keeps, for a run that ends, what it lends and what is lent to it.
func (t *Tx) keepLent(run, parent string, mark any) (loop bool, err error) {
	if parent != "" {
		held, err := t.tickets(`WHERE t.run = $1 AND t.run <> '' AND t.fetched = 1`, run)
		if err != nil {
			return false, err
		}
		for _, k := range held {
			if above, err := t.above(parent, k.LastRun); err != nil {
				return false, err
			} else if !above || k.Standing == store.StandingDead {
				continue
			}
			if err := t.later(`UPDATE {s}ticket SET run = last_run, working = 0, last_run = $1,
				ended_at = coalesce(CAST($2 AS bigint), {nextend}), changed = coalesce(CAST($3 AS bigint), {stamp})
				WHERE system = $4 AND ticket = $5 AND runner = $6`, run, mark, t.stamp(), k.System, k.Ticket, k.Runner); err != nil {
				return false, err
			}
		}
	}
	if loop, err = t.isLoop(run); err != nil || !loop {
		return loop, err
	}
	return true, t.later(`UPDATE {s}ticket SET working = 0, ended_at = coalesce(CAST($2 AS bigint), {nextend}),
		changed = coalesce(CAST($3 AS bigint), {stamp}) WHERE run = $1 AND run <> '' AND working = 1 AND fetched = 1`, run, mark, t.stamp())
}

// releaseLent lets go of what loops keep whose run has ended and from which no item may
// take anything any more.
func (s *Store) releaseLent(ctx context.Context) error {
	type loop struct{ run, system string }
	var loops []loop
	if err := s.db.Read(ctx, func(t *Tx) error {
		loops = nil
		return t.rows(`SELECT DISTINCT t.run, t.system FROM {s}ticket t LEFT JOIN {s}run r ON r.id = t.run
			WHERE t.run <> '' AND t.working = 0 AND t.fetched = 1 AND (r.id IS NULL OR r.state = 'ended'
			AND EXISTS (SELECT 1 FROM {s}run i WHERE i.parent = r.id AND i.parent <> ''))`, nil, func(rows Rows) error {
			var l loop
			err := rows.Scan(&l.run, &l.system)
			loops = append(loops, l)
			return err
		})
	}); err != nil || len(loops) == 0 {
		return err
	}
	return s.db.Write(ctx, false, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		for _, l := range loops {
			if err := t.oneAtATime(l.system); err != nil {
				return err
			}
			// An item that has a ticket is about that one.
			var one int64
			wanted, err := t.row(`WITH RECURSIVE below (id, state) AS (
				SELECT r.id, r.state FROM {s}run r WHERE r.parent = $1 AND r.parent <> ''
				UNION ALL SELECT r.id, r.state FROM below b JOIN {s}run r ON r.parent = b.id AND r.parent <> '')
				SELECT 1 FROM below b WHERE b.state <> 'ended' AND NOT EXISTS (
				SELECT 1 FROM {s}ticket t WHERE t.run = b.id AND t.run <> '' AND t.fetched = 1) LIMIT 1`, args{l.run}, &one)
			if err != nil {
				return err
			}
			if wanted {
				continue
			}
			if _, err := t.exec(`UPDATE {s}ticket SET run = '', fetched = 0, changed = $1
				WHERE run = $2 AND run <> '' AND working = 0 AND system = $3`, now, l.run, l.system); err != nil {
				return err
			}
		}
		return nil
	})
}
