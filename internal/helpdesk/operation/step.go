package operation

import "github.com/open-ticket-ai/otai/internal/helpdesk/wire"

// Stop returns after how many of its steps, given by name, a write fails; a nil Stop lets it run to its end.
type Stop func(steps []string) int

// step is a part of a write that stays done when a later one fails.
type step struct {
	name string
	take func() error
}

// take takes the steps until one fails or stop ends the write.
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
		return wire.ErrCanceled
	}
	return nil
}

// Steps are the names of a write's steps in the order of the servers. "Ticket" opens a new one. There are as many steps "Article" as
// articles in the request.
var Steps = []string{
	StepTicket, StepTitle, StepQueue, StepLock, StepType, StepState, "Service", "SLA", StepCustomer, StepPriority, StepOwner,
	StepResponsible, StepArticle, StepField,
}

// The names of the steps that are done here.
const (
	StepTicket      = "Ticket"
	StepTitle       = "Title"
	StepQueue       = "Queue"
	StepLock        = "Lock"
	StepType        = "Type"
	StepState       = "State"
	StepCustomer    = "CustomerUser"
	StepPriority    = "Priority"
	StepOwner       = "Owner"
	StepResponsible = "Responsible"
	StepArticle     = "Article"
	StepField       = "DynamicField"
)
