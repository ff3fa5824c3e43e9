package try

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/trial"
)

// Result is what a trial has found out. Its JSON form is stable; the predictions are not in it.
type Result struct {
	Version string    `json:"version"`
	Config  []string  `json:"config"` // its files
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	From    string    `json:"from"` // which tickets, for people
	Stopped bool      `json:"stopped"`
	Closed  bool      `json:"closed"` // closed tickets were tried as if they were open

	Tickets   int           `json:"tickets"`   // that were looked at
	Predicted int           `json:"predicted"` // of them, that some runner gets
	Unread    int           `json:"unread"`    // of them, that could not be read
	Actions   Counts        `json:"actions"`
	Runners   []RunnerTotal `json:"runners"`
	Moves     []Move        `json:"queues"`
	Labels    []LabelTotal  `json:"labels"`
	NotFound  []Reason      `json:"not_found"`  // of the tickets that no runner gets
	NotJudged []Reason      `json:"not_judged"` // criteria that could not be judged, with the number of predictions
	NotTried  []Reason      `json:"not_tried"`  // what was not run

	Bounded *Bounded `json:"max_changes,omitempty"` // where one service has it, and it would not be enough

	Predictions []trial.Prediction `json:"-"`
	Titles      bool               `json:"-"`
	turns       []string           // of the runners, by which each ticket went
	file        bool
}

// Bounded is how many tickets would be changed by a service, and how many its max_changes lets in an hour.
type Bounded struct {
	Service        string `json:"service"`
	TicketsPerHour int    `json:"tickets_per_hour"`
	Tickets        int    `json:"tickets"`
}

// bound compares what would be written with max_changes. With several bounded services it isn't
// known which one writes what.
func (r *Result) bound(a *app.Setup) {
	changed := make(map[string]bool)
	for _, p := range r.Predictions {
		if len(p.Writes) > 0 && p.Action != decisions.Refused {
			changed[p.System+"\x00"+p.Ticket] = true
		}
	}
	var bounded []Bounded
	for _, s := range a.Document.Services {
		if s.Bounds.TicketsPerHour > 0 {
			bounded = append(bounded, Bounded{s.ID, s.Bounds.TicketsPerHour, len(changed)})
		}
	}
	if len(bounded) == 1 && len(changed) > bounded[0].TicketsPerHour {
		r.Bounded = &bounded[0]
	}
}

// Count is how often something is predicted.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Counts are several, in an order.
type Counts []Count

func (c Counts) of(name string) int {
	for _, e := range c {
		if e.Name == name {
			return e.Count
		}
	}
	return 0
}

func (c *Counts) add(name string) {
	for i := range *c {
		if (*c)[i].Name == name {
			(*c)[i].Count++
			return
		}
	}
	*c = append(*c, Count{name, 1})
}

// RunnerTotal is what one runner would do.
type RunnerTotal struct {
	Runner  string `json:"runner"`
	Tickets int    `json:"tickets"`
	Actions Counts `json:"actions"`
	Error   string `json:"error,omitempty"` // its search failed
}

// Move is how many tickets would go from one queue to another, or stay.
type Move struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Tickets int    `json:"tickets"`

	Suggested bool `json:"suggested,omitempty"` // they would stay, and a note would say where to
}

// LabelTotal is how often a label decides, and how sure the model is on average.
type LabelTotal struct {
	Label      string  `json:"label"`
	Tickets    int     `json:"tickets"`
	Confidence float64 `json:"confidence"`
}

// Reason is why some tickets are not predicted.
type Reason struct {
	Why     string `json:"why"`
	Tickets int    `json:"tickets"`
}

// finish adds up.
func (r *Result) finish(t *trial.Trial, a *app.Setup) {
	r.Seconds = time.Since(r.Began).Seconds()
	r.turns = t.Runners()
	for _, f := range a.Sources {
		r.Config = append(r.Config, f.Name)
	}
	slices.SortStableFunc(r.Predictions, func(x, y trial.Prediction) int {
		return cmp.Or(olderID(x.Ticket, y.Ticket), x.Time.Compare(y.Time))
	})
	predicted := make(map[string]bool)
	var notJudged, notTried Counts
	for _, p := range r.Predictions {
		predicted[p.System+"\x00"+p.Ticket] = true
		r.Actions.add(string(p.Action))
		r.addToRunner(p)
		r.addMove(p)
		r.addLabel(p)
		for _, key := range p.NotJudged {
			notJudged.add("fields." + key + " of " + p.Runner)
		}
		if p.Action == trial.NotTried {
			notTried.add(p.Reason)
		}
	}
	r.Predicted = len(predicted)
	var notFound Counts
	for _, p := range t.Passed() {
		if p.Unread {
			r.Unread++
		}
		notFound.add(cmp.Or(p.Why, "no runner has searched"))
	}
	r.NotFound, r.NotJudged, r.NotTried = reasons(notFound), reasons(notJudged), reasons(notTried)
	r.bound(a)
	r.order()
}

