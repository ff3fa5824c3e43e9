package river

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func TestMain(m *testing.M) {
	if url := os.Getenv("OTAI_TEST_HOST"); url != "" {
		hostMain(url) // see hosts_test.go
		return
	}
	pgtest.Main(m)
}

const schema = "otai"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pool(t testing.TB, url string, pollOnly bool) *pgxpool.Pool {
	t.Helper()
	p, err := Connect(context.Background(), url, pollOnly)
	must(t, err)
	t.Cleanup(p.Close)
	return p
}

// runs is as much of a run store as a queue needs: who has a run, by its fence.
type runs struct {
	t    testing.TB
	pool *pgxpool.Pool
	q    *Queue
	host string

	mu    sync.Mutex
	begun map[string]int // attempts that this host began
	hold  func(run string)
}

func makeTable(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS otai.run (id text PRIMARY KEY, runner text, hash text, owner text, fence bigint,
		state text, due_at bigint, attempts int DEFAULT 0, begun bool DEFAULT false)`)
	return err
}

func newRuns(t testing.TB, url, host string, pollOnly bool) *runs {
	t.Helper()
	p := pool(t, url, pollOnly)
	must(t, Migrate(context.Background(), p, schema, makeTable))
	r := &runs{t: t, pool: p, host: host, begun: make(map[string]int)}
	q, err := New(Options{Pool: p, Schema: schema, DueFor: r.dueFor, PollOnly: pollOnly, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	r.q = q
	return r
}

func (r *runs) dueFor(ctx context.Context, longer time.Duration) ([]store.ReadyRun, error) {
	rows, err := r.pool.Query(ctx, `SELECT id, runner, hash, fence, due_at, begun FROM otai.run
		WHERE state = 'ready' AND due_at < (extract(epoch FROM now()) * 1000000)::bigint - $1 ORDER BY due_at LIMIT 500`, longer.Microseconds())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[store.ReadyRun])
}

// add makes runs that are due after a pause.
func (r *runs) add(runner, hash string, after time.Duration, ids ...string) {
	r.t.Helper()
	ctx := context.Background()
	must(r.t, pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		now := r.now(tx)
		var ready []store.ReadyRun
		for _, id := range ids {
			if _, err := tx.Exec(ctx, `INSERT INTO otai.run (id, runner, hash, fence, state, due_at) VALUES ($1, $2, $3, 1, 'ready', $4)`,
				id, runner, hash, now+after.Microseconds()); err != nil {
				return err
			}
			ready = append(ready, store.ReadyRun{Run: id, Runner: runner, Hash: hash, Fence: 1, DueAt: now + after.Microseconds()})
		}
		return r.q.Due(ctx, tx, now, ready)
	}))
}

func (r *runs) now(tx pgx.Tx) (now int64) {
	must(r.t, tx.QueryRow(context.Background(), `SELECT (extract(epoch FROM now()) * 1000000)::bigint`).Scan(&now))
	return now
}

// take is [store.Store.TakeRun]. It may have been stored though its answer got lost.
func (r *runs) take(ctx context.Context, run string, fence int64) (bool, error) {
	tag, err := r.pool.Exec(ctx, `UPDATE otai.run SET state = 'running', owner = $3, fence = $2 + 1, attempts = attempts + 1, begun = true
		WHERE id = $1 AND (fence = $2 AND state = 'ready' OR fence = $2 + 1 AND state = 'running' AND owner = $3)`, run, fence, r.host)
	return tag.RowsAffected() == 1, err
}

// end ends an attempt; again makes the run due once more.
func (r *runs) end(ctx context.Context, run string, fence int64, again bool) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		state := "ended"
		if again {
			state = "ready"
		}
		tag, err := tx.Exec(ctx, `UPDATE otai.run SET state = $4 WHERE id = $1 AND fence = $2 AND owner = $3 AND state = 'running'`, run, fence, r.host, state)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return store.ErrFence
		}
		if again {
			var ready store.ReadyRun
			if err := tx.QueryRow(ctx, `SELECT id, runner, hash, fence, due_at, begun FROM otai.run WHERE id = $1`, run).
				Scan(&ready.Run, &ready.Runner, &ready.Hash, &ready.Fence, &ready.DueAt, &ready.Begun); err != nil {
				return err
			}
			if err := r.q.Due(ctx, tx, r.now(tx), []store.ReadyRun{ready}); err != nil {
				return err
			}
		}
		return r.q.Over(ctx, tx, run)
	})
}

// reap takes the runs of a dead host.
func (r *runs) reap(host string) {
	r.t.Helper()
	must(r.t, r.free(context.Background(), `owner = $1`, host))
}

// free makes running runs ready, with a new fence.
func (r *runs) free(ctx context.Context, which string, arg any) error {
	return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE otai.run SET state = 'ready', owner = '', fence = fence + 1 WHERE `+which+` AND state = 'running'
			RETURNING id, runner, hash, fence, due_at, begun`, arg)
		if err != nil {
			return err
		}
		ready, err := pgx.CollectRows(rows, pgx.RowToStructByPos[store.ReadyRun])
		if err != nil {
			return err
		}
		var now int64
		if err := tx.QueryRow(ctx, `SELECT (extract(epoch FROM now()) * 1000000)::bigint`).Scan(&now); err != nil {
			return err
		}
		return r.q.Due(ctx, tx, now, ready)
	})
}

