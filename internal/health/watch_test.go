package health_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
)

type reported struct{ lines []string }

func (l *reported) Stuck(path string, _ time.Time, why, _ string) {
	l.lines = append(l.lines, path+" is stuck: "+why)
}
func (l *reported) Flows(path string, _ time.Time) { l.lines = append(l.lines, path+" flows") }

// What is red has to be found in the log: each runner that is stuck is reported, unless the reason was said where it
// was found, and of each that isn't. Of one that is paused or waits for a service nothing is known.
func TestTheLogSaysWhichRunnersAreStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stuck atomic.Bool
		stuck.Store(true)
		facts := func(context.Context) health.Facts {
			at, since := time.Now(), time.Now().Add(-time.Minute)
			f := health.Facts{Now: at, Runners: []health.Runner{
				{Path: "works"},
				{Path: "paused", Paused: since},
				{Path: "waits", Needs: []string{"desk"}},
				{Path: "refused", Causes: []health.Cause{{Label: "queue", Since: since, Waiting: 2}}},
				{Path: "fails", Failing: health.Failing{Since: at, Err: "no answer"}},
			}}
			if stuck.Load() {
				f.Runners = append(f.Runners, health.Runner{Path: "blocked", Busy: since, At: "a step"})
			}
			return f
		}
		ctx, cancel := context.WithCancel(t.Context())
		var l reported
		done := make(chan struct{})
		go func() { defer close(done); health.Watch(ctx, facts, &l) }()
		time.Sleep(6 * time.Second)
		stuck.Store(false)
		time.Sleep(5 * time.Second)
		cancel()
		<-done
		want := []string{
			"works flows", "fails flows", "blocked is stuck: nothing of it has begun or ended since; a step",
			"works flows", "fails flows",
		}
		if !slices.Equal(l.lines, want) {
			t.Errorf("reported was\n%s", fmt.Sprint(l.lines))
		}
	})
}
