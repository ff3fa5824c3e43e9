package gate

import (
	"context"
	"log/slog"
	"sync"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Options are what a gate needs.
type Options struct {
	Logger *slog.Logger
	Store  Store
	// Clock is the machine's boot and the time since then where leases are no lease but a
	// lock (SQLite): times of another boot are not compared. nil: the store's clock counts.
	Clock func() (boot string, nanos int64)
}

// Store is what a gate asks of a [store.Store] outside a run's own batches.
type Store interface {
	Mark(ctx context.Context) (store.Mark, error)
	Now(ctx context.Context) (int64, error)
	Passed(ctx context.Context, runner, system string) (int, error)
	PutTickets(ctx context.Context, ts []store.Ticket) error
	OwnEffects(ctx context.Context, system, ticket string, since int64) ([]store.Effect, error)
	Causes(ctx context.Context) ([]store.Cause, error)
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
}

// Gate wraps ticket systems.
type Gate struct {
	options Options

	mu      sync.Mutex
	systems map[string]*ticketSystem // by id of the service
}

// New returns a gate.
func New(o Options) *Gate {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Gate{options: o, systems: make(map[string]*ticketSystem)}
}

// Wrap returns what pipes are given instead of a service: a ticket system behind the
// gate, and anything else as it is.
func (g *Gate) Wrap(service string, instance any) any {
	inner, ok := instance.(api.TicketSystem)
	if !ok {
		return instance
	}
	t := g.wrap(service, inner)
	if creator, ok := instance.(api.TicketCreator); ok {
		return &ticketCreator{ticketSystem: t, creator: creator}
	}
	return t
}

func (g *Gate) wrap(service string, inner api.TicketSystem) *ticketSystem {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t, ok := g.systems[service]; ok && t.inner == inner {
		return t
	}
	t := &ticketSystem{inner: inner}
	g.systems[service] = t
	return t
}

// Finish finishes an effect of a run that was interrupted: it looks at the ticket, and
// what is missing is sent from the effect's own values. The error is [ErrStopped] where
// that has to wait.
func (g *Gate) Finish(ctx context.Context, s Step, e store.Effect) error {
	return ErrStopped
}

type ticketSystem struct {
	inner api.TicketSystem
}

type ticketCreator struct {
	*ticketSystem
	creator api.TicketCreator
}

type claimKey struct{}

// WithClaim says, for searches with the returned context, whether they claim what they
// find; without it a run's first search does. Pipes find the method by assertion.
func (t *ticketSystem) WithClaim(ctx context.Context, claim bool) context.Context {
	return context.WithValue(ctx, claimKey{}, claim)
}

func (t *ticketSystem) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	return t.inner.FindTickets(ctx, c)
}

func (t *ticketSystem) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	return t.inner.GetTicket(ctx, id)
}

func (t *ticketSystem) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	return t.inner.UpdateTicket(ctx, id, u)
}

func (t *ticketSystem) AddNote(ctx context.Context, id string, n api.Note) error {
	return t.inner.AddNote(ctx, id, n)
}

func (t *ticketCreator) CreateTicket(ctx context.Context, ticket api.Ticket) (string, error) {
	return t.creator.CreateTicket(ctx, ticket)
}
