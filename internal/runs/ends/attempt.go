package ends

import (
	"errors"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Attempt is what was seen of one attempt, by its steps and by the gate.
type Attempt struct {
	Stopped    bool       // the process ends
	Died       string     // the step at which processes died
	Own        string     // why it is set aside: the system fails at this ticket only
	OwnAt      string     // the step at which it does
	Doubt      string     // the step of which nobody knows whether it was carried out
	Gone       string     // the ticket
	Overtaken  string     // the ticket
	Why        string     // it was overtaken
	Looked     bool       // at what a canceled run had begun: it isn't there, and nothing is at work
	NotAllowed *Rejection // by the bounds of a service
	Wait       *gate.Wait
	Rejections []Rejection
	Bad        *Trouble // what a step can't do with this ticket
	System     *Trouble // of the system
	failure    *Trouble // the last failed result
	alone      *Trouble // why a ticket is left alone for good
	before     int      // rejections before the step at work
}

// Rejection is what the ticket system refused, and to which step.
type Rejection struct {
	gate.Rejection
	Step orchestrator.Step
}

// Trouble is why a step has no good result.
type Trouble struct {
	Step    orchestrator.Step
	kind    string
	Err     error
	message string
}

// ErrHalt ends an attempt before its pipes have ended. It only carries that through the
// pipes around a step: the end is decided by what was reported.
var ErrHalt = errors.New("the run goes on later")

// Halts reports whether no further step of the attempt may run.
func (a *Attempt) Halts() bool {
	return a.Wait != nil || a.NotAllowed != nil || a.Gone != "" || a.Overtaken != "" || a.Doubt != "" || a.Died != "" || a.Own != ""
}

// WaitsRefused reports whether the run waits because it was refused something itself, and
// not because others were: that counts at the cause.
func (a *Attempt) WaitsRefused() bool {
	return a.Wait != nil && (a.Wait.Reason == store.ReasonGone || a.Wait.Reason == store.ReasonCause && len(a.Rejections) > 0)
}

// Begin says that a step is at work now.
func (a *Attempt) Begin(orchestrator.Step) { a.before = len(a.Rejections) }

// Succeeded forgets what the pipe at work has coped with by itself.
func (a *Attempt) Succeeded() {
	a.Rejections = a.Rejections[:a.before]
	a.System = nil
}

// FailedStep says that the step answered no.
func (a *Attempt) FailedStep(s orchestrator.Step, message string) {
	a.failure = &Trouble{Step: s, message: message}
	a.System = nil // it answers
}

// Leaves says that the step leaves a ticket alone for good, and why.
func (a *Attempt) Leaves(s orchestrator.Step, why string) {
	a.alone = &Trouble{Step: s, message: why}
}

// Erred says what an error of a step means.
func (a *Attempt) Erred(s orchestrator.Step, err error) {
	t := &Trouble{Step: s, Err: err}
	switch {
	case a.Halts(), len(a.Rejections) > a.before:
		return
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrFence):
		t.kind = "store"
		t.Step.Key = "" // belongs to no ticket
		a.System = t
	case s.Params == "":
		t.kind = "params"
		a.Bad = t
	case errors.As(err, new(*orchestrator.PanicError)):
		t.kind = "panic"
		a.Bad = t
	case a.System != nil:
		a.System.Step = s
	case errors.Is(err, api.ErrInvalid):
		t.kind = "invalid"
		a.Bad = t
	case errors.Is(err, api.ErrNotFound):
		t.kind = "not found"
		a.Bad = t
	default:
		a.System = t
	}
}

// Cause is the key of what refused the ticket.
func (a *Attempt) Cause() string {
	switch {
	case a.NotAllowed != nil:
		return a.NotAllowed.Cause
	case len(a.Rejections) > 0:
		return a.Rejections[len(a.Rejections)-1].Cause
	case a.Bad != nil:
		return store.CauseKey("step", a.Bad.Step.Path, a.Bad.kind)
	case a.Wait != nil:
		return a.Wait.Cause
	}
	return ""
}

// Label is what people read of the cause.
func (a *Attempt) Label() string {
	switch {
	case len(a.Rejections) > 0:
		return a.Rejections[len(a.Rejections)-1].Label
	case a.Bad != nil:
		return a.Bad.Step.Name + ": " + a.Bad.kind
	case a.Wait != nil && a.Wait.Reason == store.ReasonGone: // its error names one of many tickets
		return "tickets can't be read any more: they were deleted, or the agent has lost the right to read them"
	case a.Wait != nil && a.Wait.Err != nil:
		return a.Wait.Err.Error()
	}
	return ""
}

// Reason is, for people, why the attempt ended as it did.
func (a *Attempt) Reason() string {
	switch {
	case a.Died != "":
		return "its process died at " + LastName(a.Died)
	case a.Own != "":
		return a.Own
	case a.Doubt != "":
		return "nobody knows whether " + a.Doubt + " was carried out"
	case a.Overtaken != "":
		return a.Why
	case a.NotAllowed != nil:
		return a.whyRejected(*a.NotAllowed)
	case len(a.Rejections) > 0:
		return a.whyRejected(a.Rejections[len(a.Rejections)-1])
	case a.Bad != nil:
		return a.Bad.Err.Error()
	case a.Wait != nil && a.Wait.Err != nil:
		return a.Wait.Err.Error()
	case a.System != nil:
		return a.System.Err.Error()
	case a.failure != nil:
		return a.failure.message
	case a.alone != nil:
		return a.alone.message
	}
	return ""
}

// whyRejected is, for people, why something was refused.
func (a *Attempt) whyRejected(r Rejection) string {
	if a.failure != nil && a.failure.Step.Key == r.Step.Key && a.failure.message != "" {
		return a.failure.message // with the place in the configuration
	}
	return r.Err.Error()
}

// At is the name of the step that the end is about, for people.
func (a *Attempt) At() string {
	switch {
	case a.Died != "":
		return LastName(a.Died)
	case a.Own != "":
		return LastName(a.OwnAt)
	case a.NotAllowed != nil:
		return a.NotAllowed.Step.Name
	case len(a.Rejections) > 0:
		return a.Rejections[len(a.Rejections)-1].Step.Name
	case a.Bad != nil:
		return a.Bad.Step.Name
	case a.System != nil:
		return a.System.Step.Name
	case a.failure != nil:
		return a.failure.Step.Name
	case a.alone != nil:
		return a.alone.Step.Name
	}
	return ""
}

// LastName is what people call a step, as far as its key says it.
func LastName(key string) string { return key[strings.LastIndex(key, "/")+1:] }
