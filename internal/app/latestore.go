package app

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

// A worker that takes the place of another has its services before it has the store, and one
// that gave the store back may get it again. What they are built on stays; the store below changes.

// lateStore is the store of the gate. Before it is open nothing can be kept.
type lateStore struct{ now atomic.Pointer[store.Store] }

var _ gate.Store = (*lateStore)(nil)

var errNotOpen = fmt.Errorf("%w: it is not open yet", store.ErrUnavailable)

func (l *lateStore) open(s store.Store) { l.now.Store(&s) }

// ask asks the open store.
func ask[T any](l *lateStore, f func(store.Store) (T, error)) (none T, err error) {
	s := l.now.Load()
	if s == nil {
		return none, errNotOpen
	}
	return f(*s)
}

func (l *lateStore) tell(f func(store.Store) error) error {
	_, err := ask(l, func(s store.Store) (struct{}, error) { return struct{}{}, f(s) })
	return err
}

func (l *lateStore) Mark(ctx context.Context) (store.Mark, error) {
	return ask(l, func(s store.Store) (store.Mark, error) { return s.Mark(ctx) })
}

func (l *lateStore) Now(ctx context.Context) (int64, error) {
	return ask(l, func(s store.Store) (int64, error) { return s.Now(ctx) })
}

func (l *lateStore) Passed(ctx context.Context, runner, system string) (int, error) {
	return ask(l, func(s store.Store) (int, error) { return s.Passed(ctx, runner, system) })
}

func (l *lateStore) Tickets(ctx context.Context, runner, system string, ids []string) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.Tickets(ctx, runner, system, ids) })
}

func (l *lateStore) PutTickets(ctx context.Context, ts []store.Ticket) error {
	return l.tell(func(s store.Store) error { return s.PutTickets(ctx, ts) })
}

func (l *lateStore) Stale(ctx context.Context, runner, system string, seenBefore int64, limit int) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.Stale(ctx, runner, system, seenBefore, limit) })
}

func (l *lateStore) Forget(ctx context.Context, runner, system string, tickets []string, seenBefore int64) error {
	return l.tell(func(s store.Store) error { return s.Forget(ctx, runner, system, tickets, seenBefore) })
}

func (l *lateStore) OwnEffects(ctx context.Context, system, ticket string, since int64) ([]store.Effect, error) {
	return ask(l, func(s store.Store) ([]store.Effect, error) { return s.OwnEffects(ctx, system, ticket, since) })
}

func (l *lateStore) TicketsBy(ctx context.Context, f store.TicketFilter) ([]store.Ticket, error) {
	return ask(l, func(s store.Store) ([]store.Ticket, error) { return s.TicketsBy(ctx, f) })
}

func (l *lateStore) Closed(ctx context.Context) ([]string, error) {
	return ask(l, func(s store.Store) ([]string, error) { return s.Closed(ctx) })
}

func (l *lateStore) Value(ctx context.Context, key string) (value string, ok bool, err error) {
	err = l.tell(func(s store.Store) (err error) {
		value, ok, err = s.Value(ctx, key)
		return err
	})
	return value, ok, err
}

func (l *lateStore) SetValue(ctx context.Context, key, value string) error {
	return l.tell(func(s store.Store) error { return s.SetValue(ctx, key, value) })
}

// lateRuns are the runs of the orchestrator: those of the engine that has the store now.
type lateRuns struct {
	now    atomic.Pointer[runs.Engine]
	opened func() // is called each time that they are
}

var _ interface {
	orchestrator.Runs
	orchestrator.Pauser
	orchestrator.Slots
	orchestrator.Longs
} = (*lateRuns)(nil)

func (l *lateRuns) Open(ctx context.Context, places []*orchestrator.Place) error {
	err := l.now.Load().Open(ctx, places)
	if err == nil && l.opened != nil {
		l.opened()
	}
	return err
}

func (l *lateRuns) Begin(p *orchestrator.Place, claimed func()) orchestrator.Run {
	return l.now.Load().Begin(p, claimed)
}

func (l *lateRuns) Next(ctx context.Context, p *orchestrator.Place) (orchestrator.Run, bool, error) {
	return l.now.Load().Next(ctx, p)
}

func (l *lateRuns) Soon(ctx context.Context, p *orchestrator.Place) (bool, error) {
	return l.now.Load().Soon(ctx, p)
}

func (l *lateRuns) Ready(p *orchestrator.Place) <-chan struct{} { return l.now.Load().Ready(p) }

func (l *lateRuns) Paused(p *orchestrator.Place) bool { return l.now.Load().Paused(p) }

func (l *lateRuns) Fire(ctx context.Context, p *orchestrator.Place, interval time.Duration) (mine bool, ended func(), err error) {
	return l.now.Load().Fire(ctx, p, interval)
}

func (l *lateRuns) KeepLong(ctx context.Context, calls []orchestrator.LongCall) {
	l.now.Load().KeepLong(ctx, calls)
}
