package sqlstore

import (
	"context"
	"strconv"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// putDecisions stores the records of a run's end. One that says the same as the last one of
// its runner at the ticket isn't stored.
func (t *Tx) putDecisions(run string, decisions []store.Decision) error {
	for _, d := range decisions {
		if err := t.later(`INSERT INTO {s}decision (system, ticket, run, ending, runner, made, action, label, confidence, same, body)
			SELECT CAST($1 AS text), CAST($2 AS text), CAST($3 AS text),
			(SELECT coalesce(max(d.ending), 0) + 1 FROM {s}decision d WHERE d.system = $1 AND d.ticket = $2 AND d.run = $3),
			CAST($4 AS text), coalesce(CAST($5 AS bigint), {stamp}), CAST($6 AS text), CAST($7 AS text), CAST($8 AS bigint), CAST($9 AS text), CAST($10 AS {blob})
			WHERE $9 = '' OR NOT EXISTS (SELECT 1 FROM {s}decision d WHERE d.system = $1 AND d.ticket = $2 AND d.runner = $4 AND d.same = $9
				AND NOT EXISTS (SELECT 1 FROM {s}decision l WHERE l.system = $1 AND l.ticket = $2 AND l.runner = $4 AND l.made > d.made))`,
			d.System, d.Ticket, run, d.Runner, t.stamp(), d.Action, d.Label, d.Confidence, d.Same, blob(d.Body)); err != nil {
			return err
		}
	}
	return nil
}

// Decisions implements [store.Store]. Beside a process of an earlier release there are none.
func (s *Store) Decisions(ctx context.Context, f store.DecisionFilter) (out []store.Decision, err error) {
	var w where
	w.equal("d.run", f.Run)
	w.equal("d.runner", f.Runner)
	w.equal("d.system", f.System)
	w.equal("d.ticket", f.Ticket)
	w.oneOf("d.action", f.Actions)
	w.equal("d.label", f.Label)
	if f.Least != 0 {
		w.and("d.label <> '' AND d.confidence >= $?", f.Least)
	}
	if f.Most != 0 {
		w.and("d.label <> '' AND d.confidence <= $?", f.Most)
	}
	if f.Since != 0 {
		w.and("d.made >= $?", f.Since)
	}
	if f.Until != 0 {
		w.and("d.made < $?", f.Until)
	}
	comes, order := " < ", " DESC"
	if f.Oldest {
		comes, order = " > ", ""
	}
	if a := f.After; a != nil {
		w.and("(d.made, d.run, d.system, d.ticket)"+comes+"($?, $?, $?, $?)", a.Made, a.Run, a.System, a.Ticket)
	}
	err = s.db.Read(ctx, func(t *Tx) error {
		out = nil
		if version, err := t.number(metaSchema); err != nil || version < 2 {
			return err
		}
		return t.rows(`SELECT d.run, d.system, d.ticket, d.runner, d.action, d.label, d.confidence, d.same, d.ending, d.made, d.body
			FROM {s}decision d `+w.String()+` ORDER BY d.made`+order+`, d.run`+order+`, d.system`+order+`, d.ticket`+order+limit(f.Limit),
			w.args, into(&out, scanDecision))
	})
	return out, err
}

func scanDecision(rows Rows) (d store.Decision, err error) {
	var end int64
	err = rows.Scan(&d.Run, &d.System, &d.Ticket, &d.Runner, &d.Action, &d.Label, &d.Confidence, &d.Same, &end, &d.Made, &d.Body)
	d.End = int(end)
	return d, err
}

// CleanDecisions implements [store.Store].
func (s *Store) CleanDecisions(ctx context.Context, before int64, batch int) (n int, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		many, err := t.exec(`DELETE FROM {s}decision WHERE (system, ticket, run, ending) IN (SELECT system, ticket, run, ending FROM {s}decision
			WHERE made < $1 ORDER BY made LIMIT `+strconv.Itoa(batch)+`)`, before)
		n = int(many)
		return err
	})
	return n, err
}
