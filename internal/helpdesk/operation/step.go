package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// Stop says how many of a write's steps, whose names it gets, are done before the write fails; nil lets it go on to its end.
type Stop func(steps []string) int

// step is a part of a write that stays done when a later one fails.
type step struct {
	name string
	take func() error
}

// take takes the steps until one fails, or until a fault stops it.
func take(steps []step, stop Stop) error {
	names := make([]string, len(steps))
	for i, st := range steps {
		names[i] = st.name
	}
	end := len(steps)
	if stop != nil {
		end = stop(names)
	}
	for _, st := range steps[:end] {
		if err := st.take(); err != nil {
			return err
		}
	}
	if stop != nil {
		return wire.ErrCancelled
	}
	return nil
}

// Steps are the steps of a write in the order in which the servers take them, each of which stays done when a later one fails.
// "Ticket" is the opening of a new one. A request with several articles has as many steps of that name.
var Steps = []string{
	stepTicket, StepTitle, StepQueue, StepLock, stepType, StepState, "Service", "SLA", stepCustomer, StepPriority, stepOwner,
	stepResponsible, StepArticle, StepField,
}

const (
	stepTicket      = "Ticket"
	StepTitle       = "Title"
	StepQueue       = "Queue"
	StepLock        = "Lock"
	stepType        = "Type"
	StepState       = "State"
	stepCustomer    = "CustomerUser"
	StepPriority    = "Priority"
	stepOwner       = "Owner"
	stepResponsible = "Responsible"
	StepArticle     = "Article"
	StepField       = "DynamicField"
)
