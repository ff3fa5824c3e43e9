package app

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func TestUntilEmptySaysAllThatIsNotDone(t *testing.T) {
	for name, c := range map[string]struct {
		left store.Counts
		says string
	}{
		"all is done":            {store.Counts{Standings: map[store.Standing]int{store.Handled: 9, store.StandingLeft: 2}}, ""},
		"set aside":              {store.Counts{Standings: map[store.Standing]int{store.Aside: 2}}, "2 tickets are set aside"},
		"dead":                   {store.Counts{Standings: map[store.Standing]int{store.StandingDead: 3}}, "3 are dead"},
		"what waits for a cause": {store.Counts{Standings: map[store.Standing]int{store.Aside: 4}, Waiting: map[string]int{store.ReasonCause: 4}}, "0 tickets are set aside, 0 are dead, 4 wait for a cause"},
		"the system fails":       {store.Counts{Waiting: map[string]int{store.ReasonSystem: 5}}, "5 because the system fails"},
		"tickets can't be read":  {store.Counts{Waiting: map[string]int{store.ReasonGone: 6}}, "6 can't be read"},
		"what ends in a moment":  {store.Counts{Waiting: map[string]int{store.ReasonUntil: 1, store.ReasonBusy: 1}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := undone(c.left)
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}
