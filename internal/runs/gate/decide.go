package gate

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What a pipe that decides about tickets says beyond the contract. It finds the methods by
// assertion.

// Suggest carries out u, by which a note suggests what, unless that is what was suggested to
// the ticket last and still stands: then leaving it as it is is final. written reports
// whether u was carried out.
func (t *ticketSystem) Suggest(ctx context.Context, id, what string, u api.TicketUpdate) (written bool, err error) {
	if what == "" {
		return false, fmt.Errorf("suggest something for ticket %s: what is suggested is empty: %w", id, api.ErrInvalid)
	}
	written, err = t.write(ctx, store.OpUpdate, id, what, u)
	return written, toPipe(err)
}

// Leave says that leaving a ticket alone is final, and why. The ticket is claimed as by a
// write.
func (t *ticketSystem) Leave(ctx context.Context, id, why string) error {
	step, ok := StepOf(ctx)
	if !ok {
		return nil
	}
	id, err := t.ticketID(ctx, step, store.OpUpdate, id)
	if err != nil {
		return toPipe(err)
	}
	unlock, err := t.writing.lock(ctx, id)
	if err != nil {
		return fmt.Errorf("leave ticket %s alone: %w", id, err)
	}
	defer unlock()
	w := &write{ticketSystem: t, step: step, effect: store.Effect{System: t.system, Ticket: id}}
	if err := w.hold(ctx); err != nil {
		return toPipe(err)
	}
	step.Leaves(t.system, id, why)
	return nil
}

// suggests keeps, as a part of the write's intent, what it suggests; stands reports whether
// that is what was suggested last. What is suggested may be about the ticket's text, so it
// is kept as a hash.
func (w *write) suggests(ctx context.Context, what string) (stands bool, err error) {
	key, err := w.gate.key(ctx)
	if err != nil {
		return false, err
	}
	if err := w.hold(ctx); err != nil {
		return false, err
	}
	w.intent.Suggest = key.Text(what)
	if w.row.Suggestion != w.intent.Suggest {
		return false, nil
	}
	w.step.Leaves(w.system, w.effect.Ticket, whySuggested)
	return true, nil
}

const whySuggested = "the same is suggested already"
