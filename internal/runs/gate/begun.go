package gate

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Begun is the open effect of an update that a process of an earlier release had begun:
// it may still be at work for as long as one that is sent now. record is the ticket
// system's own. What somebody has changed since can't be recognized, as nobody kept how
// the ticket was.
func (g *Gate) Begun(ctx context.Context, service, ticket string, u api.TicketUpdate, record []byte) (store.Effect, error) {
	g.mu.Lock()
	t, ok := g.systems[service]
	g.mu.Unlock()
	if !ok {
		return store.Effect{}, fmt.Errorf("the service %q is not a ticket system", service)
	}
	stored, err := storedUpdate(u)
	if err != nil {
		return store.Effect{}, fmt.Errorf("change ticket %s: what is to be written can't be kept: %w", ticket, err)
	}
	kept, err := intent{Update: stored}.encode()
	if err != nil {
		return store.Effect{}, fmt.Errorf("change ticket %s: what is to be written can't be kept: %w", ticket, err)
	}
	now, err := g.options.Store.Now(ctx)
	if err != nil {
		return store.Effect{}, storeError("ask for the time", err)
	}
	e := store.Effect{
		Step: "earlier", Operation: opUpdate, System: t.system, Service: service, Ticket: ticket, State: store.Intent,
		Intent: kept, Record: record, Begun: now, Until: now + t.lasts(ctx).Microseconds(),
	}
	sum := sha256.Sum256(kept)
	e.Key = fmt.Sprintf("%s %s %s %x", e.Step, e.Operation, e.Ticket, sum[:8])
	return e, nil
}
