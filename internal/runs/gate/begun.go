package gate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Begun is the open effect of an update that a process of an earlier release had begun:
// it may still be at work for as long as one that is sent now. at is when it was begun,
// record is the ticket system's own.
//
// Nobody kept how the ticket was. If it was changed since then, what isn't as wanted was
// either not written yet or changed by somebody, and is left. If nothing is as wanted, the
// rest isn't written either: whatever still finds the ticket decides anew.
func (g *Gate) Begun(ctx context.Context, service, ticket string, at time.Time, u api.TicketUpdate, record []byte) (store.Effect, error) {
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
	i := intent{Update: stored}
	if !at.IsZero() {
		i.Earlier = &at
	}
	kept, err := i.encode()
	if err != nil {
		return store.Effect{}, fmt.Errorf("change ticket %s: what is to be written can't be kept: %w", ticket, err)
	}
	now, err := g.options.Store.Now(ctx)
	if err != nil {
		return store.Effect{}, storeError("ask for the time", err)
	}
	e := store.Effect{
		Step: "earlier", Operation: store.OpUpdate, System: t.system, Service: service, Ticket: ticket, State: store.Intent,
		Intent: kept, Record: record, Begun: now, Until: now + t.lasts(ctx).Microseconds(),
	}
	sum := sha256.Sum256(kept)
	e.Key = fmt.Sprintf("%s %s %s %x", e.Step, e.Operation, e.Ticket, sum[:8])
	return e, nil
}
