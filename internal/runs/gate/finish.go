package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// ErrNoService means that nobody can look what became of an effect: the service by which it
// was begun isn't there any more.
var ErrNoService = errors.New("the configuration has no service that could")

// Finish finishes an open effect of a run that was interrupted: it looks at the ticket,
// and what is missing is sent from the effect's own values. The error is [ErrStopped]
// where that has to wait, for the reason that s was given.
func (g *Gate) Finish(ctx context.Context, s Step, e store.Effect) error {
	g.mu.Lock()
	t, ok := g.systems[e.Service]
	g.mu.Unlock()
	if !ok {
		return fmt.Errorf("finish what was begun at ticket %s by the service %q: %w; give it its id back, or give the run up with `otai runs discard`", e.Ticket, e.Service, ErrNoService)
	}
	ctx = WithStep(ctx, s)
	if e.Operation == store.OpCreate {
		w := &write{ticketSystem: t, step: s, effect: e}
		var err error
		if w.intent, err = decodeIntent(e.Intent); err != nil {
			return err
		}
		if t.inner.creator == nil || w.intent.Create == nil {
			return fmt.Errorf("finish a new ticket by the service %q: %w; give it the use back that it had, or give the run up with `otai runs discard`", e.Service, ErrNoService)
		}
		_, err = (&ticketCreator{t}).createAgain(ctx, w)
		return err
	}
	unlock, err := t.writing.lock(ctx, e.Ticket)
	if err != nil {
		return err
	}
	defer unlock()
	return t.finish(ctx, s, e)
}
