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
	t.Parallel()
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

// foreignLeader makes a process leader that does nothing, as one that was just killed.
func (r *runs) foreignLeader() {
	r.t.Helper()
	_, err := r.pool.Exec(context.Background(), `INSERT INTO otai.river_leader (elected_at, expires_at, leader_id, name)
		VALUES (now(), now() + interval '1 hour', 'dead', 'default')`)
	must(r.t, err)
}

// T5: River makes jobs available that are due only where there is a leader, and only every
// five seconds.
func TestNothingWaitsForRiversLeader(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	r.foreignLeader()
	r.open(1, "h")
	began := time.Now()
	r.add("runner", "h", 2*time.Second, "soon")
	eventually(t, 10*time.Second, "it is carried out", func() bool { return r.ended() == 1 })
	took := time.Since(began)
	if took < 2*time.Second {
		t.Errorf("due after 2s, ended after %s", took)
	}
	// What was taken over is due at once.
	_, err := r.pool.Exec(t.Context(), `INSERT INTO otai.run (id, runner, hash, owner, fence, state, due_at) VALUES ('taken', 'runner', 'h', 'dead', 2, 'running', 0)`)
	must(t, err)
	r.reap("dead")
	eventually(t, 10*time.Second, "it is carried out", func() bool { return r.ended() == 2 })
}

// T2, T3 and what River's UI can do: jobs get lost, runs don't.
func TestARunWhoseJobGotLostGetsAnother(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sql string }{
		{"its host died between the fetch and the beginning", `UPDATE otai.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '6 s', attempted_by = '{dead}'`},
		{"somebody deleted it", `DELETE FROM otai.river_job`},
		{"somebody canceled it", `UPDATE otai.river_job SET state = 'cancelled', finalized_at = now()`},
		{"it stands in another queue", `UPDATE otai.river_job SET queue = 'other'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRuns(t, pgtest.Database(t), "a", false)
			r.add("runner", "h", 0, "run")
			_, err := r.pool.Exec(t.Context(), test.sql)
			must(t, err)
			r.open(1, "h")
			took := eventually(t, 15*time.Second, "it is carried out", func() bool { return r.ended() == 1 })
			t.Logf("after %s", took)
			if n := r.count("otai.run WHERE attempts = 1"); n != 1 {
				t.Error("there were more attempts")
			}
		})
	}
}

// A backlog is not taken for something lost.
func TestWhatOnlyWaitsGetsNoSecondJob(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	r.add("runner", "h", 0, names(300)...)
	_, err := r.pool.Exec(t.Context(), `UPDATE otai.run SET due_at = due_at - 3600000000`)
	must(t, err)
	n, err := r.q.Recover(t.Context())
	if err != nil || n != 0 {
		t.Errorf("%d, %v", n, err)
	}
}

// T3: River's completer gives up after an outage; the rows that it leaves don't stay.
func TestAJobThatRiverCantCompleteIsEnded(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	r.open(1, "h")
	_, err := r.pool.Exec(t.Context(), `INSERT INTO otai.river_job (args, kind, max_attempts, queue, state, attempt, attempted_at, attempted_by)
		VALUES ('{"run": "old", "fence": 1}', 'run', 1, 'x', 'running', 1, now() - interval '1 minute', ARRAY[$1])`, r.q.client.ID())
	must(t, err)
	eventually(t, 15*time.Second, "it is discarded", func() bool { return r.count("otai.river_job WHERE state = 'discarded'") == 1 })
}

func TestWhatCantBeTakenNowIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	_, err := r.pool.Exec(t.Context(), `ALTER TABLE otai.run RENAME COLUMN attempts TO away`)
	must(t, err)
	r.add("runner", "h", 0, "run")
	r.open(1, "h")
	time.Sleep(time.Second)
	_, err = r.pool.Exec(t.Context(), `ALTER TABLE otai.run RENAME COLUMN away TO attempts`)
	must(t, err)
	eventually(t, 5*time.Second, "it is carried out", func() bool { return r.ended() == 1 })
	if n := r.count("otai.river_job"); n != 1 {
		t.Errorf("there are %d jobs", n)
	}
}

// RUNS 25: a run whose request is overdue gives its place to the next one. It has no job then,
// and isn't lost.
func TestARunThatGoesOnWithoutItsJobGetsNoSecondOne(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	r.add("runner", "h", 0, append([]string{"late"}, names(20)...)...)
	answered, ended := make(chan struct{}), make(chan error, 1)
	must(t, r.q.Open(t.Context(), placesOf(1, "h"), func(ctx context.Context, p *placeOf, run string, fence int64) error {
		if run != "late" {
			return r.attempt(ctx, p, run, fence)
		}
		ok, err := r.take(ctx, run, fence)
		if err != nil || !ok {
			return err
		}
		go func() {
			<-answered
			ended <- r.end(context.WithoutCancel(ctx), run, fence+1, false)
		}()
		return nil
	}))
	t.Cleanup(r.close)
	eventually(t, 10*time.Second, "the others ended", func() bool { return r.ended() == 20 })
	_, err := r.pool.Exec(t.Context(), `UPDATE otai.run SET due_at = due_at - 3600000000`)
	must(t, err)
	if n, err := r.q.Recover(t.Context()); err != nil || n != 0 {
		t.Errorf("%d runs get another job: %v", n, err)
	}
	close(answered)
	must(t, <-ended)
	if r.ended() != 21 || r.count("otai.run WHERE attempts <> 1") != 0 || r.count("otai.river_job") != 21 {
		t.Errorf("%d ended, %d with other than one attempt, %d jobs", r.ended(), r.count("otai.run WHERE attempts <> 1"), r.count("otai.river_job"))
	}
	eventually(t, 5*time.Second, "all jobs are completed", func() bool { return r.count("otai.river_job WHERE state <> 'completed'") == 0 })
}

func TestAFurtherAttemptHasAJobOfItsOwnAndGoesFirst(t *testing.T) {
	t.Parallel()
	r := newRuns(t, pgtest.Database(t), "a", false)
	var order []string
	again := true
	r.add("runner", "h", 0, "one", "two", "three")
	must(t, r.q.Open(t.Context(), placesOf(1, "h"), func(ctx context.Context, _ *placeOf, run string, fence int64) error {
		ok, err := r.take(ctx, run, fence)
		if err != nil || !ok {
			return err
		}
		order = append(order, run)
		once := again
		again = false
		return r.end(ctx, run, fence+1, once)
	}))
	t.Cleanup(r.close)
	eventually(t, 5*time.Second, "all ended", func() bool { return r.ended() == 3 })
	if len(order) != 4 || order[0] != "one" || order[1] != "one" {
		t.Errorf("the order was %v", order)
	}
	if n := r.count("otai.river_job"); n != 4 {
		t.Errorf("there are %d jobs", n)
	}
}
