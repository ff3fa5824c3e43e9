package gate

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Options are what a gate needs.
type Options struct {
	Logger *slog.Logger
	Store  Store
	// Clock is the machine's boot and the time since then where the lease is a lock
	// (SQLite): times of another boot are not compared. nil: the store's clock counts.
	Clock func() (boot string, nanos int64)
	// Bounds are those of the services, by their ids.
	Bounds map[string]bounds.Bounds
	// Keep is for how long a ticket that no search finds is remembered; 0: for ever.
	Keep time.Duration
	// At says where in the configuration a path stands, as file:line:column; nil: nobody knows.
	At func(path string) string
	// KeepText has texts of tickets kept for the records of decisions.
	KeepText bool
	// Written reports whether a text stands in the configuration; nil: none does.
	Written func(text string) bool
	// Called is called after each call of a ticket system; nil: nobody counts.
	Called func(service, operation string, took time.Duration, err error)
	// Searches is called with each search that claims, before it; nil: it isn't.
	Searches func(runner, service string, c api.SearchCriteria)
}

// Store is what a gate asks of a [store.Store] outside a run's own batches.
type Store interface {
	Mark(ctx context.Context) (store.Mark, error)
	Now(ctx context.Context) (int64, error)
	Passed(ctx context.Context, runner, system string) (int, error)
	Tickets(ctx context.Context, runner, system string, ids []string) ([]store.Ticket, error)
	PutTickets(ctx context.Context, ts []store.Ticket) error
	Stale(ctx context.Context, runner, system string, seenBefore int64, limit int) ([]store.Ticket, error)
	Forget(ctx context.Context, runner, system string, tickets []string, seenBefore int64) error
	OwnEffects(ctx context.Context, system, ticket string, since int64) ([]store.Effect, error)
	TicketsBy(ctx context.Context, f store.TicketFilter) ([]store.Ticket, error)
	Closed(ctx context.Context) ([]string, error)
	Value(ctx context.Context, key string) (string, bool, error)
	SetValue(ctx context.Context, key, value string) error
}

// Gate wraps ticket systems.
type Gate struct {
	options Options
	process string    // this one, in pictures
	began   time.Time // of which clock counts

	mu       sync.Mutex
	systems  map[string]*ticketSystem // by id of the service
	born     *time.Time               // when the store was made; nil: not asked yet
	said     map[string]bool          // causes that were logged
	hashing  picture.Key
	fields   map[string][]string // by runner: further fields that its writes name
	subjects map[string]bool     // hashes of the subjects of our notes
	authors  map[string]bool     // hashes of the authors of our notes
	warned   time.Time           // of another otai
	causes   causes
	health   health
}

// New returns a gate.
func New(o Options) *Gate {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Gate{
		options: o, process: rand.Text(), began: time.Now(), systems: make(map[string]*ticketSystem),
		fields: make(map[string][]string), subjects: make(map[string]bool), authors: make(map[string]bool),
	}
}

// at is where a step stands in the configuration.
func (g *Gate) at(s Step) string {
	if g.options.At == nil {
		return ""
	}
	return g.options.At(s.Place())
}

// clock is this process's own clock, which nobody sets.
func (g *Gate) clock() int64 { return int64(time.Since(g.began)) }

// Wrap returns what pipes are given instead of a service: a ticket system behind the
// gate, and anything else as it is.
func (g *Gate) Wrap(service string, instance any) any {
	g.health.knows(service, instance)
	inner, ok := instance.(api.TicketSystem)
	if !ok {
		return instance
	}
	t := g.wrap(service, inner)
	if t.inner.creator != nil {
		return &ticketCreator{t}
	}
	return t
}

func (g *Gate) wrap(service string, inner api.TicketSystem) *ticketSystem {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t, ok := g.systems[service]; ok && t.inner.is(inner) {
		return t
	}
	t := newTicketSystem(g, service, inner)
	g.systems[service] = t
	return t
}
