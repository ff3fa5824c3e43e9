package sqlstore

import (
	"context"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// mostPassed bounds what a search asks for beyond its limit.
const mostPassed = 500

// Passed implements [store.Store].
func (s *Store) Passed(ctx context.Context, runner, system string) (n int, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		var many int64
		_, err := t.row(`SELECT count(*) FROM (SELECT 1 FROM {s}ticket WHERE runner = $1 AND system = $2 AND standing <> ''
			LIMIT `+strconv.Itoa(mostPassed)+`) AS passed`, args{runner, system}, &many)
		n = int(many)
		return err
	})
	return n, err
}

// Tickets implements [store.Store].
func (s *Store) Tickets(ctx context.Context, runner, system string, ids []string) (out []store.Ticket, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.tickets(`WHERE t.runner = $1 AND t.system = $2 AND t.ticket IN ({list}($3))`, runner, system, toJSON(ids))
		return err
	})
	return out, err
}

// Stale implements [store.Store].
func (s *Store) Stale(ctx context.Context, runner, system string, seenBefore int64, limit int) (out []store.Ticket, err error) {
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.tickets(`WHERE t.runner = $1 AND t.system = $2 AND t.standing <> '' AND t.run = '' AND t.seen < $3
			ORDER BY t.seen LIMIT `+strconv.Itoa(limit), runner, system, seenBefore)
		return err
	})
	return out, err
}

// Forget implements [store.Store].
func (s *Store) Forget(ctx context.Context, runner, system string, tickets []string, seenBefore int64) error {
	return s.db.Write(ctx, false, func(t *Tx) error {
		now, err := t.Now()
		if err != nil {
			return err
		}
		_, err = t.exec(`UPDATE {s}ticket SET standing = '', attempts = 0, due_at = 0, hashes = '', cause = '', note = '', freed = '',
			picture = NULL, settled = 0, released = 0, suggestion = '', changed = $1
			WHERE runner = $2 AND system = $3 AND run = '' AND seen < $4 AND ticket IN ({list}($5))`, now, runner, system, seenBefore, toJSON(tickets))
		return err
	})
}

// PutTickets implements [store.Store].
func (s *Store) PutTickets(ctx context.Context, tickets []store.Ticket) error {
	return s.db.Write(ctx, false, func(t *Tx) error {
		for _, k := range tickets {
			k.Run, k.Working, k.Fetched = "", false, false
			if err := t.putTicket(k, "", k.EndedAt); err != nil {
				return err
			}
		}
		return nil
	})
}

// TicketsBy implements [store.Store].
func (s *Store) TicketsBy(ctx context.Context, f store.TicketFilter) (out []store.Ticket, err error) {
	var w where
	w.equal("t.runner", f.Runner)
	w.equal("t.system", f.System)
	w.equal("t.ticket", f.Ticket)
	if f.Refused {
		w.and("t.standing IN ('aside', 'dead')")
	}
	w.oneOf("t.standing", texts(f.Standings))
	if f.Noted {
		w.and("t.note <> ''")
	}
	err = s.db.ReadOne(ctx, func(t *Tx) error {
		out, err = t.tickets(w.String()+` ORDER BY CASE WHEN t.due_at = 0 THEN 1 ELSE 0 END, t.due_at, t.system, t.ticket, t.runner`+
			limit(f.Limit), w.args...)
		return err
	})
	return out, err
}

// where collects conditions.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, a ...any) {
	for _, arg := range a {
		w.args = append(w.args, arg)
		condition = strings.Replace(condition, "$?", "$"+strconv.Itoa(len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

func (w *where) equal(column, text string) {
	if text != "" {
		w.and(column+" = $?", text)
	}
}

func (w *where) oneOf(column string, list []string) {
	if len(list) > 0 {
		w.and(column+" IN ({list}($?))", toJSON(list))
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.conditions, " AND ")
}

func limit(n int) string {
	if n <= 0 {
		return ""
	}
	return " LIMIT " + strconv.Itoa(n)
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}
