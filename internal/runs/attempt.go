package runs

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// attempt is what was seen of one attempt, by its steps and by the gate.
type attempt struct {
	stopped    bool   // the process ends
	died       string // the step at which processes died
	own        string // why it is set aside: the system fails at this ticket only
	ownAt      string // the step at which it does
	doubt      string // the step of which nobody knows whether it was carried out
	gone       string // the ticket
	overtaken  string // the ticket
	why        string // it was overtaken
	looked     bool   // at what a canceled run had begun: it isn't there, and nothing is at work
	wait       *gate.Wait
	rejections []rejection
	bad        *trouble // what a step can't do with this ticket
	system     *trouble // of the system
	failure    *trouble // the last failed result
	before     int      // rejections before the step at work
}

type rejection struct {
	gate.Rejection
	step orchestrator.Step
}

// trouble is why a step has no good result.
type trouble struct {
	step    orchestrator.Step
	kind    string
	err     error
	message string
}

// halts reports whether no further step of the attempt may run.
func (a *attempt) halts() bool {
	return a.wait != nil || a.gone != "" || a.overtaken != "" || a.doubt != "" || a.died != "" || a.own != ""
}

// waitsRefused reports whether the run waits because it was refused something itself, and
// not because others were: that counts at the cause.
func (a *attempt) waitsRefused() bool {
	return a.wait != nil && (a.wait.Reason == store.ReasonGone || a.wait.Reason == store.ReasonCause && len(a.rejections) > 0)
}

func (a *attempt) begin(orchestrator.Step) { a.before = len(a.rejections) }

// succeeded forgets what the pipe at work has coped with by itself.
func (a *attempt) succeeded() {
	a.rejections = a.rejections[:a.before]
	a.system = nil
}

func (a *attempt) failedStep(s orchestrator.Step, message string) {
	a.failure = &trouble{step: s, message: message}
	a.system = nil // it answers
}

// erred says what an error of a step means.
func (a *attempt) erred(s orchestrator.Step, err error) {
	t := &trouble{step: s, err: err}
	switch {
	case a.halts(), len(a.rejections) > a.before:
		return
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrFence):
		t.kind = "store"
		t.step.Key = "" // belongs to no ticket
		a.system = t
	case s.Params == "":
		t.kind = "params"
		a.bad = t
	case errors.As(err, new(*orchestrator.PanicError)):
		t.kind = "panic"
		a.bad = t
	case a.system != nil:
		a.system.step = s
	case errors.Is(err, api.ErrInvalid):
		t.kind = "invalid"
		a.bad = t
	case errors.Is(err, api.ErrNotFound):
		t.kind = "not found"
		a.bad = t
	default:
		a.system = t
	}
}

// cause is the key of what refused the ticket.
func (a *attempt) cause() string {
	switch {
	case len(a.rejections) > 0:
		return a.rejections[len(a.rejections)-1].Cause
	case a.bad != nil:
		return store.CauseKey("step", a.bad.step.Path, a.bad.kind)
	case a.wait != nil:
		return a.wait.Cause
	}
	return ""
}

// label is what people read of the cause.
func (a *attempt) label() string {
	switch {
	case len(a.rejections) > 0:
		return a.rejections[len(a.rejections)-1].Label
	case a.bad != nil:
		return a.bad.step.Name + ": " + a.bad.kind
	case a.wait != nil && a.wait.Reason == store.ReasonGone: // its error names one of many tickets
		return "tickets can't be read any more: they were deleted, or the agent has lost the right to read them"
	case a.wait != nil && a.wait.Err != nil:
		return a.wait.Err.Error()
	}
	return ""
}

// reason is, for people, why the attempt ended as it did.
func (a *attempt) reason() string {
	switch {
	case a.died != "":
		return "its process died at " + lastName(a.died)
	case a.own != "":
		return a.own
	case a.doubt != "":
		return "nobody knows whether " + a.doubt + " was carried out"
	case a.overtaken != "":
		return a.why
	case len(a.rejections) > 0:
		last := a.rejections[len(a.rejections)-1]
		if a.failure != nil && a.failure.step.Key == last.step.Key && a.failure.message != "" {
			return a.failure.message // with the place in the configuration
		}
		return last.Err.Error()
	case a.bad != nil:
		return a.bad.err.Error()
	case a.wait != nil && a.wait.Err != nil:
		return a.wait.Err.Error()
	case a.system != nil:
		return a.system.err.Error()
	case a.failure != nil:
		return a.failure.message
	}
	return ""
}

// at is the name of the step that the end is about, for people.
func (a *attempt) at() string {
	switch {
	case a.died != "":
		return lastName(a.died)
	case a.own != "":
		return lastName(a.ownAt)
	case len(a.rejections) > 0:
		return a.rejections[len(a.rejections)-1].step.Name
	case a.bad != nil:
		return a.bad.step.Name
	case a.system != nil:
		return a.system.step.Name
	case a.failure != nil:
		return a.failure.step.Name
	}
	return ""
}
