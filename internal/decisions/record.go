package decisions

import (
	"encoding/json"
	"fmt"
	"time"
)

// Record is what was decided about one ticket by the end of one run. Its key is (Run, Ticket,
// End).
type Record struct {
	Time   time.Time `json:"time"` // of the end, by the store's clock
	Run    string    `json:"run"`
	End    int       `json:"end"` // the how-manieth end of that run it is: 1, unless it was taken up again
	Runner string    `json:"runner"`
	Host   string    `json:"host"` // the machine
	System string    `json:"system"`
	Ticket string    `json:"ticket"` // its id
	Number string    `json:"number"` // as people know it; "" if it wasn't read
	Action Action    `json:"action"`
	Step   string    `json:"step"`   // at which it ended so; "" if at none
	Reason string    `json:"reason"` // for people

	Read            Read             `json:"read"`
	Classifications []Classification `json:"classifications"`
	Pipes           []Pipe           `json:"pipes"`
	Writes          []Write          `json:"writes"`

	Config   string            `json:"config"`   // hash of what the configuration says of the runner
	Versions map[string]string `json:"versions"` // of otai and its plugins

	// Only with infrastructure.decisions.keep_text.
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"` // that was classified
}

// An Action is what became of the ticket.
type Action string

// The actions, the strongest first.
const (
	Applied   Action = "applied"   // it was changed
	Suggested Action = "suggested" // a note says what could be done
	Refused   Action = "refused"   // the run is dead: it isn't tried again by itself
	Left      Action = "left"      // nothing was to be done
	Overtaken Action = "overtaken" // somebody changed it first
	Gone      Action = "gone"      // it was merged, or can't be read any more
	Canceled  Action = "canceled"  // a person gave the run up
	Reverted  Action = "reverted"  // `otai revert` put it back
	Settled   Action = "settled"   // what a record before called in doubt turned out to be done
)

// Actions are all of them, the strongest first.
func Actions() []Action {
	return []Action{Applied, Suggested, Refused, Left, Overtaken, Gone, Canceled, Reverted, Settled}
}

// Read is how the ticket was when the run read it.
type Read struct {
	Queue    *Value `json:"queue,omitempty"`
	Priority *Value `json:"priority,omitempty"`
	State    *Value `json:"state,omitempty"`
	Lock     string `json:"lock,omitempty"`
}

// Value is what a field has. An empty one has nothing. Of a text that isn't kept there is only
// a hash: equal texts have the same one.
type Value struct {
	Name string `json:"name,omitempty"`
	ID   string `json:"id,omitempty"`
	Hash string `json:"hash,omitempty"`
}

// String is the value for people.
func (v Value) String() string {
	switch {
	case v.Name != "":
		return v.Name
	case v.ID != "":
		return v.ID
	case v.Hash != "":
		return "(not kept)"
	}
	return "(none)"
}

// The names of fields in Old and New. Further fields of a ticket system are [Further].
const (
	Queue    = "queue"
	Priority = "priority"
	State    = "state"
	Owner    = "owner"
	Customer = "customer"
	Title    = "title"
)

// Further is the name of a further field.
func Further(name string) string { return "fields." + name }

// Classification is what a model said of a text.
type Classification struct {
	Step       string  `json:"step"`
	At         string  `json:"at"` // of the step in the configuration, as file:line:column
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
	Scores     []Score `json:"scores"` // the best three
	Truncated  bool    `json:"truncated"`
	Model      string  `json:"model"`
	Revision   string  `json:"revision"`
	SHA256     string  `json:"sha256"` // of the model's weights
	Text       string  `json:"-"`      // see [Record].Text
}

// Score is how sure the model is of one label.
type Score struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Pipe is what a pipe that decides has decided.
type Pipe struct {
	Step       string           `json:"step"`
	At         string           `json:"at"`
	Action     Action           `json:"action"` // applied, suggested or left
	Target     map[string]Value `json:"target"` // by field; empty: none
	Label      string           `json:"label"`
	Confidence float64          `json:"confidence"`
	Reason     string           `json:"reason"`
}

// Write is one write to the ticket.
type Write struct {
	Step      string           `json:"step"`
	At        string           `json:"at"`
	Operation string           `json:"operation"` // update, note, create, or once: a step that isn't repeated
	Old       map[string]Value `json:"old"`       // by field; one that isn't here wasn't known
	New       map[string]Value `json:"new"`       // by field
	Note      int              `json:"note"`      // how many notes were written
	Outcome   Outcome          `json:"outcome"`
}

// An Outcome is what is known of a write.
type Outcome string

// The outcomes of a write. Only what is done counts as written.
const (
	Done    Outcome = "done"
	InDoubt Outcome = "in doubt"
)

// Label is the label that decided, with its confidence: that of the last pipe that decided by
// one, else of the last classification. "" if there was none.
func (r Record) Label() (label string, confidence float64) {
	for i := len(r.Pipes) - 1; i >= 0; i-- {
		if r.Pipes[i].Label != "" {
			return r.Pipes[i].Label, r.Pipes[i].Confidence
		}
	}
	if n := len(r.Classifications); n > 0 {
		return r.Classifications[n-1].Label, r.Classifications[n-1].Confidence
	}
	return "", 0
}

// Complete gives the lists of a record that has none empty ones: they are never missing in JSON.
func (r Record) Complete() Record {
	if r.Classifications == nil {
		r.Classifications = []Classification{}
	}
	if r.Pipes == nil {
		r.Pipes = []Pipe{}
	}
	if r.Writes == nil {
		r.Writes = []Write{}
	}
	if r.Versions == nil {
		r.Versions = map[string]string{}
	}
	for i := range r.Classifications {
		if r.Classifications[i].Scores == nil {
			r.Classifications[i].Scores = []Score{}
		}
	}
	for i := range r.Pipes {
		if r.Pipes[i].Target == nil {
			r.Pipes[i].Target = map[string]Value{}
		}
	}
	for i, w := range r.Writes {
		if w.Old == nil {
			r.Writes[i].Old = map[string]Value{}
		}
		if w.New == nil {
			r.Writes[i].New = map[string]Value{}
		}
	}
	return r
}

// Encode makes bytes of a record.
func (r Record) Encode() ([]byte, error) {
	body, err := json.Marshal(r.Complete())
	if err != nil {
		return nil, fmt.Errorf("a decision: %w", err)
	}
	return body, nil
}

// Decode is the way back. The store knows when and which end of its run it was.
func Decode(body []byte, at time.Time, end int) (r Record, err error) {
	if err := json.Unmarshal(body, &r); err != nil {
		return r, fmt.Errorf("a decision in the run store: %w", err)
	}
	r.Time, r.End = at, end
	return r.Complete(), nil
}
