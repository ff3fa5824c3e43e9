package runs

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Reason is why runs wait.
type Reason struct{ Name, Text string }

// Reasons are why runs wait, in people's words.
func Reasons() []Reason {
	return []Reason{
		{store.ReasonUntil, "a request got no answer and may still be at work"},
		{store.ReasonBusy, "another run works at the ticket"},
		{store.ReasonSystem, "a step met an error of the system, such as a help desk that is down, and is tried again"},
		{store.ReasonAside, "the ticket was refused and is tried again"},
		{store.ReasonAsked, "a person had it tried again"},
		{store.ReasonCause, "what refuses many, see the cause"},
		{store.ReasonGone, "the ticket can't be read"},
		{store.ReasonPaused, pausedText},
	}
}

const pausedText = "its runner is paused"

// Why is what a run waits for, in people's words.
func (r Run) Why() string {
	text := r.Reason
	if i := slices.IndexFunc(Reasons(), func(known Reason) bool { return known.Name == r.Reason }); i >= 0 {
		text = Reasons()[i].Text
	}
	switch {
	case r.Paused && r.State != string(store.Running):
		return pausedText
	case text == "":
		return r.Error
	case r.Reason == store.ReasonCause:
		return text + " " + r.Cause
	case r.Error == "":
		return text
	}
	return text + ": " + r.Error
}

// StateText is where the run is, in one word or two.
func (r Run) StateText() string { return stateOf(r.State, r.Outcome, r.Reason) }

func stateOf(state, outcome, reason string) string {
	switch {
	case outcome != "":
		return outcome
	case state == string(store.Waiting) && reason == store.ReasonAside:
		return "set aside"
	}
	return state
}
