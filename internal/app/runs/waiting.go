package runs

import (
	"context"
	"maps"
	"slices"
	"time"

	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Waiting is what is to do and what is not done, and why. Its JSON form is stable.
type Waiting struct {
	Running int            `json:"running"`
	Due     int            `json:"due"`      // ready to be taken
	Waiting map[string]int `json:"waiting"`  // by reason
	InDoubt int            `json:"in_doubt"` // writes without an outcome
	Runners []Runner       `json:"runners"`
	Causes  []Cause        `json:"causes"`
	Paused  []Pause        `json:"paused"`
	Aside   []Standing     `json:"set_aside"`
	Dead    []Standing     `json:"dead"`
	PutBack []Standing     `json:"put_back"` // handled ones with a reason why they are left so: put back by a person, or changed again and again
	Back    []Run          `json:"reverts"`  // tickets that are to be put back, and wait
	Asked   []Request      `json:"requests"` // not answered yet
	Long    []Long         `json:"not_ended"`
	Doubts  []Doubt        `json:"doubts"` // a person has to decide about each
}

// Long is a step that has taken unusually long and has not ended: its runner waits for it. Its
// JSON form is stable.
type Long struct {
	Step   string    `json:"step"`
	Use    string    `json:"use"`
	Plugin string    `json:"plugin"`
	File   string    `json:"file,omitempty"` // of the plugin
	Place  string    `json:"place"`          // in the configuration
	At     string    `json:"at,omitempty"`   // the same as file, line and column
	Host   string    `json:"host"`
	Since  time.Time `json:"since"`
}

// long are the steps that have not ended, of those that ask about accepts.
func (d *Desk) long(ctx context.Context, about func(store.LongCall) bool) ([]Long, error) {
	calls, err := store.LongCalls(ctx, d.store)
	if err != nil {
		return nil, d.failed("reading which steps have not ended", err)
	}
	list := []Long{}
	for _, c := range calls {
		if about(c) {
			list = append(list, Long{Step: c.Step, Use: c.Use, Plugin: c.Plugin, File: c.File, Place: c.Path, At: c.At, Host: c.Host, Since: when(c.Began)})
		}
	}
	return list, nil
}

// Runner counts how tickets stand with a runner: those with a standing are passed over.
type Runner struct {
	Runner  string `json:"runner"`
	Handled int    `json:"handled"`
	Left    int    `json:"left"`
	Aside   int    `json:"set_aside"`
	Dead    int    `json:"dead"`
}

// Pause is a runner of which nothing begins.
type Pause struct {
	Runner string    `json:"runner"` // "": all
	Since  time.Time `json:"since"`
	Resume string    `json:"resume"` // the command that ends it

	Service        string `json:"service,omitempty"` // by which as many tickets were changed as its max_changes allows
	TicketsPerHour int    `json:"tickets_per_hour,omitempty"`
}

// Cause is why many tickets are refused.
type Cause struct {
	ID      string     `json:"id"`
	Runner  string     `json:"runner"`
	Label   string     `json:"label"`
	Tickets int        `json:"tickets"`
	Waiting int        `json:"waiting"`
	Since   *time.Time `json:"since,omitempty"`
	NextTry *time.Time `json:"next_try,omitempty"`
}

// Request is what was asked of whoever works.
type Request struct {
	Verb  string    `json:"verb"`
	Asked time.Time `json:"asked"`
}

// mostShown is how many tickets of a kind are listed.
const mostShown = 100

// reverts are the runs that put tickets back and wait, or are dead.
func (d *Desk) reverts(ctx context.Context) ([]Run, error) {
	list := []Run{}
	for _, f := range []store.Filter{{States: []store.State{store.Waiting}}, {Outcomes: []store.Outcome{store.Dead}}} {
		f.Place, f.Limit = engine.RevertPlace, mostShown
		found, err := d.store.Runs(ctx, f)
		if err != nil {
			return nil, d.failed("looking for what is to be put back", err)
		}
		for _, r := range found {
			list = append(list, d.run(r))
		}
	}
	return list, nil
}

// Waiting looks at all that waits.
func (d *Desk) Waiting(ctx context.Context) (Waiting, error) {
	counts, unfound, err := store.CountsFound(ctx, d.store)
	if err != nil {
		return Waiting{}, d.failed("counting runs", err)
	}
	causes, err := d.store.Causes(ctx)
	if err != nil {
		return Waiting{}, d.failed("reading the causes", err)
	}
	requests, err := d.store.Requests(ctx)
	if err != nil {
		return Waiting{}, d.failed("reading the requests", err)
	}
	long, err := d.long(ctx, func(store.LongCall) bool { return true })
	if err != nil {
		return Waiting{}, err
	}
	doubts, err := d.doubts(ctx)
	if err != nil {
		return Waiting{}, err
	}
	w := Waiting{
		// A run that has claimed and written nothing yet is in no store, but its step is at work.
		Running: max(counts.Runs[store.Running], len(long)), Due: counts.Runs[store.Ready], Waiting: counts.Waiting, InDoubt: counts.Open,
		Runners: []Runner{}, Causes: []Cause{}, Paused: []Pause{}, Asked: []Request{}, Long: long, Doubts: doubts,
	}
	pauses, err := d.store.Pauses(ctx)
	if err != nil {
		return Waiting{}, d.failed("reading what is paused", err)
	}
	for _, p := range pauses {
		w.Paused = append(w.Paused, Pause{Runner: p.Runner, Since: when(p.Since), Resume: engine.ResumeCommand(p), Service: p.Service, TicketsPerHour: p.PerHour})
	}
	if w.Waiting == nil {
		w.Waiting = map[string]int{}
	}
	for _, name := range slices.Sorted(maps.Keys(counts.Runners)) {
		of := counts.Runners[name]
		w.Runners = append(w.Runners, Runner{Runner: name, Handled: of[store.Handled], Left: of[store.StandingLeft], Aside: of[store.Aside], Dead: of[store.StandingDead]})
	}
	if w.Back, err = d.reverts(ctx); err != nil {
		return Waiting{}, err
	}
	labels := make(map[string]string, len(causes))
	for _, c := range causes {
		labels[c.Key] = c.Label
		if c.Waiting == 0 { // what waited for it has ended otherwise
			continue
		}
		w.Causes = append(w.Causes, Cause{
			ID: c.Key, Runner: c.Runner, Label: d.redactor.Text(c.Label), Tickets: c.Tickets, Waiting: c.Waiting,
			Since: moment(c.Since), NextTry: moment(c.NextTry),
		})
	}
	for _, r := range requests {
		if r.Answer == "" {
			w.Asked = append(w.Asked, Request{Verb: r.Verb, Asked: when(r.Created)})
		}
	}
	for _, list := range []struct {
		of   store.TicketFilter
		into *[]Standing
	}{
		{store.TicketFilter{Refused: true, Standings: []store.Standing{store.Aside}}, &w.Aside},
		{store.TicketFilter{Refused: true, Standings: []store.Standing{store.StandingDead}}, &w.Dead},
		{store.TicketFilter{Standings: []store.Standing{store.Handled}, Noted: true}, &w.PutBack},
	} {
		list.of.Limit = mostShown + len(unfound)
		tickets, err := d.store.TicketsBy(ctx, list.of)
		if err != nil {
			return Waiting{}, d.failed("reading tickets", err)
		}
		*list.into = []Standing{}
		for _, t := range tickets {
			if unfound.Has(t) || len(*list.into) == mostShown {
				continue
			}
			if list.of.Noted && slices.ContainsFunc(w.Back, func(r Run) bool { return slices.Contains(r.Tickets, t.Ticket) }) {
				continue // it is not put back yet
			}
			if t.Note == "" { // it was held back by what refuses others
				t.Note = labels[t.Cause]
			}
			*list.into = append(*list.into, d.standing(t))
		}
	}
	return w, nil
}
