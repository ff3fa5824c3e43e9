package river

import (
	"context"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
)

// The sweep and River's scheduler, which do the same some seconds later, are not at work here.
func TestWhatIsDueSoonIsSaidToThoseWhoFetch(t *testing.T) {
	for name, ahead := range map[string]bool{
		"a scheduled job": false,
		"one that River's scheduler made available before it was due": true,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRuns(t, pgtest.Database(t), "a", false)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			listening, err := r.pool.Acquire(ctx)
			must(t, err)
			defer listening.Release()
			_, err = listening.Exec(ctx, `LISTEN "`+schema+insertTopic+`"`)
			must(t, err)

			work, stop := context.WithCancel(ctx)
			done := make(chan struct{})
			go func() { defer close(done); r.q.soon.run(work) }()
			defer func() { stop(); <-done }()
			r.add("runner", "h", 500*time.Millisecond, "run")
			if ahead {
				_, err := r.pool.Exec(ctx, `UPDATE otai.river_job SET state = 'available'`)
				must(t, err)
			}
			if _, err := listening.Conn().WaitForNotification(ctx); err != nil {
				t.Fatalf("no notification came: %v", err)
			}
			if n := r.count(`otai.river_job WHERE state = 'available' AND scheduled_at <= now()`); n != 1 {
				t.Errorf("%d jobs are available and due", n)
			}
		})
	}
}
