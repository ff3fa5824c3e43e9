package trial

import (
	"context"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Beside those of a record, what a trial knows of a ticket.
const (
	NotTried decisions.Action = "not tried" // code that may have an effect was not run
	Failed   decisions.Action = "failed"    // nobody knows what a run would do: something failed that may work again
)

// Prediction is what a run would do with one ticket. Its JSON form is that of a record.
type Prediction struct {
	decisions.Record
	Link      string   `json:"link,omitempty"`       // to the ticket, for people
	NotJudged []string `json:"not_judged,omitempty"` // criteria of the search that could not be judged

	Impossible bool `json:"-"` // it is refused since a step can't be carried out, and not by what is allowed
}

// Source says which tickets a trial is about. The zero value are those that searches find.
type Source struct {
	// Find returns the ids of the tickets at a ticket system, in the order in which its
	// searches find them.
	Find func(ctx context.Context, system api.TicketSystem) ([]string, error)
	// Given are tickets from elsewhere: the ticket system is asked for nothing.
	Given []api.Ticket
}

func (s Source) fixed() bool { return s.Find != nil || s.Given != nil }

// Bounds judge a write before it is shown.
type Bounds interface {
	Update(u api.TicketUpdate) error
	Note(n api.Note) error
	Create(t api.Ticket) error
}

// Write is one that is shown instead of being sent.
type Write struct {
	Service orchestrator.Service
	Ticket  string     // its id; "" of a new one
	Now     api.Ticket // as it is now; without an id where it can't be read
	Update  api.TicketUpdate
	New     *api.Ticket // that would be made
	Refused error       // why the bounds of the service don't allow it
}

// End is the end of a run.
type End struct {
	Runner      string
	Predictions []Prediction
	Found       bool  // it had a ticket
	Err         error // of its steps; nil of one that was stopped
}

// Progress says how far a trial is.
type Progress struct {
	Read, ToRead int // tickets
	Done, Found  int // of the tickets that the searches get: predicted, and in all as far as is known
}

// Options are those of a [Trial].
type Options struct {
	Source   Source
	Bundled  []string // plugins whose code may run, base and those that come with otai
	Run      []string // uses whose code may run all the same
	Closed   bool     // searches leave out what they say about states
	KeepText bool     // predictions have titles and the values of texts
	Locate   func(path string) string
	Written  func(text string) bool             // whether a text stands in the configuration; nil: none does
	Bounds   func(service string) Bounds        // nil: none has any
	Shown    func(ctx context.Context, w Write) // of each write, when it is shown; nil: nobody looks
	// Ended is called at the end of each run, one call after another. What it returns remains
	// an error of the runner.
	Ended    func(e End) error
	Progress func(p Progress)

	// InTurns lets one runner work at a time, in the order of the configuration, so that a trial
	// has one result. The engine must call them again and again, as with UntilEmpty.
	InTurns bool
	Stop    <-chan struct{} // with InTurns, says that the engine begins nothing any more
}

// Trial is one trial of a configuration.
type Trial struct {
	o     Options
	turns *turns // nil: runners work beside each other

	ending sync.Mutex // one call of Ended at a time

	mu       sync.Mutex
	systems  map[string]*system // by id of the service
	desks    map[string]*desk   // by what the ticket system calls itself
	queues   map[*orchestrator.Place]*queue
	progress Progress
}

// New makes a trial.
func New(o Options) *Trial {
	t := &Trial{o: o, systems: make(map[string]*system), desks: make(map[string]*desk), queues: make(map[*orchestrator.Place]*queue)}
	if o.InTurns {
		t.turns = newTurns(o.Stop)
	}
	return t
}

// May reports whether code of a service or pipe may run: that of the bundled plugins, what
// says that it has no effect, and what the user has named.
func (t *Trial) May(e registry.Entry) bool {
	return slices.Contains(t.o.Bundled, e.Plugin) || e.Injectable.Labels[params.LabelEffect] == params.EffectNone || slices.Contains(t.o.Run, e.Name)
}

func (t *Trial) proceed(change func(p *Progress)) {
	t.mu.Lock()
	change(&t.progress)
	p := t.progress
	t.mu.Unlock()
	if t.o.Progress != nil {
		t.o.Progress(p)
	}
}

// Passed are the tickets of the trial that no runner got, each with why: the reason of the
// runner whose search came closest.
func (t *Trial) Passed() []Passed {
	t.mu.Lock()
	desks := make([]*desk, 0, len(t.desks))
	for _, d := range t.desks {
		desks = append(desks, d)
	}
	t.mu.Unlock()
	var all []Passed
	for _, d := range desks {
		all = append(all, d.passed()...)
	}
	slices.SortStableFunc(all, func(a, b Passed) int { return olderID(a.Ticket, b.Ticket) })
	return all
}

// Passed is a ticket that no runner got.
type Passed struct {
	Ticket string
	Number string
	Why    string // for people
	Unread bool   // it could not be read
}
