package sqlstore

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Take implements [store.Store].
func (s *Store) Take(ctx context.Context, host, runner, hash string) (l *store.Loaded, next int64, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		l, next = nil, 0
		if err := t.alive(host); err != nil {
			return err
		}
		now, err := t.Now()
		if err != nil {
			return err
		}
		if err := s.clockJumped(t, now, false); err != nil {
			return err
		}
		for begun := int64(1); begun >= 0; begun-- { // what was begun goes first
			var id string
			var due int64
			found, err := t.row(`SELECT r.id, r.due_at FROM {s}run r WHERE r.runner = $1 AND r.hash = $2 AND r.begun = $3
				AND r.due_at > 0 AND r.owner IN ('', $4) AND `+mayBegin+` ORDER BY r.due_at LIMIT 1 {skip}`, args{runner, hash, begun, host}, &id, &due)
			switch {
			case err != nil:
				return err
			case !found:
			case due <= now:
				l, err = t.begin(host, id)
				return err
			case next == 0 || due < next:
				next = due
			}
		}
		return nil
	})
	return l, next, err
}

// DueTickets implements [store.Store].
func (s *Store) DueTickets(ctx context.Context, host, runner, hash, system string, limit int) (tickets []string, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		tickets = nil
		now, err := t.Now()
		if err != nil {
			return err
		}
		for begun := int64(1); begun >= 0 && len(tickets) < limit; begun-- {
			most := strconv.Itoa(limit - len(tickets))
			more, err := t.texts(`SELECT t.ticket FROM (SELECT id, due_at FROM {s}run WHERE runner = $1 AND hash = $2 AND begun = $3
				AND due_at > 0 AND due_at <= $4 AND owner IN ('', $5) ORDER BY due_at, id LIMIT `+most+`) AS r
				JOIN {s}ticket t ON t.run = r.id AND t.run <> '' WHERE t.system = $6 AND t.fetched = 1
				ORDER BY r.due_at, r.id LIMIT `+most, runner, hash, begun, now, host, system)
			if err != nil {
				return err
			}
			tickets = append(tickets, more...)
		}
		return nil
	})
	return tickets, err
}

// TakeRun implements [store.Store].
func (s *Store) TakeRun(ctx context.Context, host, run string, fence int64) (l *store.Loaded, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		l, err = t.beginDue(host, run, fence)
		return err
	})
	if err == nil {
		return l, nil
	}
	if !errors.Is(err, ErrNothing) {
		return nil, err
	}
	l = nil
	err = s.db.Write(ctx, false, func(t *Tx) error {
		if err := t.alive(host); err != nil {
			return err
		}
		now, err := t.Now()
		if err != nil {
			return err
		}
		var one int64
		found, err := t.row(`SELECT 1 FROM {s}run r WHERE r.id = $1 AND r.fence = $2 AND r.due_at <= $3 AND r.owner IN ('', $4) AND `+mayBegin+` {lock}`, args{run, fence, now, host}, &one)
		switch {
		case err != nil:
			return err
		case !found:
			return store.ErrFence
		}
		l, err = t.begin(host, run)
		return err
	})
	return l, err
}

// begin begins an attempt of a run whose row is locked. The answer has Parked as it was
// before. A run that begins for the first time works at its tickets at once, unless others
// do.
func (t *Tx) begin(host, run string) (*store.Loaded, error) {
	return t.beginBy(host, run, func() error {
		return t.later(`UPDATE {s}run SET state = 'running', owner = $1, fence = fence + 1, due_at = NULL, begun = 1,
			parked = 0 WHERE id = $2`, host, run)
	})
}

// beginDue is begin if the run is due with this fence. What isn't so ends the transaction
// with [ErrNothing].
func (t *Tx) beginDue(host, run string, fence int64) (*store.Loaded, error) {
	return t.beginBy(host, run, func() error {
		return t.must(`{must}UPDATE {s}run AS r SET state = 'running', owner = $2, fence = fence + 1, due_at = NULL, begun = 1, parked = 0
			WHERE r.id = $1 AND r.fence = $3 AND r.due_at <= coalesce(CAST($4 AS bigint), {stamp}) AND r.owner IN ('', $2) AND `+mayBegin+` {living} RETURNING 1{row}`,
			run, host, fence, t.stamp())
	})
}

