// Package late keeps the store of runs, and the engine on it, behind one value that stays:
// a worker that takes the place of another has its services before it has the store, and
// one that gave the store back may get it again.
package late

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Store is the store of the gate. Before it is open nothing can be kept.
type Store struct{ now atomic.Pointer[store.Store] }

var _ gate.Store = (*Store)(nil)

var errNotOpen = fmt.Errorf("%w: it is not open yet", store.ErrUnavailable)

// Use has all that follows asked of s.
func (l *Store) Use(s store.Store) { l.now.Store(&s) }

// ask asks the open store.
func ask[T any](l *Store, f func(store.Store) (T, error)) (none T, err error) {
	s := l.now.Load()
	if s == nil {
		return none, errNotOpen
	}
	return f(*s)
}

func (l *Store) tell(f func(store.Store) error) error {
	_, err := ask(l, func(s store.Store) (struct{}, error) { return struct{}{}, f(s) })
	return err
}

func (l *Store) Mark(ctx context.Context) (store.Mark, error) {
	return ask(l, func(s store.Store) (store.Mark, error) { return s.Mark(ctx) })
}

func (l *Store) Now(ctx context.Context) (int64, error) {
	return ask(l, func(s store.Store) (int64, error) { return s.Now(ctx) })
}

func (l *Store) Passed(ctx context.Context, runner, system string) (int, error) {
	return ask(l, func(s store.Store) (int, error) { return s.Passed(ctx, runner, system) })
}

func (l *Store) Tickets(ctx context.Context, runner, system string, ids []string) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.Tickets(ctx, runner, system, ids) })
}

func (l *Store) PutTickets(ctx context.Context, ts []store.Ticket) error {
	return l.tell(func(s store.Store) error { return s.PutTickets(ctx, ts) })
}

func (l *Store) Stale(ctx context.Context, runner, system string, seenBefore int64, limit int) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.Stale(ctx, runner, system, seenBefore, limit) })
}

func (l *Store) Forget(ctx context.Context, runner, system string, tickets []string, seenBefore int64) error {
	return l.tell(func(s store.Store) error { return s.Forget(ctx, runner, system, tickets, seenBefore) })
}

func (l *Store) OwnEffects(ctx context.Context, system, ticket string, since int64) ([]store.Effect, error) {
	return ask(l, func(s store.Store) ([]store.Effect, error) { return s.OwnEffects(ctx, system, ticket, since) })
}

func (l *Store) TicketsBy(ctx context.Context, f store.TicketFilter) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.TicketsBy(ctx, f) })
}

func (l *Store) Closed(ctx context.Context) ([]string, error) {
	return ask(l, func(s store.Store) ([]string, error) { return s.Closed(ctx) })
}

func (l *Store) Value(ctx context.Context, key string) (value string, ok bool, err error) {
	err = l.tell(func(s store.Store) (err error) {
		value, ok, err = s.Value(ctx, key)
		return err
	})
	return value, ok, err
}

func (l *Store) SetValue(ctx context.Context, key, value string) error {
	return l.tell(func(s store.Store) error { return s.SetValue(ctx, key, value) })
}

// Runs are the runs of the orchestrator: those of the engine that has the store now.
type Runs struct {
	now    atomic.Pointer[runs.Engine]
	Opened func() // if set, is called each time that they are
}

// Use has all that follows asked of e.
func (l *Runs) Use(e *runs.Engine) { l.now.Store(e) }

var _ interface {
	orchestrator.Runs
	orchestrator.Pauser
	orchestrator.Slots
	orchestrator.Longs
} = (*Runs)(nil)

func (l *Runs) Open(ctx context.Context, places []*orchestrator.Place) error {
	err := l.now.Load().Open(ctx, places)
	if err == nil && l.Opened != nil {
		l.Opened()
	}
	return err
}

func (l *Runs) Begin(p *orchestrator.Place, claimed func()) orchestrator.Run {
	return l.now.Load().Begin(p, claimed)
}

func (l *Runs) Next(ctx context.Context, p *orchestrator.Place) (orchestrator.Run, bool, error) {
	return l.now.Load().Next(ctx, p)
}

func (l *Runs) Soon(ctx context.Context, p *orchestrator.Place) (bool, error) {
	return l.now.Load().Soon(ctx, p)
}

func (l *Runs) Ready(p *orchestrator.Place) <-chan struct{} { return l.now.Load().Ready(p) }

func (l *Runs) Paused(p *orchestrator.Place) bool { return l.now.Load().Paused(p) }

func (l *Runs) Fire(ctx context.Context, p *orchestrator.Place, interval time.Duration) (mine bool, ended func(), err error) {
	return l.now.Load().Fire(ctx, p, interval)
}

func (l *Runs) KeepLong(ctx context.Context, calls []orchestrator.LongCall) {
	l.now.Load().KeepLong(ctx, calls)
}
