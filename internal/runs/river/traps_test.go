package river

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// T1: what a process that was frozen does when it wakes up concerns its own job alone.
func TestAnAttemptThatWasTakenOverEndsOnlyItsOwnJob(t *testing.T) {
	url := pgtest.Database(t)
	a, b := newRuns(t, url, "a", false), newRuns(t, url, "b", false)
	frozen, thaw := make(chan struct{}), make(chan struct{})
	a.hold = func(string) { close(frozen); <-thaw }
	inB, endB := make(chan struct{}), make(chan struct{})
	b.hold = func(string) { close(inB); <-endB }
	a.open(1, "h")
	a.add("runner", "h", 0, "run")
	<-frozen
	b.reap("a")
	b.open(1, "h")
	<-inB
	close(thaw)
	eventually(t, 5*time.Second, "a has nothing at work", func() bool {
		a.q.mu.Lock()
		defer a.q.mu.Unlock()
		return len(a.q.ours) == 0
	})
	time.Sleep(500 * time.Millisecond) // River's completer works in batches
	if n := a.count("otai.river_job WHERE state = 'running' AND args->>'fence' = '3'"); n != 1 {
		t.Errorf("%d jobs of b are running", n)
	}
	if n := a.count("otai.run WHERE state = 'running' AND owner = 'b'"); n != 1 {
		t.Errorf("b has %d runs", n)
	}
	close(endB)
	eventually(t, 5*time.Second, "b ends it", func() bool { return a.ended() == 1 })
	eventually(t, 5*time.Second, "b's job is completed", func() bool { return a.count("otai.river_job WHERE state = 'completed'") == 1 })
	if n := a.count("otai.river_job WHERE state = 'discarded'"); n != 1 {
		t.Errorf("%d jobs of a were ended by who took over", n)
	}
	if err := a.end(context.Background(), "run", 2, false); !errors.Is(err, store.ErrFence) {
		t.Errorf("a could end it: %v", err)
	}
	if n := a.count("otai.run WHERE attempts = 2"); n != 1 {
		t.Error("there were other attempts")
	}
}
