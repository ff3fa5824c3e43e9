package sqlstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// inDoubt are effects of which, once their run has ended, only a person knows whether they were
// carried out. What else has no outcome is looked for at the ticket when its run goes on.
const inDoubt = `state = 'intent' AND operation IN ('` + store.OpOnce + `', '` + store.OpCreate + `')`

// Runs implements [store.Store].
func (s *Store) Runs(ctx context.Context, f store.Filter) (out []store.Run, err error) {
	var w where
	w.oneOf("r.state", texts(f.States))
	w.oneOf("r.outcome", texts(f.Outcomes))
	w.equal("r.runner", f.Runner)
	w.equal("r.place", f.Place)
	if f.Parent != "" {
		w.and("r.parent <> '' AND r.parent = $?", f.Parent)
	}
	w.equal("r.reason", f.Reason)
	if f.InDoubt {
		w.and(`r.state = 'ended' AND r.id IN (SELECT run FROM {s}effect WHERE ` + inDoubt + `)`)
	}
	if f.OwnEnd {
		w.and(`NOT (r.outcome = '` + string(store.Left) + `' AND EXISTS (SELECT 1 FROM {s}run item WHERE item.parent <> '' AND item.parent = r.id))`)
	}
	if f.Ticket != "" {
		w.and(`r.id IN (SELECT run FROM {s}ticket WHERE ticket = $? UNION SELECT last_run FROM {s}ticket WHERE ticket = $?
			UNION SELECT run FROM {s}effect WHERE ticket = $?)`, f.Ticket, f.Ticket, f.Ticket)
	}
	if f.After != "" {
		w.and(`EXISTS (SELECT 1 FROM {s}run a WHERE a.id = $? AND (r.created < a.created OR r.created = a.created AND r.id < a.id))`, f.After)
	}
	err = s.db.Read(ctx, func(t *Tx) error {
		if out, err = t.runs(w.String()+` ORDER BY r.created DESC, r.id DESC`+limit(f.Limit), w.args...); err != nil {
			return err
		}
		for i := range out {
			if out[i].Tickets, err = t.texts(`SELECT ticket FROM {s}ticket WHERE run = $1 AND run <> '' ORDER BY ticket`, out[i].ID); err != nil {
				return err
			}
			if len(out[i].Tickets) > 0 {
				continue
			}
			if out[i].Tickets, err = t.texts(`SELECT ticket FROM {s}ticket WHERE last_run = $1 AND last_run <> '' ORDER BY ticket`, out[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// Counts implements [store.Store].
func (s *Store) Counts(ctx context.Context) (c store.Counts, err error) {
	c = store.Counts{
		Runs: make(map[store.State]int), Standings: make(map[store.Standing]int),
		Runners: make(map[string]map[store.Standing]int), Waiting: make(map[string]int),
	}
	err = s.db.Read(ctx, func(t *Tx) error {
		// Items that wait for a worker of the process that has made them are to be taken still.
		if err := t.rows(`SELECT CASE WHEN state = 'running' AND at_work = '' AND item IS NOT NULL THEN 'ready' ELSE state END, CASE WHEN state = 'waiting' THEN CASE WHEN reason = 'aside' AND attempts = 0 THEN 'asked' ELSE reason END ELSE '' END, count(*) FROM {s}run GROUP BY 1, 2`, nil, func(rows Rows) error {
			var state, reason string
			var n int64
			err := rows.Scan(&state, &reason, &n)
			c.Runs[store.State(state)] += int(n)
			if reason != "" {
				c.Waiting[reason] += int(n)
			}
			return err
		}); err != nil {
			return err
		}
		var open int64
		if _, err := t.row(`SELECT count(*) FROM {s}effect WHERE state = 'intent'`, nil, &open); err != nil {
			return err
		}
		c.Open = int(open)
		var due int64
		if _, err := t.row(`SELECT coalesce(min(due_at), 0) FROM {s}run WHERE due_at > 0`, nil, &due); err != nil {
			return err
		}
		now, err := t.Now()
		if err != nil {
			return err
		}
		if due > 0 {
			c.Overdue = max(0, time.Duration(now-due)*time.Microsecond)
		}
		return t.rows(`SELECT runner, standing, count(*) FROM {s}ticket WHERE standing <> '' GROUP BY 1, 2`, nil, func(rows Rows) error {
			var runner, standing string
			var n int64
			err := rows.Scan(&runner, &standing, &n)
			if c.Runners[runner] == nil {
				c.Runners[runner] = make(map[store.Standing]int)
			}
			c.Runners[runner][store.Standing(standing)] += int(n)
			c.Standings[store.Standing(standing)] += int(n)
			return err
		})
	})
	return c, err
}

// Progress implements [store.Store].
func (s *Store) Progress(ctx context.Context, prefix string) (p store.Progress, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		var all, ended, held int64
		_, err := t.row(`SELECT count(*), count(CASE WHEN state = 'ended' THEN 1 END),
			count(CASE WHEN state = 'waiting' AND reason IN ('aside', 'cause', 'unreadable') THEN 1 END)
			FROM {s}run WHERE substr(id, 1, length($1)) = $1`, args{prefix}, &all, &ended, &held)
		p = store.Progress{All: int(all), Ended: int(ended), Held: int(held)}
		return err
	})
	return p, err
}

// Retry implements [store.Store].
func (s *Store) Retry(ctx context.Context, a store.RequestArgs) (n int, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) (err error) {
		if _, err := t.Now(); err != nil {
			return err
		}
		if a.Handled {
			n, err = t.freeTickets(a, `standing = 'handled'`)
			return err
		}
		n, err = t.retry(a)
		return err
	})
	return n, err
}

func (t *Tx) retry(a store.RequestArgs) (int, error) {
	var w where
	w.and(`(r.state = 'waiting' AND r.reason <> 'until' OR r.state = 'ended' AND r.outcome = 'dead')`)
	w.oneOf("r.id", a.Runs)
	w.equal("r.runner", a.Runner)
	w.equal("r.cause", a.Cause)
	if len(a.Tickets) > 0 {
		list := toJSON(a.Tickets)
		w.and(`r.id IN (SELECT run FROM {s}ticket WHERE ticket IN ({list}($?)) UNION
			SELECT last_run FROM {s}ticket WHERE ticket IN ({list}($?)))`, list, list)
	}
	if len(w.conditions) == 1 && !a.All {
		return 0, nil
	}
	if len(a.Runs)+len(a.Tickets) == 0 {
		// What is in doubt is done again only where a person means that one.
		w.and(`NOT (r.state = 'ended' AND EXISTS (SELECT 1 FROM {s}effect e WHERE e.run = r.id AND ` + inDoubt + `))`)
	}
	ids, err := t.texts(`SELECT r.id FROM {s}run r `+w.String()+` {lock}`, w.args...)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := t.retryRun(id, a.SkipStep && slices.Contains(a.Runs, id)); err != nil {
			return 0, err
		}
	}
	if err := t.openCauses(a); err != nil {
		return 0, err
	}
	if len(a.Runs) > 0 || a.Cause != "" {
		return len(ids), nil
	}
	standing := `standing IN ('aside', 'dead')`
	if len(a.Tickets) > 0 {
		standing = `standing <> ''`
	}
	free, err := t.freeTickets(a, standing)
	return len(ids) + free, err
}

// retryRun makes a run due with all its attempts before it, also one that had died.
func (t *Tx) retryRun(id string, skip bool) error {
	if skip {
		if _, err := t.exec(`UPDATE {s}effect SET state = 'closed', changed = $1 WHERE run = $2 AND state = 'intent'
			AND operation IN ('once', 'create')`, t.now, id); err != nil {
			return err
		}
	}
	if err := t.takesBack(id); err != nil {
		return err
	}
	return t.rows(`UPDATE {s}run SET state = 'waiting', outcome = '', attempts = 0, deaths = 0, ended_at = 0, due_at = $1,
		due_from = $1, may_try = 1, begun = 1, reason = CASE WHEN state = 'ended' THEN 'aside' ELSE reason END
		WHERE id = $2 RETURNING id, runner, hash, fence, due_at, begun`, args{t.now, id}, t.becomesReady)
}

// takesBack gives a dead run the tickets again that stand as dead by it.
func (t *Tx) takesBack(run string) error {
	return t.later(`UPDATE {s}ticket SET run = $1, fetched = 1 WHERE last_run = $1 AND last_run <> '' AND run = '' AND standing = 'dead'`, run)
}

// openCauses lets all try at once that a person says is put right.
func (t *Tx) openCauses(a store.RequestArgs) error {
	if a.Cause == "" && !a.All && a.Runner == "" || len(a.Runs)+len(a.Tickets) > 0 {
		return nil
	}
	var w where
	w.equal("name", a.Cause)
	w.equal("runner", a.Runner)
	names, err := t.texts(`SELECT name FROM {s}cause `+w.String(), w.args...)
	if err != nil {
		return err
	}
	_, err = t.succeeded(names)
	return err
}

// freeTickets forgets standings of tickets that no run holds.
func (t *Tx) freeTickets(a store.RequestArgs, standing string) (int, error) {
	w := where{args: []any{t.now}}
	w.and(`run = ''`)
	w.and(standing)
	w.equal("runner", a.Runner)
	w.oneOf("ticket", a.Tickets)
	w.oneOf("last_run", a.Runs)
	n, err := t.exec(`UPDATE {s}ticket SET standing = '', attempts = 0, due_at = 0, hashes = '', cause = '', note = '',
		freed = '', suggestion = '', changed = $1 `+w.String(), w.args...)
	return int(n), err
}

// Cancel implements [store.Store].
func (s *Store) Cancel(ctx context.Context, run, verb string, decide func(store.Loaded) []store.Decision) (r store.Run, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		runs, err := t.runs(`WHERE r.id = $1 {lock}`, run)
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return missing("run", run)
		}
		r = runs[0]
		if r.State == store.Ended && r.Outcome != store.Dead || r.State == store.Running && verb == store.VerbDrop {
			return nil
		}
		var one int64
		inDoubt, err := t.row(`SELECT 1 FROM {s}effect WHERE run = $1 AND state = 'intent' AND begun > 0 LIMIT 1`, args{run}, &one)
		if err != nil {
			return err
		}
		switch {
		case r.State == store.Running:
			_, err = t.exec(`UPDATE {s}run SET cancel = $1 WHERE id = $2`, verb, run)
		case inDoubt && r.State != store.Ended && verb != store.VerbDrop:
			// Its host looks for the outcome first.
			err = t.rows(`UPDATE {s}run SET cancel = $1, due_at = CASE WHEN reason = 'until' THEN due_at ELSE $2 END
				WHERE id = $3 RETURNING id, runner, hash, fence, due_at, begun`, args{verb, now, run}, t.becomesReady)
		default:
			err = t.cancelNow(r, verb, decide)
		}
		if err != nil {
			return err
		}
		runs, err = t.runs(`WHERE r.id = $1`, run)
		if err == nil {
			r = runs[0]
		}
		return err
	})
	return r, err
}

