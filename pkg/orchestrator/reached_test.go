package orchestrator

import (
	"slices"
	"testing"
)

// TestWhatARunHasShownToWork: the end of a loop whose items all wait is none of its work.
func TestWhatARunHasShownToWork(t *testing.T) {
	for _, tt := range []struct {
		what              string
		due, empty, waits bool
		want              []phase
	}{
		{"a firing that claimed something", false, false, false, []phase{searching, working}},
		{"a firing that found nothing", false, true, false, []phase{searching}},
		{"a firing whose items all wait", false, false, true, []phase{searching}},
		{"a run that was due", true, false, false, []phase{working}},
		{"a run that was due, whose items all wait", true, false, true, nil},
	} {
		t.Run(tt.what, func(t *testing.T) {
			f := &firing{due: tt.due}
			f.waits.Store(tt.waits)
			if got := f.reached(tt.empty); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
