package runs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/pgtest"
	"github.com/open-ticket-ai/otai/internal/runs/postgres"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Leases: one that a test waits for the end of, and one that no machine is too busy to renew.
const (
	ending  = 4 * time.Second
	lasting = time.Minute
)

// patience is for what comes by itself, however busy the machine is.
const patience = 2 * time.Minute

// deaf is the store of a host that can't renew its lease for a while.
type deaf struct {
	store.Store
	cut atomic.Bool
}

func (s *deaf) Renew(ctx context.Context, host string) error {
	if s.cut.Load() {
		return store.ErrUnavailable
	}
	return s.Store.Renew(ctx, host)
}

// host is a process at a database that others share.
type host struct {
	*desk
	deaf *deaf
}

// database is a store that several processes share.
func database(t *testing.T) store.Store {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "CREATE SCHEMA otai"); err != nil {
			return err
		}
		return postgres.Migrate(t.Context(), tx, "otai")
	}); err != nil {
		t.Fatal(err)
	}
	s, err := postgres.Open(t.Context(), postgres.Options{Pool: pool, Schema: "otai"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hosts are processes, each of an instance of its own.
func hosts(t *testing.T, leases ...time.Duration) []*host {
	t.Helper()
	s := database(t)
	var all []*host
	for i, lease := range leases {
		h := &host{deaf: &deaf{Store: s}}
		place := &orchestrator.Place{Runner: "sort", Path: "p", Hash: "h1", Workers: 1}
		items := &orchestrator.Place{Runner: "sort", Path: "p.each", Hash: "h1each", Workers: 4, Loop: place}
		h.desk = &desk{t: t, store: s, place: place, items: items, log: &logBuffer{}}
		h.engine = New(Options{
			Store: h.deaf, Logger: slog.New(slog.NewTextHandler(h.log, nil)),
			Host: store.Host{Instance: string(rune('a' + i)), Lease: lease},
		})
		if err := h.engine.Open(t.Context(), []*orchestrator.Place{place, items}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := h.engine.Close(ctx); err != nil {
				t.Error(err)
			}
		})
		all = append(all, h)
	}
	return all
}

// soon is the run that comes to be due at a host.
func (h *host) soon() *run {
	h.t.Helper()
	return h.soonAt(h.place)
}

func (h *host) soonAt(p *orchestrator.Place) *run {
	h.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if r, ok := h.mayBeNext(p); ok {
			return r
		}
	}
	h.t.Fatalf("no run is due within %s", patience)
	return nil
}

func TestAnotherHostTakesOverWhatAHostThatDoesNotRenewHeld(t *testing.T) {
	t.Parallel()
	both := hosts(t, ending, 5*ending)
	a, b := both[0], both[1]
	r := a.begin()
	a.does(r, "fetch", a.fetch("1"))
	a.does(r, "write", a.write("1"))
	a.does(r, "next", nil)
	a.deaf.cut.Store(true)
	taken := b.soon()
	if taken.row.ID != r.row.ID {
		t.Fatal("another run is due")
	}
	// The frozen one wakes up, before it knows.
	sent := false
	_, _, err := a.step(r, "note", "p", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		_, err := a.write("1")(ctx, s)
		sent = err == nil
		return api.PipeResult{}, err
	})
	if sent || !errors.Is(err, store.ErrFence) {
		t.Errorf("it sends a request: %v, error %v", sent, err)
	}
	if err := stored(r, r.End(t.Context(), api.PipeResult{}, err)); err != nil {
		t.Errorf("its end is an error: %v", err)
	}
	for _, key := range []string{"fetch", "write"} {
		if _, called, err := b.step(taken, key, "p", nil); called || err != nil {
			t.Errorf("%s: called again %v, error %v", key, called, err)
		}
	}
	b.end(taken)
	if got := b.ticket("1").Standing; got != store.Handled {
		t.Errorf("the ticket stands as %q", got)
	}
	a.deaf.cut.Store(false)
}