func reasons(c Counts) []Reason {
	out := make([]Reason, 0, len(c))
	for _, e := range c {
		out = append(out, Reason{e.Name, e.Count})
	}
	slices.SortStableFunc(out, func(a, b Reason) int { return cmp.Or(b.Tickets-a.Tickets, strings.Compare(a.Why, b.Why)) })
	return out
}

func (r *Result) addToRunner(p trial.Prediction) {
	i := slices.IndexFunc(r.Runners, func(t RunnerTotal) bool { return t.Runner == p.Runner })
	if i < 0 {
		i = len(r.Runners)
		r.Runners = append(r.Runners, RunnerTotal{Runner: p.Runner})
	}
	r.Runners[i].Tickets++
	r.Runners[i].Actions.add(string(p.Action))
}

// addMove counts what is written, and what a pipe only suggests.
func (r *Result) addMove(p trial.Prediction) {
	move := moveOf(p)
	if move.From == "" && move.To == "" {
		return
	}
	i := slices.IndexFunc(r.Moves, func(m Move) bool { m.Tickets = 0; return m == move })
	if i < 0 {
		i = len(r.Moves)
		r.Moves = append(r.Moves, move)
	}
	r.Moves[i].Tickets++
}

// moveOf is the queue in which a ticket is, and the one in which it is to be, or is said to
// belong; the same if it stays.
func moveOf(p trial.Prediction) (m Move) {
	if p.Read.Queue != nil {
		m.From = p.Read.Queue.String()
	}
	m.To = m.From
	if v, ok := suggested(p)[decisions.Queue]; ok && v.String() != m.From {
		m.To, m.Suggested = v.String(), true
	}
	for _, w := range p.Writes {
		if v, ok := w.New[decisions.Queue]; ok && w.Operation != "create" {
			m.To, m.Suggested = v.String(), false
		}
	}
	return m
}

// suggested are the fields that a note would propose, as they would then be.
func suggested(p trial.Prediction) map[string]decisions.Value {
	if p.Action != decisions.Suggested {
		return nil
	}
	for _, pipe := range slices.Backward(p.Pipes) {
		if pipe.Action == decisions.Suggested {
			return pipe.Target
		}
	}
	return nil
}

func (r *Result) addLabel(p trial.Prediction) {
	label, confidence := p.Label()
	if label == "" {
		return
	}
	i := slices.IndexFunc(r.Labels, func(t LabelTotal) bool { return t.Label == label })
	if i < 0 {
		i = len(r.Labels)
		r.Labels = append(r.Labels, LabelTotal{Label: label})
	}
	t := &r.Labels[i]
	t.Confidence = (t.Confidence*float64(t.Tickets) + confidence) / float64(t.Tickets+1)
	t.Tickets++
}

func (r *Result) order() {
	rank := make(map[string]int)
	for i, a := range append(decisions.Actions(), trial.NotTried, trial.Failed) {
		rank[string(a)] = i
	}
	byRank := func(a, b Count) int { return cmp.Or(rank[a.Name]-rank[b.Name], strings.Compare(a.Name, b.Name)) }
	slices.SortFunc(r.Actions, byRank)
	for i := range r.Runners {
		slices.SortFunc(r.Runners[i].Actions, byRank)
	}
	slices.SortFunc(r.Runners, func(a, b RunnerTotal) int { return strings.Compare(a.Runner, b.Runner) })
	slices.SortFunc(r.Moves, func(a, b Move) int {
		return cmp.Or(b.Tickets-a.Tickets, strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(a.String(), b.String()))
	})
	slices.SortFunc(r.Labels, func(a, b LabelTotal) int { return cmp.Or(b.Tickets-a.Tickets, strings.Compare(a.Label, b.Label)) })
	for _, list := range []*[]RunnerTotal{&r.Runners} {
		if *list == nil {
			*list = []RunnerTotal{}
		}
	}
}

// clean keeps secrets out of what people read.
func (r *Result) clean(redact func(string) string) {
	for i := range r.Predictions {
		r.Predictions[i].Reason = redact(r.Predictions[i].Reason)
	}
	for i := range r.Runners {
		r.Runners[i].Error = redact(r.Runners[i].Error)
	}
	for _, list := range [][]Reason{r.NotFound, r.NotTried} {
		for i := range list {
			list[i].Why = redact(list[i].Why)
		}
	}
}
