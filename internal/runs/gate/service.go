package gate

import (
	"context"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/runs/sight"
	"github.com/open-ticket-ai/otai/internal/untold"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What a ticket system may offer beyond the contract, found by assertion (level 1.1). But for
// idFinder it is asked once, where the service is wrapped: that call is guarded.
type (
	idFinder interface {
		FindTicketIDs(context.Context, api.SearchCriteria) ([]string, error)
		ReadTickets(context.Context, []string, api.SearchCriteria) ([]api.Ticket, error)
	}
	named  interface{ SystemID() string }
	fenced interface {
		UseFence(func(context.Context) error)
	}
	recorder interface {
		UseStore(load func(context.Context) ([]byte, error), save func(context.Context, []byte) error)
	}
	// laggard says how long a write request may last, and how long after that the help
	// desk may still be at work on it.
	laggard interface {
		Late() (timeout, late time.Duration)
	}
	// connected says how many requests it has out at one time, at most.
	connected interface{ Connections() int }
)

// What holds for a ticket system that isn't a laggard.
const (
	defaultTimeout = 30 * time.Second
	defaultLate    = 15 * time.Second
)

// ticketSystem is a ticket system behind the gate.
type ticketSystem struct {
	gate    *Gate
	service string // its id in the configuration
	system  string // the help desk that it is, under whatever service
	inner   foreign
	bounds  bounds.Bounds
	ids     idFinder      // inner; nil if it has no level 1.1
	timeout time.Duration // how long a write request may last
	late    time.Duration // and how long after that the help desk may still be at work on it
	fences  bool          // it asks before each request
	records bool          // it keeps a record for each intent
	writing locks
	known   known
	overdue overdue
	ahead   ahead
	sight   *sight.Watch

	mu       sync.Mutex
	capped   bool // said that a search is cut off
	runners  map[string]*searcher
	released map[string]int       // by runner and ticket: how often in a row it was let go
	avoids   map[string]time.Time // by ticket that is passed over: until when it isn't read
}

// searcher is a runner, as far as its searches at this ticket system are concerned.
type searcher struct {
	skipped  int                   // how many tickets its last search left out; -1: not known
	spare    spare                 // what its last search found beyond
	last     map[string]lastSearch // by step
	compared time.Time             // when that was compared with what was refused
	forgot   time.Time             // when standings were last looked through
	settled  time.Time             // when tickets were last read that had been passed over
	newest   time.Time             // the latest change of a ticket that was seen
}

// of returns what is known of a runner, which the lock guards.
func (t *ticketSystem) of(runner string) *searcher {
	s := t.runners[runner]
	if s == nil {
		s = &searcher{skipped: -1, last: make(map[string]lastSearch)}
		t.runners[runner] = s
	}
	return s
}

type ticketCreator struct{ *ticketSystem }

func newTicketSystem(g *Gate, service string, inner api.TicketSystem) *ticketSystem {
	t := &ticketSystem{
		gate: g, service: service, system: service, inner: newForeign(inner).counting(g.options.Called, service), timeout: defaultTimeout, late: defaultLate, bounds: g.options.Bounds[service],
		runners: make(map[string]*searcher), released: make(map[string]int), avoids: make(map[string]time.Time),
	}
	if n, ok := inner.(named); ok && n.SystemID() != "" {
		t.system = n.SystemID()
	}
	t.overdue.most = overdueMost
	t.sight = sight.New(eyes{t}, eyes{t})
	if c, ok := inner.(connected); ok {
		t.overdue.most = max(0, c.Connections()-unlent)
	}
	if t.inner.ids != nil {
		t.ids = t.inner
	}
	if l, ok := inner.(laggard); ok {
		t.timeout, t.late = l.Late()
	}
	if f, ok := inner.(fenced); ok {
		f.UseFence(fence)
		t.fences = true
	}
	if r, ok := inner.(recorder); ok {
		r.UseStore(load, save)
		t.records = true
	}
	return t
}

// lasts is how long a request that is sent now may be at work, at most.
func (t *ticketSystem) lasts(ctx context.Context) time.Duration {
	timeout := t.timeout
	// The context of a fence has the deadline of the request itself, which may be later
	// than usual, as of a large one.
	if deadline, ok := ctx.Deadline(); ok && (t.fences || time.Until(deadline) < timeout) {
		timeout = time.Until(deadline)
	}
	return max(timeout, 0) + t.late
}

type claimKey struct{}

// WithClaim says, for searches with the returned context, whether they claim what they
// find; without it a run's first search does. Pipes find the method by assertion.
func (t *ticketSystem) WithClaim(ctx context.Context, claim bool) context.Context {
	return context.WithValue(ctx, claimKey{}, claim)
}

// GetTicket reads a ticket; nothing is decided by it. Its error doesn't quote an id of which
// nobody knows that it is one.
func (t *ticketSystem) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	if step, ok := StepOf(ctx); ok {
		var done context.CancelFunc
		ctx, done = step.WhileHeld(ctx)
		defer done()
	}
	ticket, err := t.inner.GetTicket(ctx, id)
	switch _, known := t.known.id(id); {
	case err == nil:
		t.known.learn(ticket)
	case !known && !t.gate.written(id):
		err = untold.Error(err, id)
	}
	return ticket, err
}

// read reads tickets by the criteria of a search, in order. One that can't be read is
// left out.
func (t *ticketSystem) read(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if t.ids != nil {
		return t.ids.ReadTickets(ctx, ids, c)
	}
	var all []api.Ticket
	for _, id := range ids {
		ticket, err := t.inner.GetTicket(ctx, id)
		switch {
		case err == nil:
			all = append(all, ticket)
		case !unreadable(err):
			return nil, err
		}
	}
	return all, nil
}

// locks lets writes of this process to one ticket wait for each other.
type locks struct {
	mu    sync.Mutex
	taken map[string]chan struct{}
}

func (l *locks) lock(ctx context.Context, ticket string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		other, taken := l.taken[ticket]
		if !taken {
			mine := make(chan struct{})
			if l.taken == nil {
				l.taken = make(map[string]chan struct{})
			}
			l.taken[ticket] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.taken, ticket)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