func TestAHostWhoseLeaseEndedKeepsItsOutcomesAndBeginsAgain(t *testing.T) {
	t.Parallel()
	a := hosts(t, ending)[0]
	before := a.engine.hostID()
	r := a.begin()
	a.does(r, "fetch", a.fetch("1"))
	a.does(r, "write", a.write("1")) // its outcome waits for the next step
	a.deaf.cut.Store(true)
	time.Sleep(ending + ending/2)
	a.deaf.cut.Store(false)
	again := a.soon()
	if again.row.ID != r.row.ID || a.engine.hostID() == before {
		t.Fatalf("run %s of host %s", again.row.ID, a.engine.hostID())
	}
	if f := again.effects; len(f) != 1 || f[0].State != store.Done {
		t.Errorf("effects %+v", f)
	}
	if _, called, err := a.step(again, "write", "p", nil); called || err != nil {
		t.Errorf("called again %v, error %v", called, err)
	}
	if err := stored(r, r.End(t.Context(), api.Success(nil), nil)); err != nil {
		t.Errorf("the lost attempt: %v", err)
	}
	a.end(again)
	if n := a.log.count("didn't renew its lease in time"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
}

func TestAHostLeavesWhatItHeldToOthersAtOnce(t *testing.T) {
	t.Parallel()
	both := hosts(t, lasting, lasting)
	a, b := both[0], both[1]
	r := a.begin()
	a.does(r, "fetch", a.fetch("1"))
	left := time.Now()
	if err := a.engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.engine.cancel = nil
	if taken := b.soon(); taken.row.ID != r.row.ID || taken.row.Deaths != 0 || time.Since(left) >= lasting {
		t.Errorf("the run is %+v", taken.row)
	} else {
		b.does(taken, "fetch", b.fetch("1"))
		b.end(taken)
	}
}

func TestItemsThatNoWorkerHasTimeForGoToAllHosts(t *testing.T) {
	t.Parallel()
	both := hosts(t, lasting, lasting)
	a, b := both[0], both[1]
	secret := func(text string) string { return strings.ReplaceAll(text, "hunter2", "***") }
	a.engine.o.Redact = secret
	r := a.begin()
	a.does(r, "fetch", a.fetch("1", "2", "3"))
	items := tickets("1", "2", "3")
	items[2].Value.(map[string]any)["body"] = "hunter2" // stays in its process
	ended := make(chan orchestrator.Tally)
	began := time.Now()
	go func() {
		tally, err := a.each(r, items)
		if err != nil {
			t.Error(err)
		}
		ended <- tally
	}()
	work := func(h *host, item *run, want string) {
		t.Helper()
		if got, _ := item.Item(); got.Ticket != want {
			t.Fatalf("item %q comes, want %s", got.Ticket, want)
		}
		h.does(item, "write", h.write(want))
		h.end(item)
	}
	work(a, a.soonAt(a.items), "1")
	second, early := b.mayBeNext(b.items)
	if early && time.Since(began) < shareAfter {
		t.Error("another host gets an item at once")
	}
	if !early {
		second = b.soonAt(b.items)
	}
	work(b, second, "2")
	work(a, a.soonAt(a.items), "3")
	if tally := <-ended; tally.Applied != 3 {
		t.Errorf("the tally is %+v", tally)
	}
	a.end(r)
}

// RUNS 25: a loop doesn't wait for an item that has no answer at another host, once that is
// unusually long; it does for one that was sent a moment ago.
func TestALoopDoesNotWaitForAnItemThatIsOverdueAtAnotherHost(t *testing.T) {
	t.Parallel()
	both := hosts(t, lasting, lasting)
	a, b := both[0], both[1]
	r := a.begin()
	a.does(r, "fetch", a.fetch("1", "2"))
	type end struct {
		tally orchestrator.Tally
		at    time.Time
	}
	ended := make(chan end, 1)
	go func() {
		tally, err := a.each(r, tickets("1", "2"))
		if err != nil {
			t.Error(err)
		}
		ended <- end{tally, time.Now()}
	}()
	own := a.soonAt(a.items)
	elsewhere := b.soonAt(b.items)
	a.does(own, "write", a.write("1"))
	a.end(own)
	b.does(elsewhere, "write", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		sent := time.Now()
		if result, err := b.intent("2")(ctx, s); err != nil {
			return result, err
		}
		select {
		case got := <-ended:
			if want := (orchestrator.Tally{Count: 2, Applied: 1, Waiting: 1}); got.tally != want {
				t.Errorf("the tally is %+v, want %+v", got.tally, want)
			}
			if took := got.at.Sub(sent); took < overdueElsewhere {
				t.Errorf("the loop went on %s after the request", took)
			}
		case <-time.After(patience):
			t.Error("the loop waits for the answer")
		}
		f := s.Effects()[0]
		f.State = store.Done
		s.Later(store.Batch{Durable: true, Effects: []store.Effect{f}})
		return api.Success(nil), nil
	})
	b.end(elsewhere)
	a.end(r)
	for _, id := range []string{"1", "2"} {
		if got := a.ticket(id).Standing; got != store.Handled {
			t.Errorf("ticket %s stands as %q", id, got)
		}
	}
}

// brought is a queue whose jobs the test brings.
type brought struct {
	silent
	attempt func(context.Context, *orchestrator.Place, string, int64) error
}

func (q *brought) Open(_ context.Context, _ []*orchestrator.Place, attempt func(context.Context, *orchestrator.Place, string, int64) error) error {
	q.attempt = attempt
	return nil
}