func (t *Tx) cancelNow(r store.Run, verb string, decide func(store.Loaded) []store.Decision) error {
	run := r.ID
	if decide != nil {
		l := store.Loaded{Run: r}
		if err := errors.Join(t.loadOf(run, &l, r.State == store.Ended), t.flush()); err != nil {
			return err
		}
		if err := t.putDecisions(run, decide(l)); err != nil {
			return err
		}
	}
	stands := store.Ticket{Standing: store.Handled, Note: "canceled by a person"}
	if verb == store.VerbDrop {
		done, err := t.hasDone(run)
		if err != nil {
			return err
		}
		if stands.Note = ""; !done {
			stands.Standing = store.Free
		}
	}
	if _, err := t.exec(`UPDATE {s}effect SET state = 'closed', changed = $1 WHERE run = $2 AND state = 'intent'`, t.now, run); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE {s}ticket SET standing = $2, due_at = 0, note = $3
		WHERE run = $1 AND run <> '' AND fetched = 1 OR last_run = $1 AND last_run <> '' AND standing = 'dead' AND run = ''`, run, string(stands.Standing), stands.Note); err != nil {
		return err
	}
	return t.end(store.Held{Run: run, Host: r.Owner, Fence: r.Fence}, r.Parent, store.End{State: store.Ended, Outcome: store.Canceled})
}

// Ask implements [store.Store].
func (s *Store) Ask(ctx context.Context, r store.Request) (id int64, err error) {
	err = s.db.Write(ctx, true, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		_, err = t.row(`INSERT INTO {s}request (verb, args, created, answer, answered) VALUES ($1, $2, $3, '', 0) RETURNING id`,
			args{r.Verb, blob(r.Args), now}, &id)
		return err
	})
	return id, err
}

// Requests implements [store.Store].
func (s *Store) Requests(ctx context.Context) (out []store.Request, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.requests(`WHERE answered = 0 ORDER BY id`)
		return err
	})
	return out, err
}

// Asked implements [store.Store].
func (s *Store) Asked(ctx context.Context, id int64) (r store.Request, ok bool, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		found, err := t.requests(`WHERE id = $1`, id)
		if len(found) == 1 {
			r, ok = found[0], true
		}
		return err
	})
	return r, ok, err
}

func (t *Tx) requests(where string, a ...any) (out []store.Request, err error) {
	err = t.rows(`SELECT id, verb, args, created, answer FROM {s}request `+where, a, func(rows Rows) error {
		var r store.Request
		err := rows.Scan(&r.ID, &r.Verb, &r.Args, &r.Created, &r.Answer)
		out = append(out, r)
		return err
	})
	return out, err
}

// Answer implements [store.Store].
func (s *Store) Answer(ctx context.Context, id int64, answer string) error {
	return s.db.Write(ctx, false, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE {s}request SET answer = $1, answered = $2 WHERE id = $3`, answer, now, id)
		return err
	})
}
