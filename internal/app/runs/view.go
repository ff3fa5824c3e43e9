package runs

import (
	"cmp"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Run is a run as people see it. Its JSON form is stable.
type Run struct {
	ID       string     `json:"id"`
	Runner   string     `json:"runner"`
	Place    string     `json:"place"` // in the configuration
	State    string     `json:"state"`
	Outcome  string     `json:"outcome,omitempty"`
	Reason   string     `json:"reason,omitempty"` // for which it waits
	Cause    string     `json:"cause,omitempty"`  // id of the cause for which it waits
	Tickets  []string   `json:"tickets"`
	Attempts int        `json:"attempts"`
	Due      *time.Time `json:"due,omitempty"`
	Parent   string     `json:"parent,omitempty"`
	Item     string     `json:"item,omitempty"` // its key in the parent's loop
	Host     string     `json:"host,omitempty"`
	Created  time.Time  `json:"created"`
	Ended    *time.Time `json:"ended,omitempty"`
	Error    string     `json:"error,omitempty"`
	Paused   bool       `json:"paused,omitempty"` // it has not ended, and its runner is paused
}

func (d *Desk) run(r store.Run) Run {
	out := Run{
		ID: r.ID, Runner: r.Runner, Place: r.Place, State: string(r.State), Outcome: string(r.Outcome), Reason: r.Reason, Cause: r.Cause,
		Tickets: r.Tickets, Attempts: r.Attempts, Parent: r.Parent, Item: r.Key, Host: r.Owner,
		Created: when(r.Created), Ended: moment(r.EndedAt), Error: d.redactor.Text(r.Err),
	}
	if r.State == store.Waiting && r.Reason == store.ReasonAside && r.Attempts == 0 {
		out.Reason = store.ReasonAsked
	}
	if out.Tickets == nil {
		out.Tickets = []string{}
	}
	if r.State == store.Ready || r.State == store.Waiting {
		out.Due = moment(r.DueAt)
	}
	return out
}

// Standing is what a runner remembers of a ticket. Its JSON form is stable.
type Standing struct {
	Ticket   string     `json:"ticket"`
	Runner   string     `json:"runner"`
	System   string     `json:"system"`
	Standing string     `json:"standing,omitempty"`
	Run      string     `json:"run,omitempty"`
	Attempts int        `json:"attempts,omitempty"`
	Due      *time.Time `json:"due,omitempty"`
	Cause    string     `json:"cause,omitempty"`
	Note     string     `json:"note,omitempty"`
}

func (d *Desk) standing(t store.Ticket) Standing {
	return Standing{
		Ticket: t.Ticket, Runner: t.Runner, System: t.System, Standing: word(t.Standing), Run: cmp.Or(t.Run, t.LastRun),
		Attempts: t.Attempts, Due: moment(t.DueAt), Cause: t.Cause, Note: d.redactor.Text(t.Note),
	}
}

// word is a standing in people's words.
func word(s store.Standing) string {
	if s == store.Aside {
		return "set aside"
	}
	return string(s)
}

func when(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// moment is nil for a time that isn't known.
func moment(micros int64) *time.Time {
	if micros == 0 {
		return nil
	}
	t := when(micros)
	return &t
}

// States are the words by which runs are listed: where one is, or how it ended.
func States() []string {
	return []string{
		string(store.Ready), string(store.Running), string(store.Waiting), asideWord, string(store.Ended),
		string(store.Applied), string(store.Left), string(store.Dead), string(store.Overtaken), string(store.Gone), string(store.Canceled),
	}
}

// asideWord lists the runs whose tickets are set aside.
const asideWord = "aside"

// filter adds a word of [States] to a filter.
func filter(f *store.Filter, state string) bool {
	switch {
	case state == asideWord:
		f.States, f.Reason = append(f.States, store.Waiting), store.ReasonAside
	case slices.Contains([]store.State{store.Ready, store.Running, store.Waiting, store.Ended}, store.State(state)):
		f.States = append(f.States, store.State(state))
	case slices.Contains(States(), state):
		f.Outcomes = append(f.Outcomes, store.Outcome(state))
	default:
		return false
	}
	return true
}
