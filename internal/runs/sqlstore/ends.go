package sqlstore

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// endRun ends a run as its owner has it, without what an item was given: one that is dead
// may need it again.
const endRun = `UPDATE {s}run AS r SET state = 'ended', outcome = $4, reason = $5, cause = $6, err = $7,
	attempts = attempts + $8, owner = '', at_work = '', deaths = 0, due_at = NULL, may_try = 0, parked = 0, cancel = '',
	ended_at = coalesce(CAST($9 AS bigint), {stamp}), item = CASE WHEN $4 = 'dead' THEN item END
	WHERE r.id = $1 AND r.owner = $2 AND r.fence = $3`

func (t *Tx) endArgs(h store.Held, e store.End) args {
	return args{h.Run, h.Host, h.Fence, string(e.Outcome), e.Reason, e.Cause, e.Err, number(e.Counts), t.stamp()}
}

// endHeld is holds and the end of the run in one. Where loops are to be asked for it ends
// the transaction, too.
func (t *Tx) endHeld(h store.Held, e store.End) error {
	return errors.Join(
		t.must(`{must}`+endRun+` AND r.state = 'running' AND r.cancel = '' {living} RETURNING 1{row}`, t.endArgs(h, e)...),
		t.lendsNothing(h.Run),
	)
}

// end ends an attempt, and with it perhaps the run.
func (t *Tx) end(h store.Held, parent string, e store.End) error {
	run := h.Run
	if e.State == store.Ended {
		if err := t.later(endRun, t.endArgs(h, e)...); err != nil {
			return err
		}
		return t.clearUp(run, parent, e.Outcome)
	}
	now, err := t.Now()
	if err != nil {
		return err
	}
	due, err := t.due(e, now)
	if err != nil {
		return err
	}
	if e.Reason == store.ReasonAside || e.Reason == store.ReasonCause || e.Reason == store.ReasonPaused {
		if err := t.letRest(run); err != nil {
			return err
		}
	}
	return t.rows(`UPDATE {s}run SET state = $1, reason = $2, cause = $3, err = $4, attempts = attempts + $5,
		owner = '', at_work = '', deaths = 0, due_at = $6, due_from = $7, begun = 1, may_try = 0, parked = $8
		WHERE id = $9 RETURNING id, runner, hash, fence, coalesce(due_at, 0), begun`,
		args{string(e.State), e.Reason, e.Cause, e.Err, number(e.Counts), due, now, number(e.Parked), run},
		func(rows Rows) error {
			if due == nil {
				_, err := scanReady(rows)
				return err
			}
			return t.becomesReady(rows)
		})
}

// due is when a run that goes on may be taken; nil: when its cause lets it.
func (t *Tx) due(e store.End, now int64) (any, error) {
	if e.Reason == store.ReasonCause && e.DueAt == 0 {
		var closed int64
		found, err := t.row(`SELECT closed FROM {s}cause WHERE name = $1`, args{e.Cause}, &closed)
		if err != nil || found && closed == 1 {
			return nil, err
		}
	}
	return max(e.DueAt, now), nil
}

// letRest: a run that is set aside holds its tickets, and works at none.
func (t *Tx) letRest(run string) error {
	mark, err := t.nextEnd()
	if err != nil {
		return err
	}
	return t.later(`UPDATE {s}ticket SET working = 0, ended_at = coalesce(CAST($1 AS bigint), {nextend}) WHERE run = $2 AND run <> '' AND working = 1`, mark, run)
}

// clearUp lets go of the tickets of a run that ends, and drops what needn't be kept.
func (t *Tx) clearUp(run, parent string, outcome store.Outcome) error {
	mark, err := t.nextEnd()
	if err != nil {
		return err
	}
	inDoubt, err := t.inDoubt(run, outcome)
	if err != nil {
		return err
	}
	if inDoubt { // else whatever frees the ticket has another run do again what may have been done
		if err := t.later(`UPDATE {s}ticket SET working = 0, last_run = $1, ended_at = coalesce(CAST($2 AS bigint), {nextend}),
			changed = coalesce(CAST($3 AS bigint), {stamp})
			WHERE run = $1 AND run <> '' AND standing = 'dead' AND fetched = 1`, run, mark, t.stamp()); err != nil {
			return err
		}
	}
	loop, err := t.keepLent(run, parent, mark)
	if err != nil {
		return err
	}
	if err := t.letGo(run, mark, inDoubt, loop); err != nil {
		return err
	}
	if outcome == store.Dead {
		done, err := t.hasDone(run)
		if err != nil || done {
			return err // a retry goes on with its results
		}
		if err := t.later(`UPDATE {s}run SET item = NULL WHERE id = $1 AND item IS NOT NULL`, run); err != nil {
			return err
		}
		return t.forget(run)
	}
	return t.dropKept(run)
}

// letGo lets go of the tickets of a run that ends, but for those that one in doubt and a
// loop keep.
func (t *Tx) letGo(run string, mark any, inDoubt, loop bool) error {
	return t.later(`UPDATE {s}ticket SET run = '', working = 0, fetched = 0, last_run = $1,
		ended_at = coalesce(CAST($2 AS bigint), {nextend}), changed = coalesce(CAST($3 AS bigint), {stamp})
		WHERE run = $1 AND run <> '' AND ($4 = 0 OR standing <> 'dead' OR fetched = 0) AND ($5 = 0 OR fetched = 0)`,
		run, mark, t.stamp(), number(inDoubt), number(loop))
}

// dropKept drops what was kept of a run for its next attempt.
func (t *Tx) dropKept(run string) error {
	if err := t.later(`UPDATE {s}effect SET intent = NULL, record = NULL,
		outcome = CASE WHEN operation = 'once' THEN NULL ELSE outcome END
		WHERE run = $1 AND state <> 'intent'`, run); err != nil {
		return err
	}
	return t.forget(run)
}

// inDoubt reports whether a run is dead because nobody knows whether it did something: it
// keeps the ticket that it concerns until a person decides.
func (t *Tx) inDoubt(run string, outcome store.Outcome) (bool, error) {
	if outcome != store.Dead {
		return false, nil
	}
	var one int64
	return t.row(`SELECT 1 FROM {s}effect WHERE run = $1 AND state = 'intent' LIMIT 1`, args{run}, &one)
}

func (t *Tx) hasDone(run string) (bool, error) {
	var one int64
	return t.row(`SELECT 1 FROM {s}effect WHERE run = $1 AND state = 'done' LIMIT 1`, args{run}, &one)
}