func (t *Tx) beginBy(host, run string, update func() error) (*store.Loaded, error) {
	l := &store.Loaded{}
	var parked, begun int64
	if err := t.laterRows(`SELECT parked, begun FROM {s}run WHERE id = $1 {lock}`, args{run}, func(rows Rows) error {
		return rows.Scan(&parked, &begun)
	}); err != nil {
		return nil, err
	}
	if err := update(); err != nil {
		return nil, err
	}
	if err := t.laterRows(selectRuns+`WHERE r.id = $1`, args{run}, func(rows Rows) (err error) {
		l.Run, err = scanRun(rows)
		return err
	}); err != nil {
		return nil, err
	}
	if err := errors.Join(t.loadOf(run, l, false), t.flush()); err != nil {
		return nil, err
	}
	l.Run.Parked = parked == 1
	for i, k := range l.Tickets {
		if begun == 1 || k.Working || !k.Fetched {
			continue
		}
		if err := t.oneAtATime(k.System); err != nil {
			return nil, err
		}
		taken, err := t.claimOne(store.Held{Run: run, Host: host, Fence: l.Run.Fence}, l.Run.Parent, k)
		switch {
		case err == nil:
			l.Tickets[i] = taken
		case !errors.Is(err, store.ErrBusy): // who works at it is seen when the run goes on
			return nil, err
		}
	}
	return l, nil
}

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, run string) (l *store.Loaded, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		runs, err := t.runs(`WHERE r.id = $1`, run)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return missing("run", run)
		}
		l = &store.Loaded{Run: runs[0]}
		return t.loadOf(run, l, l.Run.State == store.Ended)
	})
	return l, err
}

// loadOf loads what a run has, until the transaction ends.
func (t *Tx) loadOf(run string, l *store.Loaded, ended bool) error {
	if err := t.laterRows(`SELECT step_key, params, result FROM {s}step WHERE run = $1 ORDER BY step_key`, args{run},
		into(&l.Steps, func(rows Rows) (s store.Step, err error) {
			err = rows.Scan(&s.Key, &s.Params, &s.Result)
			return s, err
		})); err != nil {
		return err
	}
	if err := t.laterRows(`SELECT ticket, body FROM {s}document WHERE run = $1 ORDER BY ticket`, args{run},
		into(&l.Documents, func(rows Rows) (d store.Document, err error) {
			err = rows.Scan(&d.Ticket, &d.Body)
			return d, err
		})); err != nil {
		return err
	}
	if err := t.laterRows(selectEffects+`WHERE e.run = $1 ORDER BY e.created, e.effect_key`, args{run}, into(&l.Effects, scanEffect)); err != nil {
		return err
	}
	// An ended run holds none: then those that have their standing from it. In the order of a
	// search, the oldest first, because a run may concern the first of what it found.
	where := `WHERE t.run = $1 AND t.run <> '' ORDER BY length(t.ticket), t.ticket`
	if ended {
		where = `WHERE t.last_run = $1 AND t.last_run <> '' ORDER BY length(t.ticket), t.ticket`
	}
	return t.laterRows(selectTickets+where, args{run}, into(&l.Tickets, scanTicket))
}

// DueFor returns runs that are due for longer than a time and that no host keeps to
// itself, oldest first.
func (s *Store) DueFor(ctx context.Context, longer time.Duration) (out []store.ReadyRun, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		out = nil
		now, err := t.Now()
		if err != nil {
			return err
		}
		return t.rows(`SELECT r.id, r.runner, r.hash, r.fence, r.due_at, r.begun FROM {s}run r WHERE r.due_at <= $1 AND r.owner = '' AND `+mayBegin+` ORDER BY r.due_at LIMIT 1000`,
			args{now - micro(longer)}, func(rows Rows) error {
				r, err := scanReady(rows)
				out = append(out, r)
				return err
			})
	})
	return out, err
}

