package record

import (
	"encoding/json"
	"slices"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Said is what the steps of a run have said.
type Said struct {
	Classifications []decisions.Classification `json:"c,omitempty"`
	Pipes           []decisions.Pipe           `json:"p,omitempty"`
	Text            string                     `json:"t,omitempty"` // that was classified, where texts are kept
}

// Classify adds what a step has classified. What the same step said before stays beside it if
// something was written by it meanwhile, and it was another label or model.
func (s *Said) Classify(c decisions.Classification, wrote bool) {
	c.Scores = slices.Clone(c.Scores[:min(len(c.Scores), 3)])
	s.Classifications = slices.DeleteFunc(s.Classifications, func(had decisions.Classification) bool {
		same := had.Label == c.Label && had.Model == c.Model && had.Revision == c.Revision && had.SHA256 == c.SHA256
		return had.Step == c.Step && (same || !wrote)
	})
	c.Text = ""
	s.Classifications = append(s.Classifications, c)
}

// Decide adds what a step has decided, likewise.
func (s *Said) Decide(p decisions.Pipe, wrote bool) {
	s.Pipes = slices.DeleteFunc(s.Pipes, func(had decisions.Pipe) bool {
		return had.Step == p.Step && (!wrote || had.Action == p.Action && had.Label == p.Label)
	})
	s.Pipes = append(s.Pipes, p)
}

// Empty reports whether nobody has said anything.
func (s *Said) Empty() bool { return len(s.Classifications)+len(s.Pipes) == 0 && s.Text == "" }

// Step is how it is kept.
func (s *Said) Step() store.Step {
	text, err := json.Marshal(s)
	if err != nil { // a number that JSON doesn't have
		text = nil
	}
	return store.Step{Key: store.StepSaid, Params: string(text)}
}

// SaidOf is the way back.
func SaidOf(kept store.Step) (s Said) {
	if kept.Key != store.StepSaid || json.Unmarshal([]byte(kept.Params), &s) != nil {
		return Said{}
	}
	return s
}