func (r *runs) attempt(ctx context.Context, _ *orchestrator.Place, run string, fence int64) error {
	ok, err := r.take(ctx, run, fence)
	if err != nil || !ok {
		return err
	}
	r.mu.Lock()
	r.begun[run]++
	hold := r.hold
	r.mu.Unlock()
	if hold != nil {
		hold(run)
	}
	for {
		err := r.end(ctx, run, fence+1, false)
		if err == nil || errors.Is(err, store.ErrFence) || ctx.Err() != nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type placeOf = orchestrator.Place

func placesOf(workers int, hashes ...string) (places []*orchestrator.Place) {
	for _, hash := range hashes {
		places = append(places, &orchestrator.Place{Runner: "runner", Hash: hash, Workers: workers})
	}
	return places
}

func (r *runs) open(workers int, hashes ...string) {
	r.t.Helper()
	must(r.t, r.q.Open(context.Background(), placesOf(workers, hashes...), r.attempt))
	r.t.Cleanup(r.close)
}

func (r *runs) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.q.Close(ctx); err != nil {
		r.t.Error(err)
	}
}

func (r *runs) count(where string, a ...any) (n int) {
	_ = r.pool.QueryRow(context.Background(), `SELECT count(*) FROM `+where, a...).Scan(&n)
	return n
}

// eventually waits until it is so, and longer than that takes: a busy machine has more to do.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for within = 3 * within; !ok(); {
		if time.Since(began) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}

func (r *runs) ended() int { return r.count("otai.run WHERE state = 'ended'") }

func names(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("run%04d", i))
	}
	return ids
}

func TestEachRunIsCarriedOutOnceByTwoHosts(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	a, b := newRuns(t, url, "a", false), newRuns(t, url, "b", false)
	const n = 200
	a.add("runner", "h", 0, names(n)...)
	a.open(4, "h")
	b.open(4, "h")
	eventually(t, 20*time.Second, "all ended", func() bool { return a.ended() == n })
	if got := a.count("otai.run WHERE attempts <> 1"); got != 0 {
		t.Errorf("%d runs have not had one attempt", got)
	}
	if len(a.begun) == 0 || len(b.begun) == 0 {
		t.Errorf("one host did all: %d, %d", len(a.begun), len(b.begun))
	}
	eventually(t, 5*time.Second, "all jobs are completed", func() bool { return a.count("otai.river_job WHERE state <> 'completed'") == 0 })
}

func TestAHostIsGivenOnlyWhatItCanContinue(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	a, b := newRuns(t, url, "a", false), newRuns(t, url, "b", false)
	a.open(2, "old")
	b.open(2, "new")
	a.add("runner", "old", 0, "o1", "o2", "o3")
	a.add("runner", "new", 0, "n1", "n2", "n3")
	eventually(t, 10*time.Second, "all ended", func() bool { return a.ended() == 6 })
	if len(a.begun) != 3 || a.begun["n1"] != 0 || len(b.begun) != 3 || b.begun["o1"] != 0 {
		t.Errorf("a did %v, b did %v", a.begun, b.begun)
	}
}