// allowedAnew makes runs begin anew that are dead because the bounds of a service didn't allow
// what they were to write, and whose ticket wasn't tried under this hash. They keep their
// effects: what they have written isn't written again.
func (t *Tx) allowedAnew(runner, hash string, now int64) (int, error) {
	ids, err := t.texts(`SELECT r.id FROM {s}run r WHERE r.state = 'ended' AND r.outcome = 'dead' AND r.reason = '`+store.ReasonAllow+`'
		AND r.id IN (SELECT t.last_run FROM {s}ticket t WHERE t.runner = $1 AND t.standing IN ('aside', 'dead')
			AND t.standing = 'dead' AND t.cause = '`+store.CauseAllow+`' AND t.hashes NOT LIKE $2)
		LIMIT 500 {lock}`, runner, `%"`+hash+`"%`)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := errors.Join(t.takesBack(id), t.forget(id)); err != nil {
			return 0, err
		}
		if err := t.rows(`UPDATE {s}run SET state = 'waiting', reason = 'aside', outcome = '', cause = '', attempts = 0, deaths = 0, ended_at = 0,
			hash = $1, parked = 1, begun = 1, may_try = 0, due_at = $2, due_from = $2
			WHERE id = $3 RETURNING id, runner, hash, fence, due_at, begun`, args{hash, now, id}, t.becomesReady); err != nil {
			return 0, err
		}
	}
	// Of some the run was deleted long ago.
	return len(ids), t.later(`UPDATE {s}ticket SET standing = '', attempts = 0, due_at = 0, hashes = '', cause = '', note = '', changed = $1
		WHERE runner = $2 AND standing IN ('aside', 'dead') AND standing = 'dead' AND cause = '`+store.CauseAllow+`' AND run = ''
		AND hashes NOT LIKE $3 AND NOT EXISTS (SELECT 1 FROM {s}run r WHERE r.id = last_run)`, now, runner, `%"`+hash+`"%`)
}

// Adopt implements [store.Store].
func (s *Store) Adopt(ctx context.Context, host, runner, hash string) (runs int, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		runs = 0
		if err := t.alive(host); err != nil {
			return err
		}
		now, err := t.Now()
		if err != nil {
			return err
		}
		living := `EXISTS (SELECT 1 FROM {s}host_place p JOIN {s}host h ON h.id = p.host
			WHERE h.dead = 0 AND p.runner = r.runner AND p.hash = r.hash)`
		if runs, err = t.allowedAnew(runner, hash, now); err != nil {
			return err
		}
		ids, err := t.texts(`SELECT r.id FROM {s}run r WHERE r.runner = $1 AND r.hash <> $2 AND r.state IN ('ready', 'waiting')
			AND (NOT `+living+` OR r.state = 'waiting' AND r.reason IN ('aside', 'cause')
				AND NOT EXISTS (SELECT 1 FROM {s}effect e WHERE e.run = r.id AND e.state = 'done')
				AND EXISTS (SELECT 1 FROM {s}ticket t WHERE t.run = r.id AND t.run <> '' AND t.fetched = 1)
				AND NOT EXISTS (SELECT 1 FROM {s}ticket t WHERE t.run = r.id AND t.run <> '' AND t.hashes LIKE $3))
			LIMIT 500 {lock}`, runner, hash, `%"`+hash+`"%`)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := t.later(`DELETE FROM {s}step WHERE run = $1 AND step_key <> $2`, id, store.StepSaid); err != nil {
				return err
			}
			if err := t.later(`DELETE FROM {s}document WHERE run = $1`, id); err != nil {
				return err
			}
			// What waits for a request that may be at work goes on waiting.
			if err := t.rows(`UPDATE {s}run SET hash = $1, parked = 1, begun = 1,
				due_at = CASE WHEN reason = 'until' THEN due_at ELSE $2 END, due_from = $2
				WHERE id = $3 RETURNING id, runner, hash, fence, due_at, begun`, args{hash, now, id}, t.becomesReady); err != nil {
				return err
			}
			runs++
		}
		return nil
	})
	return runs, err
}
