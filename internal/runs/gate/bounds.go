package gate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type unboundKey struct{}

// WithoutBounds frees the writes with the returned context of the bounds of their services:
// what was written can always be put back.
func WithoutBounds(ctx context.Context) context.Context {
	return context.WithValue(ctx, unboundKey{}, true)
}

func unbound(ctx context.Context) bool { return ctx.Value(unboundKey{}) != nil }

// allowed passes on what was judged of a write that is about to be begun, or to be sent again.
// One that isn't allowed is never sent, and ends the run.
func (t *ticketSystem) allowed(ctx context.Context, step Step, ticket string, judged error) error {
	var denied *bounds.NotAllowed
	switch {
	case !errors.As(judged, &denied):
		return judged
	case unbound(ctx):
		return nil
	}
	err := &api.FieldError{Field: denied.Field, Err: fmt.Errorf("services.%s: %w", t.service, denied)}
	if step != nil {
		step.NotAllowed(t.system, ticket, err)
	}
	return err
}

// begins holds a new write back whose runner is paused.
func begins(step Step) error {
	if !step.Paused() {
		return nil
	}
	step.Waits(Wait{Reason: store.ReasonPaused})
	return ErrStopped
}

// place is what a change of a ticket takes of its service, nil if that is not bounded. A new
// ticket, which has no id, takes one of its own.
func (t *ticketSystem) place(ctx context.Context, ticket string) *store.Place {
	if t.bounds.TicketsPerHour == 0 || unbound(ctx) {
		return nil
	}
	if ticket == "" {
		ticket = "new " + rand.Text()
	}
	return &store.Place{Service: t.service, Ticket: ticket, PerHour: t.bounds.TicketsPerHour}
}

// notStored is the error of a write whose intent could not be stored: nothing was sent. Where
// there is no place for it its runner is paused, and its run waits.
func (t *ticketSystem) notStored(ctx context.Context, step Step, doing string, err error) error {
	if !errors.Is(err, store.ErrFull) {
		return storeError(doing, err)
	}
	if err := step.Full(ctx, t.service, t.bounds.TicketsPerHour); err != nil {
		return storeError("pause a runner", err)
	}
	step.Waits(Wait{Reason: store.ReasonPaused})
	return ErrStopped
}
