package gate

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/internal/untold"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Which id may be a ticket's. A template can make an id of anything, also of a customer's words,
// and an id is kept, logged and shown. So a run claims none of which nobody knows that it is one.

// known are ids that a ticket system has given, and numbers of its tickets. The zero value knows none.
type known struct {
	mu      sync.Mutex
	ids     recent // by which it knows them itself
	numbers recent
	also    map[string]string // other ids by which it was asked for one, with its own
}

const (
	mostKnown = 5_000 // are remembered of each kind at least: those that are forgotten are looked up again
	mostAlso  = 1000
)

func (k *known) learn(tickets ...api.Ticket) {
	for _, t := range tickets {
		k.is(t.ID, t.ID)
		if t.Number != "" {
			k.mu.Lock()
			k.numbers.add(t.Number)
			k.mu.Unlock()
		}
	}
}

// is remembers that an id is the one of a ticket.
func (k *known) is(id, own string) {
	if own == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if id == own {
		k.ids.add(id)
		return
	}
	if k.also == nil || len(k.also) >= mostAlso {
		k.also = make(map[string]string)
	}
	k.also[id] = own
}

func (k *known) id(id string) (own string, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids.has(id) {
		return id, true
	}
	own, ok = k.also[id]
	return own, ok
}

func (k *known) number(number string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.numbers.has(number)
}

// recent remembers the texts that it was given last. It has their hashes only, so that a service which
// works for months needs little for it. That another text has one of them isn't to be feared: nobody knows the
// seed.
type recent struct {
	seed        *maphash.Seed
	now, before map[uint64]struct{}
}

func (r *recent) add(text string) {
	if r.seed == nil {
		seed := maphash.MakeSeed()
		r.seed = &seed
	}
	hash := maphash.String(*r.seed, text)
	if _, has := r.now[hash]; has {
		return
	}
	if r.now == nil || len(r.now) >= mostKnown {
		r.now, r.before = r.before, r.now
		clear(r.now)
		if r.now == nil {
			r.now = make(map[uint64]struct{})
		}
	}
	r.now[hash] = struct{}{}
}

func (r *recent) has(text string) bool {
	if r.seed == nil {
		return false
	}
	hash := maphash.String(*r.seed, text)
	_, now := r.now[hash]
	_, before := r.before[hash]
	return now || before
}

// MayName reports whether a text may be kept and shown as what a ticket, or an item of a loop, is
// called: it stands in the configuration, or a ticket system has given it as an id or a number.
func (g *Gate) MayName(text string) bool {
	if g.written(text) {
		return true
	}
	g.mu.Lock()
	systems := make([]*ticketSystem, 0, len(g.systems))
	for _, t := range g.systems {
		systems = append(systems, t)
	}
	g.mu.Unlock()
	for _, t := range systems {
		if _, ok := t.known.id(text); ok || t.known.number(text) {
			return true
		}
	}
	return false
}

// written reports whether a text stands in the configuration.
func (g *Gate) written(text string) bool {
	return g.options.Written != nil && g.options.Written(text)
}

// ticketID is the id under which a ticket is claimed that a step names by id. One that neither
// the configuration has, nor the run, nor the store, nor the ticket system has given, is looked
// up there; what isn't found is refused by an error that doesn't quote it.
func (t *ticketSystem) ticketID(ctx context.Context, step Step, operation, id string) (string, error) {
	if _, held := heldRow(step, t.system, id); held || len(ofTicket(step.Effects(), t.system, id)) > 0 || t.gate.written(id) {
		return id, nil
	}
	if own, ok := t.known.id(id); ok {
		return own, nil
	}
	rows, err := t.gate.options.Store.Tickets(ctx, step.Runner(), t.system, []string{id})
	if err != nil {
		return "", storeError("ask whether a ticket is known", err)
	}
	if len(rows) > 0 {
		t.known.is(id, id)
		return id, nil
	}
	ticket, err := t.lookUp(ctx, step, id)
	switch {
	case err == nil && ticket.ID != "":
		t.known.learn(ticket)
		t.known.is(id, ticket.ID)
		return ticket.ID, nil
	case err == nil:
		err = api.ErrNotFound
	case isStore(err):
		return "", err
	case !refused(err):
		err = untold.Error(err, id)
		step.Failed(err)
		return "", fmt.Errorf("look for the ticket of a ticket_id: %w", err)
	}
	err = untold.NoTicket(err)
	step.Refused(t.rejection(step, operation, "", true, err))
	return "", err
}

func (t *ticketSystem) lookUp(ctx context.Context, step Step, id string) (api.Ticket, error) {
	ctx, done := step.WhileHeld(ctx)
	defer done()
	ticket, err := t.inner.GetTicket(ctx, id)
	if err != nil && errors.Is(context.Cause(ctx), store.ErrFence) {
		err = storeError("look for a ticket", store.ErrFence)
	}
	return ticket, err
}
