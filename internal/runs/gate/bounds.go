package gate

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// allowed passes on what was judged of a write that is about to be begun, or to be sent again.
// One that isn't allowed is never sent, and ends the run.
func (t *ticketSystem) allowed(step Step, ticket string, judged error) error {
	var denied *bounds.NotAllowed
	if !errors.As(judged, &denied) {
		return judged
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
