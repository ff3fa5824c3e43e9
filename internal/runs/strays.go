package runs

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// A run that begins anew with another configuration has effects of steps that this one
// doesn't have: those of a step that was moved, or of the form with one update for all.

// call is the number of a call in a step's key.
var call = lazyregexp.New(`#[0-9]+(/|$)`)

func withoutCalls(key string) string { return call.ReplaceAllString(key, "$1") }

// passes says that the attempt has a step behind it.
func (r *run) passes(s orchestrator.Step) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed[ends.LastName(withoutCalls(s.Key))] = true
}

// Strays implements [gate.Step]. Those of a step with the same name come first; one whose
// name a step has that is still to come is kept for that.
func (s *step) Strays(system, ticket string) []store.Effect {
	if len(s.r.p.Steps) == 0 {
		return nil
	}
	names := make(map[string]bool)
	for key := range s.r.p.Steps {
		names[ends.LastName(key)] = true
	}
	own := ends.LastName(withoutCalls(s.s.Key))
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	var same, others []store.Effect
	for _, f := range s.r.effects {
		of := withoutCalls(f.Step)
		if f.State != store.Done || f.System != system || f.Ticket != ticket || s.r.p.Steps[of] {
			continue
		}
		switch name := ends.LastName(of); {
		case name == own:
			same = append(same, f)
		case !names[name] || s.r.passed[name]:
			others = append(others, f)
		}
	}
	return slices.Concat(same, others)
}

// Counts implements [gate.Step]: from now on the effect is one of this step.
func (s *step) Counts(f store.Effect) {
	f.Step = s.s.Key
	s.Later(store.Batch{Effects: []store.Effect{f}})
}