// RUNS 25: a job lasts as long as the run has a worker, so one whose request is overdue
// leaves its place in the queue to another.
func TestTheJobOfARunWhoseRequestIsOverdueEnds(t *testing.T) {
	t.Parallel()
	for name, overdue := range map[string]bool{"overdue": true, "answered": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			former := hosts(t, lasting)[0]
			left := former.begin()
			former.does(left, "fetch", former.fetch("1"))
			if err := former.engine.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			former.engine.cancel = nil
			now := former.loaded(left.row.ID).Run
			q := &brought{}
			e := New(Options{Store: former.deaf, Queue: q, Host: store.Host{Instance: "b", Lease: time.Minute}})
			if err := e.Open(t.Context(), []*orchestrator.Place{former.place}); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := e.Close(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			over := make(chan error, 1)
			go func() { over <- q.attempt(t.Context(), former.place, now.ID, now.Fence) }()
			b := &desk{t: t, store: former.store, place: former.place, engine: e}
			for until := time.Now().Add(patience); b.loaded(now.ID).Run.State != store.Running && time.Now().Before(until); {
				time.Sleep(10 * time.Millisecond) // else a process that begins takes it without a job
			}
			var r *run
			for until := time.Now().Add(patience); r == nil && time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
				r, _ = b.mayBeNext(b.place)
			}
			if r == nil {
				t.Fatal("the run that is brought isn't due")
			}
			ended := func(within time.Duration) bool {
				select {
				case err := <-over:
					over <- err
					return err == nil
				case <-time.After(within):
					return false
				}
			}
			worker := false
			r.OnOverdue(func(time.Time) { worker = true })
			b.does(r, "write", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
				if ended(100 * time.Millisecond) {
					t.Error("the job ends before the request is overdue")
				}
				if overdue {
					s.Overdue(time.Now())
					if !ended(patience) || !worker {
						t.Error("the job goes on, or the worker")
					}
				}
				return b.write("1")(ctx, s)
			})
			b.end(r)
			if !ended(patience) {
				t.Error("the job goes on when its run has ended")
			}
			if got := b.ticket("1").Standing; got != store.Handled {
				t.Errorf("the ticket stands as %q", got)
			}
		})
	}
}

// TestAReadingIsGivenUpWhenTheRunIsLost: else a process that had no database for a while
// asks the help desk on for runs that another one has finished.
func TestAReadingIsGivenUpWhenTheRunIsLost(t *testing.T) {
	t.Parallel()
	a := hosts(t, lasting)[0]
	r := a.begin()
	a.does(r, "fetch", a.fetch("1"))
	_, _, err := a.step(r, "read", "p", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
		ctx, done := s.WhileHeld(ctx)
		defer done()
		r.drop(context.Background())
		select {
		case <-ctx.Done():
			return api.PipeResult{}, context.Cause(ctx)
		case <-time.After(patience):
			return api.PipeResult{}, nil
		}
	})
	if !errors.Is(err, store.ErrFence) {
		t.Errorf("error %v", err)
	}
	if err := r.End(t.Context(), api.PipeResult{}, err); err != nil {
		t.Errorf("its end is an error: %v", err)
	}
}

// silent is a queue that brings nothing.
type silent struct{}

func (silent) Open(context.Context, []*orchestrator.Place, func(context.Context, *orchestrator.Place, string, int64) error) error {
	return nil
}
func (silent) Close(context.Context) error { return nil }

func TestWhatWasDueBeforeAProcessBeganGoesFirst(t *testing.T) {
	t.Parallel()
	former := hosts(t, lasting)[0]
	left := make(map[string]bool)
	for _, ticket := range []string{"1", "2"} {
		r := former.begin()
		former.does(r, "fetch", former.fetch(ticket))
		left[r.row.ID] = true
	}
	if err := former.engine.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	former.engine.cancel = nil
	e := New(Options{Store: former.deaf, Queue: silent{}, Host: store.Host{Instance: "b", Lease: time.Minute}})
	if err := e.Open(t.Context(), []*orchestrator.Place{former.place}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for range 2 {
		r, ok, err := e.Next(t.Context(), former.place)
		if err != nil || !ok {
			t.Fatalf("of what is due it takes nothing: %v", err)
		}
		delete(left, r.(*run).row.ID)
		if err := r.End(t.Context(), api.Success(nil), nil); err != nil {
			t.Error(err)
		}
	}
	if len(left) > 0 {
		t.Errorf("%v aren't taken", left)
	}
	if _, ok, err := e.Next(t.Context(), former.place); ok || err != nil || !e.places.of(former.place).looked() {
		t.Errorf("more is taken: %v, error %v", ok, err)
	}
}
