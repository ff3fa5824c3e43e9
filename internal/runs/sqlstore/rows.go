package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const runColumns = `r.id, r.runner, r.place, r.hash, r.parent, r.item_key, r.state, r.outcome, r.reason, r.cause,
	r.attempts, r.deaths, r.at_work, r.owner, r.fence, coalesce(r.due_at, 0), r.begun, r.may_try, r.parked,
	r.cancel, r.item, r.err, r.created, r.ended_at`

func scanRun(rows Rows) (r store.Run, err error) {
	var attempts, deaths, begun, try, parked int64
	var state, outcome string
	err = rows.Scan(&r.ID, &r.Runner, &r.Place, &r.Hash, &r.Parent, &r.Key, &state, &outcome, &r.Reason, &r.Cause,
		&attempts, &deaths, &r.AtWork, &r.Owner, &r.Fence, &r.DueAt, &begun, &try, &parked,
		&r.Cancel, &r.Item, &r.Err, &r.Created, &r.EndedAt)
	r.State, r.Outcome = store.State(state), store.Outcome(outcome)
	r.Attempts, r.Deaths, r.Begun, r.Try, r.Parked = int(attempts), int(deaths), begun == 1, try == 1, parked == 1
	return r, err
}

func (t *Tx) runs(where string, a ...any) (out []store.Run, err error) {
	err = t.rows(selectRuns+where, a, into(&out, scanRun))
	return out, err
}

const selectRuns = `SELECT ` + runColumns + ` FROM {s}run r `

const insertRun = `INSERT INTO {s}run (id, runner, place, hash, parent, item_key, state, outcome, reason, cause,
	attempts, deaths, at_work, owner, fence, due_at, due_from, begun, may_try, tried, parked, cancel, item, err,
	created, ended_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, '', $9, 0, $10, $11, $12, $13, $14, $15, 0, 0, $16, '', $17, '', $14, 0)
	ON CONFLICT (id) DO NOTHING`

// insertRun stores a run that is new. An item whose host has it from its beginning may wait
// for a worker there: it has begun with its first step.
func (t *Tx) insertRun(r *store.Run, state store.State, owner string, fence int64) error {
	now, err := t.Now()
	if err != nil {
		return err
	}
	var due any
	if state != store.Running {
		due = now
		if r.DueAt > now {
			due = r.DueAt
		}
	}
	return t.later(insertRun, r.ID, r.Runner, r.Place, r.Hash, r.Parent, r.Key, string(state), r.Reason,
		int64(r.Attempts), r.AtWork, owner, fence, due, now, number(state == store.Running && r.Item == nil || r.Begun),
		number(r.Parked), blob(r.Item))
}

const ticketColumns = `t.runner, t.system, t.ticket, t.run, t.working, t.fetched, t.standing, t.hashes, t.last_run,
	t.picture, t.settled, t.cause, t.attempts, t.due_at, t.seen, t.ended_at, t.released, t.freed, t.note, t.suggestion`

func scanTicket(rows Rows) (k store.Ticket, err error) {
	var working, fetched, settled, attempts, released int64
	var standing, hashes, freed string
	err = rows.Scan(&k.Runner, &k.System, &k.Ticket, &k.Run, &working, &fetched, &standing, &hashes, &k.LastRun,
		&k.Picture, &settled, &k.Cause, &attempts, &k.DueAt, &k.Seen, &k.EndedAt, &released, &freed, &k.Note, &k.Suggestion)
	if err != nil {
		return k, err
	}
	k.Working, k.Fetched, k.Settled = working == 1, fetched == 1, settled == 1
	k.Standing, k.Attempts, k.Released = store.Standing(standing), int(attempts), int(released)
	if err := fromJSON(hashes, &k.Hashes); err != nil {
		return k, err
	}
	return k, fromJSON(freed, &k.Freed)
}

func (t *Tx) tickets(where string, a ...any) (out []store.Ticket, err error) {
	err = t.rows(selectTickets+where, a, into(&out, scanTicket))
	return out, err
}

const selectTickets = `SELECT ` + ticketColumns + ` FROM {s}ticket t `

// into collects rows.
func into[T any](out *[]T, scan func(Rows) (T, error)) func(Rows) error {
	return func(rows Rows) error {
		one, err := scan(rows)
		*out = append(*out, one)
		return err
	}
}

// putTicket inserts a ticket's row or replaces one that no run but that one holds. mark
// becomes its end if somebody worked at it until now.
func (t *Tx) putTicket(k store.Ticket, run string, mark any) error {
	last := k.LastRun
	if k.Run == "" && run != "" {
		last = run
	}
	return t.later(`INSERT INTO {s}ticket (runner, system, ticket, run, working, fetched, standing, hashes, last_run,
		picture, settled, cause, attempts, due_at, seen, ended_at, released, freed, note, changed, suggestion)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, coalesce(CAST($16 AS bigint), {nextend}),
		$17, $18, $19, coalesce(CAST($20 AS bigint), {stamp}), $22)
		ON CONFLICT (system, ticket, runner) DO UPDATE SET run = excluded.run, working = excluded.working,
		fetched = excluded.fetched, standing = excluded.standing, hashes = excluded.hashes,
		last_run = excluded.last_run, picture = excluded.picture, settled = excluded.settled,
		cause = excluded.cause, attempts = excluded.attempts, due_at = excluded.due_at,
		seen = CASE WHEN excluded.seen > ticket.seen THEN excluded.seen ELSE ticket.seen END,
		ended_at = CASE WHEN ticket.working = 1 AND excluded.working = 0 THEN excluded.ended_at ELSE ticket.ended_at END,
		released = excluded.released, freed = excluded.freed, note = excluded.note, changed = excluded.changed,
		suggestion = excluded.suggestion
		WHERE ticket.run = '' OR ticket.run = $21`,
		k.Runner, k.System, k.Ticket, k.Run, number(k.Working), number(k.Fetched), string(k.Standing), toJSON(k.Hashes),
		last, blob(k.Picture), number(k.Settled), k.Cause, int64(k.Attempts), k.DueAt, k.Seen, mark,
		int64(k.Released), toJSON(k.Freed), k.Note, t.stamp(), run, k.Suggestion)
}

func fromJSON(text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("a list in the run store: %w", err)
	}
	return nil
}

// toJSON writes a list of texts or numbers, which can't fail; none is "".
func toJSON[E string | int64](list []E) string {
	if len(list) == 0 {
		return ""
	}
	text, _ := json.Marshal(list)
	return string(text)
}
