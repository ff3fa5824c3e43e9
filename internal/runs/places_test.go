package runs

import (
	"testing"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// One of several workers finds nothing, and before it says so another one has a run wait: that
// becomes due all the same.
func TestALookForgetsNothingThatWasPlannedMeanwhile(t *testing.T) {
	const now = 1000
	for name, c := range map[string]struct {
		before, planned, found, want int64
	}{
		"the look found nothing":            {0, 5000, 0, 5000},
		"the look found something earlier":  {0, 5000, 3000, 3000},
		"the look found something later":    {0, 5000, 8000, 5000},
		"what was planned before was taken": {900, 5000, 0, 5000},
		"nothing was planned":               {0, 0, 7000, 7000},
		"what was planned is gone":          {4000, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := new(orchestrator.Place)
			ps := newPlaces([]*orchestrator.Place{p})
			defer ps.close()
			at := ps.of(p)
			if c.before != 0 {
				at.later(c.before, 0)
			}
			plans, may := at.look(now)
			if !may {
				t.Fatal("a place that is new isn't looked at")
			}
			if c.planned != 0 {
				at.later(c.planned, now)
			}
			at.idle(c.found, now, plans)
			if at.next != c.want {
				t.Errorf("the next look is at %d, want %d", at.next, c.want)
			}
		})
	}
}
