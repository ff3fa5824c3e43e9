package sqlstore

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// closes is how many different tickets close a cause.
const closes = 3

// causePause is how long a closed cause waits between tries, for all hosts together.
var causePause = micro(time.Minute)

// refused counts a ticket at its cause.
func (t *Tx) refused(r store.Rejection) (*store.Cause, error) {
	runner := r.Runner
	if _, err := t.exec(`INSERT INTO {s}cause (name, runner, label, tickets, closed, next_try, since)
		VALUES ($1, $2, $3, 0, 0, 0, $4) ON CONFLICT (name) DO NOTHING`, r.Cause, runner, r.Label, t.now); err != nil {
		return nil, err
	}
	c, err := t.cause(r.Cause, `{lock}`)
	if err != nil || c.Closed {
		return c, err
	}
	n, err := t.exec(`INSERT INTO {s}cause_ticket (cause, ticket) VALUES ($1, $2) ON CONFLICT (cause, ticket) DO NOTHING`, r.Cause, r.Ticket)
	if err != nil || n == 0 {
		return c, err
	}
	c.Tickets++
	if c.Tickets >= closes {
		c.Closed, c.Logged, c.NextTry = true, false, t.now+causePause
	}
	_, err = t.exec(`UPDATE {s}cause SET tickets = $1, closed = $2, next_try = $3 WHERE name = $4`,
		int64(c.Tickets), number(c.Closed), c.NextTry, r.Cause)
	return c, err
}

func (t *Tx) cause(name, lock string) (*store.Cause, error) {
	c := store.Cause{Key: name, Logged: true}
	var tickets, closed int64
	found, err := t.row(`SELECT runner, label, tickets, closed, next_try, since FROM {s}cause WHERE name = $1 `+lock,
		args{name}, &c.Runner, &c.Label, &tickets, &closed, &c.NextTry, &c.Since)
	c.Tickets, c.Closed = int(tickets), closed == 1
	if err == nil && !found {
		err = missing("cause", name)
	}
	return &c, err
}

// succeeded opens causes: what waits for them is due. It returns one that was counted.
func (t *Tx) succeeded(names []string) (*store.Cause, error) {
	if len(names) == 0 {
		return nil, nil
	}
	counted, err := t.texts(`SELECT name FROM {s}cause WHERE name IN ({list}($1))`, toJSON(names))
	if err != nil || len(counted) == 0 { // as nearly always
		return nil, err
	}
	for _, name := range counted {
		if err := t.open(name); err != nil {
			return nil, err
		}
	}
	return &store.Cause{Key: counted[0]}, nil
}

func (t *Tx) open(name string) error {
	n, err := t.exec(`DELETE FROM {s}cause WHERE name = $1`, name)
	if err != nil || n == 0 {
		return err
	}
	if _, err := t.exec(`DELETE FROM {s}cause_ticket WHERE cause = $1`, name); err != nil {
		return err
	}
	// Those that have been refused go behind the others: they may close the cause again, which
	// would keep the others waiting.
	return t.rows(`UPDATE {s}run SET due_at = CAST($1 AS bigint) - CASE WHEN attempts = 0 AND tried = 0 THEN 1 ELSE 0 END, due_from = $1
		WHERE cause = $2 AND state = 'waiting' AND reason = 'cause'
		RETURNING id, runner, hash, fence, due_at, begun`, args{t.now, name}, t.becomesReady)
}

// Causes implements [store.Store].
func (s *Store) Causes(ctx context.Context) (out []store.Cause, err error) {
	err = s.db.Read(ctx, func(t *Tx) error {
		out = nil
		return t.rows(`SELECT c.name, c.runner, c.label, c.tickets, c.next_try, c.since, (SELECT count(*) FROM {s}run r
			WHERE r.cause = c.name AND r.state = 'waiting') FROM {s}cause c WHERE c.closed = 1 ORDER BY c.since, c.name`, nil,
			func(rows Rows) error {
				c := store.Cause{Closed: true, Logged: true}
				var tickets, waiting int64
				err := rows.Scan(&c.Key, &c.Runner, &c.Label, &tickets, &c.NextTry, &c.Since, &waiting)
				c.Tickets, c.Waiting = int(tickets), int(waiting)
				out = append(out, c)
				return err
			})
	})
	return out, err
}

// Closed implements [store.Store].
func (s *Store) Closed(ctx context.Context) (keys []string, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		keys, err = t.texts(`SELECT name FROM {s}cause WHERE closed = 1`)
		return err
	})
	return keys, err
}

// TryCause implements [store.Store].
func (s *Store) TryCause(ctx context.Context, key string) (tries bool, err error) {
	err = s.db.Write(ctx, false, func(t *Tx) error {
		tries = false
		now, err := t.Now()
		if err != nil {
			return err
		}
		// First those that haven't tried, then the one whose try is longest ago. Of the first
		// the latest: those that closed the cause came before those that only wait.
		var id string
		found, err := t.row(`SELECT r.id FROM {s}run r WHERE r.cause = $1 AND r.state = 'waiting' AND r.reason = 'cause' AND `+mayBegin+`
			ORDER BY r.tried, r.created DESC, r.id DESC LIMIT 1`, args{key}, &id)
		if err != nil || !found {
			return err
		}
		n, err := t.exec(`UPDATE {s}cause SET next_try = $1 WHERE name = $2 AND closed = 1 AND next_try <= $3`, now+causePause, key, now)
		if err != nil || n == 0 {
			return err
		}
		tries = true
		return t.rows(`UPDATE {s}run SET due_at = $1, due_from = $1, tried = $1, may_try = 1 WHERE id = $2
			RETURNING id, runner, hash, fence, due_at, begun`, args{now, id}, t.becomesReady)
	})
	return tries, err
}
