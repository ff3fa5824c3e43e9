package orchestrator_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// queue is a place where steps find work, one ticket a search.
type queue struct {
	mu       sync.Mutex
	left     int
	searches int
	idle     int // searches that found nothing
	done     int
	working  int
	most     int
}

func (q *queue) search(context.Context, api.Scope) (any, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.searches++
	if q.left == 0 {
		q.idle++
		return nil, nil
	}
	q.left--
	return "a ticket", nil
}

func (q *queue) work(_ context.Context, s api.Scope) (any, error) {
	if r, _ := s.Result("search"); r.Data["value"] == nil {
		return nil, nil
	}
	q.mu.Lock()
	q.working++
	q.most = max(q.most, q.working)
	q.mu.Unlock()
	time.Sleep(time.Second)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working--
	q.done++
	return nil, nil
}

func (q *queue) runner(workers int, on map[string]any) map[string]any {
	return when("r", on, seq("run", do("search", "search", nil), do("work", "work", nil)), "workers", workers)
}

// nap ends with ctx.
func nap(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

func runFor(t *testing.T, e *orchestrator.Engine, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := e.Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestOneRunnerNeverWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var quick atomic.Int64
		e := newHooked(t, hooks{
			"slow":  func(ctx context.Context, _ api.Scope) (any, error) { nap(ctx, time.Minute); return nil, nil },
			"quick": func(context.Context, api.Scope) (any, error) { quick.Add(1); return nil, nil },
		}, nil, root(when("a", do("", "", true), do("", "slow", nil)), when("b", do("", "", true), do("", "quick", nil))), orchestrator.Options{})
		runFor(t, e, 30*time.Second)
		if n := quick.Load(); n < 29 {
			t.Errorf("in 30 s beside a slow runner the other one ran %d times, want once a second", n)
		}
	})
}

func TestWorkersBeginRunsUnderOneFiring(t *testing.T) {
	for name, c := range map[string]struct {
		workers, tickets, most, done int
		forget                       bool
	}{
		"one worker works as ever":          {workers: 1, tickets: 100, most: 1, done: 5},
		"four work at four tickets":         {workers: 4, tickets: 100, most: 4, done: 20},
		"nothing begins that isn't claimed": {workers: 4, tickets: 2, most: 2, done: 2},
		"without records one is at work":    {workers: 4, tickets: 100, most: 1, done: 5, forget: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, l := &queue{left: c.tickets}, newLedger()
				l.claims = "run/search"
				o := orchestrator.Options{Runs: l}
				if c.forget {
					o.Runs = nil
				}
				// A firing every two seconds, in which a run takes one.
				began := time.Now()
				last := time.Duration(-1)
				on := func(context.Context, api.Scope) (any, error) {
					slot := time.Since(began) / (2 * time.Second)
					fires := slot != last
					last = slot
					return fires, nil
				}
				e := newHooked(t, hooks{"on": on, "search": q.search, "work": q.work}, nil, root(q.runner(c.workers, do("", "on", nil))), o)
				runFor(t, e, 10*time.Second-time.Millisecond)
				if q.most != c.most || q.done != c.done {
					t.Errorf("%d tickets were done, at most %d at one time; want %d and %d", q.done, q.most, c.done, c.most)
				}
			})
		})
	}
}

func TestAnEmptyQueueIsSearchedOnceAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := &queue{}, newLedger()
		l.claims = "run/search"
		e := newHooked(t, hooks{"search": q.search, "work": q.work}, nil, root(q.runner(8, do("", "", true))), orchestrator.Options{Runs: l})
		runFor(t, e, 10*time.Second+time.Millisecond)
		if q.searches != 11 {
			t.Errorf("searched %d times in 10 s with a pause of 1 s, want 11", q.searches)
		}
	})
}

func TestNoWorkerWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// One ticket takes a minute. The other workers go on.
		l := newLedger()
		l.claims = "run/search"
		var n, done atomic.Int64
		e := newHooked(t, hooks{
			"search": func(context.Context, api.Scope) (any, error) { return fmt.Sprint(n.Add(1)), nil },
			"work": func(ctx context.Context, s api.Scope) (any, error) {
				if r, _ := s.Result("search"); r.Data["value"] == "1" {
					nap(ctx, time.Minute)
				}
				nap(ctx, time.Second)
				done.Add(1)
				return nil, nil
			},
		}, nil, root((&queue{}).runner(2, do("", "", true))), orchestrator.Options{Runs: l})
		runFor(t, e, 30*time.Second)
		if d := done.Load(); d < 14 {
			t.Errorf("beside one that takes a minute, %d tickets were done in 30 s", d)
		}
	})
}

func TestASingleCycleUsesAllWorkersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := &queue{left: 100}, newLedger()
		l.claims, l.soon = "run/search", 30
		began := time.Now()
		e := newHooked(t, hooks{"search": q.search, "work": q.work}, nil, root(q.runner(4, do("", "", true))), orchestrator.Options{Runs: l, Once: true})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if q.done != 4 || q.most != 4 {
			t.Errorf("%d tickets were done, at most %d at one time; want 4 and 4", q.done, q.most)
		}
		if took := time.Since(began); took < 3500*time.Millisecond || took > 5*time.Second {
			t.Errorf("took %v: what goes on soon is not waited for", took)
		}
	})
}

func TestASingleCycleCallsTheRunnersInTheirOrder(t *testing.T) {
	var order []string
	say := func(name string) func(context.Context, api.Scope) (any, error) {
		return func(context.Context, api.Scope) (any, error) { order = append(order, name); return nil, nil }
	}
	e := newHooked(t, hooks{"a": say("a"), "b": say("b"), "c": say("c")}, nil,
		root(when("", do("", "", true), do("", "a", nil)), when("", do("", "", true), do("", "b", nil)), do("", "c", nil)), orchestrator.Options{Once: true})
	if err := e.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestUntilEmptyEndsWhenNoRunnerFindsATicket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// What the second runner does gives the first one more to do.
		first, second, l := &queue{left: 10}, &queue{left: 5}, newLedger()
		l.claims = "run/search"
		hand := func(ctx context.Context, s api.Scope) (any, error) {
			v, err := second.work(ctx, s)
			if r, _ := s.Result("search"); r.Data["value"] != nil {
				first.mu.Lock()
				first.left++
				first.mu.Unlock()
			}
			return v, err
		}
		never := do("", "", false)
		e := newHooked(t, hooks{"search": first.search, "work": first.work, "search2": second.search, "work2": hand}, nil, root(
			first.runner(4, never),
			when("r2", never, seq("run", do("search", "search2", nil), do("work2", "work2", nil))),
		), orchestrator.Options{Runs: l, UntilEmpty: true})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if first.done != 15 || second.done != 5 {
			t.Errorf("%d and %d tickets were done, want 15 and 5", first.done, second.done)
		}
	})
}

// What stands in the configuration is made again by each firing: it is nothing that was
// found.
func TestUntilEmptyEndsWhereALoopsItemsAreNoTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := &queue{left: 3}, newLedger()
		l.claims = "run/search"
		var done atomic.Int64
		count := func(context.Context, api.Scope) (any, error) { done.Add(1); return nil, nil }
		each := step("each", "t:For", map[string]any{"items": []any{"a", "b"}, "steps": []any{do("item", "item", nil)}})
		e := newHooked(t, hooks{"search": q.search, "work": q.work, "item": count}, nil,
			root(when("constant", do("", "", false), seq("run", each)), q.runner(2, do("", "", false))), orchestrator.Options{Runs: l, UntilEmpty: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := e.Run(ctx); err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
		// Once more for each ticket that was claimed or done meanwhile, at the most.
		if q.done != 3 || done.Load() == 0 || done.Load() > 2*(1+2*3) {
			t.Errorf("%d of 3 tickets were done, and %d items", q.done, done.Load())
		}
	})
}

func TestUntilEmptyEndsAtAnErrorThatDoesNotPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := &queue{left: 3}, newLedger()
		l.claims = "run/search"
		e := newHooked(t, hooks{"search": q.search, "work": q.work, "bad": func(context.Context, api.Scope) (any, error) { return nil, api.ErrDenied }}, nil,
			root(when("bad", do("", "", true), do("", "bad", nil)), q.runner(2, do("", "", false))), orchestrator.Options{Runs: l, UntilEmpty: true})
		if err := e.Run(t.Context()); !errors.Is(err, api.ErrDenied) {
			t.Errorf("got %v", err)
		}
		if q.done != 3 {
			t.Errorf("beside it %d of 3 were done", q.done)
		}
	})
}

func TestUntilEmptyNeedsRecords(t *testing.T) {
	if _, err := orchestrator.New(orchestrator.Definition{}, orchestrator.Options{UntilEmpty: true}); err == nil {
		t.Error("there is no error")
	}
}

func TestWorkersThatMeetTheSameOutagePauseOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := newLedger()
		l.claims = "run/search"
		up := time.Now().Add(20 * time.Second)
		var tries, done atomic.Int64
		e := newHooked(t, hooks{"search": (&queue{left: 1 << 30}).search, "work": func(context.Context, api.Scope) (any, error) {
			tries.Add(1)
			time.Sleep(time.Second)
			if time.Now().Before(up) {
				return nil, api.ErrTemporary
			}
			done.Add(1)
			return nil, nil
		}}, &log, root((&queue{}).runner(4, do("", "", true))), orchestrator.Options{Runs: l})
		runFor(t, e, 2*time.Minute)
		if strings.Count(log.String(), "level=ERROR") != 1 || strings.Count(log.String(), "works again") != 1 {
			t.Errorf("one outage is logged as\n%s", log.String())
		}
		if done.Load() < 100 {
			t.Errorf("after the outage %d were done", done.Load())
		}
	})
}

// bring makes an earlier run due, whose search has a result.
func (l *ledger) bring() {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.places[0]
	l.due[p] = append(l.due[p], &entry{l: l, resumed: true})
	select {
	case l.ready[p] <- struct{}{}:
	default:
	}
}

func TestAnOutageIsOverOnlyWhereItWas(t *testing.T) {
	for name, c := range map[string]struct {
		search func(context.Context, api.Scope) (any, error)
		work   func(context.Context, api.Scope) (any, error)
	}{
		"runs succeed while the search fails":        {search: func(context.Context, api.Scope) (any, error) { return nil, api.ErrTemporary }},
		"searches find nothing while each run fails": {work: func(context.Context, api.Scope) (any, error) { return nil, api.ErrTemporary }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				var searches, works, tries atomic.Int64
				up := time.Now().Add(10 * time.Minute)
				hook := func(n *atomic.Int64, fails func(context.Context, api.Scope) (any, error)) func(context.Context, api.Scope) (any, error) {
					return func(ctx context.Context, s api.Scope) (any, error) {
						n.Add(1)
						if fails == nil || time.Now().After(up) {
							return nil, nil
						}
						tries.Add(1)
						return fails(ctx, s)
					}
				}
				l := newLedger()
				l.claims, l.kept = "run/search", map[string]any{"run/search": "a ticket"}
				e := newHooked(t, hooks{"search": hook(&searches, c.search), "work": hook(&works, c.work)}, &log, root((&queue{}).runner(1, do("", "", true))), orchestrator.Options{Runs: l})
				go func() {
					for range 800 {
						time.Sleep(time.Second)
						l.bring()
					}
				}()
				runFor(t, e, 15*time.Minute)
				if strings.Count(log.String(), "level=ERROR") != 1 || strings.Count(log.String(), "works again") != 1 {
					t.Errorf("one outage is logged as\n%s", log.String())
				}
				if c.search != nil && tries.Load() > 30 {
					t.Errorf("the search was tried %d times in ten minutes: pauses don't grow", tries.Load())
				}
			})
		})
	}
}

func TestOneInstanceIsNeverRunTwiceAtOnceUnlessItSaysSo(t *testing.T) {
	for use, want := range map[string]int{"t:Alone": 1, "t:Locked": 1, "t:Do": 4, "t:Shared": 4} {
		t.Run(use, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, l := &queue{left: 100}, newLedger()
				l.claims = "run/search"
				run := seq("run", do("search", "search", nil), step("work", use, map[string]any{"text": "work"}))
				e := newHooked(t, hooks{"search": q.search, "work": q.work}, nil, root(when("r", do("", "", true), run, "workers", 4)), orchestrator.Options{Runs: l})
				runFor(t, e, 10*time.Second)
				if q.most != want {
					t.Errorf("%d at one time, want %d", q.most, want)
				}
			})
		})
	}
}

func TestAfterAStopNothingBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, l := &queue{left: 100}, newLedger()
		l.claims = "run/search"
		e := newHooked(t, hooks{"search": q.search, "work": q.work}, nil, root(q.runner(3, do("", "", true))), orchestrator.Options{Runs: l})
		began := time.Now()
		runFor(t, e, 500*time.Millisecond)
		if took := time.Since(began); q.done != 3 || took > 1100*time.Millisecond {
			t.Errorf("%d of 3 ended, after %v", q.done, took)
		}
		want := []string{"succeeded <nil>", "succeeded <nil>", "succeeded <nil>"}
		if diff := cmp.Diff(want, l.ends); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALoopMakesEachItemARun(t *testing.T) {
	for name, forget := range map[string]bool{"with records": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger()
				o := orchestrator.Options{Runs: l, Once: true}
				if forget {
					o.Runs = nil
				}
				var mu sync.Mutex
				var seen []string
				working, most := 0, 0
				see := func(_ context.Context, s api.Scope) (any, error) {
					item, _ := s.ParentParams()["item"].(map[string]any)
					found, _ := s.Result("search")
					mu.Lock()
					seen = append(seen, fmt.Sprint(item["id"], " ", found.Data))
					working++
					most = max(most, working)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					working--
					mu.Unlock()
					return nil, nil
				}
				var counts any
				count := func(_ context.Context, s api.Scope) (any, error) {
					r, _ := s.Result("each")
					counts = r.Data["count"]
					return nil, nil
				}
				var items []any
				for i := range 10 {
					items = append(items, map[string]any{"id": fmt.Sprint(i)})
				}
				each := step("each", "t:For", map[string]any{"items": items, "workers": 3, "steps": []any{do("see", "see", nil)}})
				e := newHooked(t, hooks{"see": see, "count": count}, nil, root(seq("s", step("search", "t:Search", map[string]any{}), each, do("after", "count", nil))), o)
				began := time.Now()
				if err := e.Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); most != 3 || took.Round(time.Second) != 4*time.Second {
					t.Errorf("%d at one time; took %v", most, took)
				}
				slices.Sort(seen)
				if len(seen) != 10 || seen[3] != "3 map[found:2]" {
					t.Errorf("the items saw %q", seen)
				}
				if counts != int64(10) {
					t.Errorf("the step after it saw the count %v", counts)
				}
			})
		})
	}
}

func TestALoopInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		var done, working, most atomic.Int64
		work := func(context.Context, api.Scope) (any, error) {
			if w := working.Add(1); w > most.Load() {
				most.Store(w)
			}
			time.Sleep(time.Second)
			working.Add(-1)
			done.Add(1)
			return nil, nil
		}
		items := []any{"a", "b", "c", "d", "e", "f", "g", "h"}
		inner := step("inner", "t:For", map[string]any{"items": items, "steps": []any{do("work", "work", nil)}})
		e := newHooked(t, hooks{"work": work}, nil, root(step("outer", "t:For", map[string]any{"items": items, "steps": []any{inner}})), orchestrator.Options{Runs: l, Once: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := e.Run(ctx); err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
		if done.Load() != 64 || most.Load() != 4 {
			t.Errorf("%d of 64 items, at most %d at one time", done.Load(), most.Load())
		}
		if len(l.places) != 3 || l.places[2].Loop != l.places[1] || l.places[1].Loop != l.places[0] || l.places[2].Runner != l.places[0].Runner {
			t.Errorf("the places are %+v", l.places)
		}
	})
}

func TestEachItemOfALoopHasAKeyOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		items []any
		key   string
		want  string
	}{
		"texts go by their number":    {[]any{"a", "a"}, "", ""},
		"ids":                         {[]any{map[string]any{"id": 1}, map[string]any{"id": 2}}, "", ""},
		"only some have an id":        {[]any{map[string]any{"id": "x"}, map[string]any{"name": "y"}}, "", ""},
		"an id twice":                 {[]any{map[string]any{"id": 1}, map[string]any{"id": 1}}, "", `items 0 and 1 have the same key`},
		"texts by themselves":         {[]any{"a", "b"}, "item", ""},
		"a text twice":                {[]any{"a", "a"}, "item", `items 0 and 1 have the same key`},
		"a key that one doesn't have": {[]any{map[string]any{"n": 1}, map[string]any{"m": 2}}, "item.n", "item 1 has no such key with a text or a number"},
		"a key of texts":              {[]any{"a"}, "item.id", "item 0 has no such key"},
		"another key, further below":  {[]any{map[string]any{"id": 1, "q": map[string]any{"n": "x"}}, map[string]any{"id": 1, "q": map[string]any{"n": "y"}}}, "item.q.n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := newHooked(t, nil, nil, root(step("each", "t:For", map[string]any{"items": c.items, "key": c.key, "steps": []any{do("a", "", 1)}})), orchestrator.Options{Once: true})
			err := e.Run(t.Context())
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnErrorOfAnItemEndsALoopWithoutRecords(t *testing.T) {
	n := 0
	e := newHooked(t, hooks{"a": func(context.Context, api.Scope) (any, error) {
		n++
		return nil, api.ErrTemporary
	}}, nil, root(step("each", "t:For", map[string]any{"items": []any{"x", "y", "z"}, "workers": 1, "steps": []any{do("a", "a", 1)}})), orchestrator.Options{Once: true})
	if err := e.Run(t.Context()); !errors.Is(err, api.ErrTemporary) || n != 1 {
		t.Errorf("%d items ran: %v", n, err)
	}
}

func TestAStopDoesNotWaitForItemsThatNobodyWorksAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		items := []any{"a", "b", "c", "d", "e", "f", "g", "h"}
		e := newHooked(t, hooks{"work": func(context.Context, api.Scope) (any, error) { time.Sleep(time.Second); return nil, nil }}, nil,
			root(step("each", "t:For", map[string]any{"items": items, "workers": 2, "steps": []any{do("work", "work", nil)}})), orchestrator.Options{Runs: l})
		began := time.Now()
		runFor(t, e, 500*time.Millisecond)
		if took := time.Since(began); took > 1100*time.Millisecond {
			t.Errorf("took %v to stop", took)
		}
		if len(l.ends) != 3 || !strings.Contains(l.ends[2], context.Canceled.Error()) {
			t.Errorf("ended: %q", l.ends)
		}
	})
}

func TestNothingBeginsWhileRunsCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		q, l := &queue{left: 100}, newLedger()
		l.claims, l.down = "run/search", time.Now().Add(90*time.Second)
		e := newHooked(t, hooks{"search": q.search, "work": q.work}, &log, root(q.runner(1, do("", "", true)), when("b", do("", "", true), do("", "", 1))), orchestrator.Options{Runs: l})
		runFor(t, e, 89*time.Second)
		if l.begun != 0 {
			t.Errorf("%d runs began", l.begun)
		}
		e = newHooked(t, hooks{"search": q.search, "work": q.work}, &log, root(q.runner(1, do("", "", true))), orchestrator.Options{Runs: l})
		runFor(t, e, 2*time.Second+time.Millisecond)
		if l.begun == 0 {
			t.Error("a second after the end of the gap nothing has begun")
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 2 || strings.Count(log.String(), "kept again") != 1 {
			t.Errorf("two engines logged\n%s", log.String())
		}
	})
}

// shared is a ledger of one of several processes.
type shared struct {
	*ledger
	slots *slots
}

type slots struct {
	mu    sync.Mutex
	fired map[int64]bool
	ended int
	down  bool // the next question fails
}

func (s shared) Fire(_ context.Context, _ *orchestrator.Place, interval time.Duration) (bool, func(), error) {
	s.slots.mu.Lock()
	defer s.slots.mu.Unlock()
	if s.slots.down {
		s.slots.down = false
		return false, nil, errors.New("no connection")
	}
	slot := time.Now().UnixNano() / int64(interval)
	mine := !s.slots.fired[slot]
	s.slots.fired[slot] = true
	return mine, func() {
		s.slots.mu.Lock()
		defer s.slots.mu.Unlock()
		s.slots.ended++
	}, nil
}

func TestOfSeveralProcessesOneFiresInAnInterval(t *testing.T) {
	for name, down := range map[string]bool{"each time": false, "also when the store is away when the trigger succeeds": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				all := &slots{fired: map[int64]bool{}, down: down}
				on := step("", "t:Every", map[string]any{"interval": "PT1M"})
				var n atomic.Int64
				var processes sync.WaitGroup
				for range 3 {
					e := newHooked(t, hooks{"do": func(context.Context, api.Scope) (any, error) { n.Add(1); return nil, nil }}, nil,
						root(when("r", on, do("", "do", nil))), orchestrator.Options{Runs: shared{newLedger(), all}})
					processes.Go(func() { runFor(t, e, 10*time.Minute+10*time.Second) })
					time.Sleep(time.Second)
				}
				processes.Wait()
				if got := n.Load(); got < 9 || got > 11 || int(got) != all.ended {
					t.Errorf("three processes fired %d times in ten minutes, and ended %d firings", got, all.ended)
				}
			})
		})
	}
}

// overdue is what a run does whose request gets no answer for long.
func (l *ledger) overdue(n int) {
	l.mu.Lock()
	e := l.entries[n]
	l.mu.Unlock()
	e.overdue(time.Now())
}

func TestARunWhoseRequestIsOverdueGivesItsWorkerBack(t *testing.T) {
	for name, c := range map[string]struct {
		claims  string
		runs    int // in half a minute, with the one whose request takes a minute
		overdue bool
	}{
		"overdue":                       {claims: "run/search", overdue: true, runs: 27},
		"not overdue":                   {claims: "run/search", runs: 1},
		"overdue, and has claimed none": {overdue: true, runs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLedger()
				l.claims = c.claims
				var n, most, working atomic.Int64
				e := newHooked(t, hooks{
					"search": func(context.Context, api.Scope) (any, error) { return fmt.Sprint(n.Add(1)), nil },
					"work": func(ctx context.Context, s api.Scope) (any, error) {
						if r, _ := s.Result("search"); r.Data["value"] != "1" {
							most.Store(max(most.Load(), working.Add(1)))
							nap(ctx, 10*time.Millisecond)
							working.Add(-1)
							return nil, nil
						}
						nap(ctx, 3*time.Second)
						if c.overdue {
							l.overdue(0)
							l.overdue(0)
						}
						nap(ctx, time.Minute)
						return nil, nil
					},
				}, nil, root((&queue{}).runner(1, do("", "", true))), orchestrator.Options{Runs: l})
				runFor(t, e, 30*time.Second)
				if got := int(n.Load()); got != c.runs {
					t.Errorf("%d runs began, want %d", got, c.runs)
				}
				if c.runs > 1 && most.Load() != 1 {
					t.Errorf("%d others were at work at one time, want 1", most.Load())
				}
			})
		})
	}
}

// The pause to the next firing counts from the request that got no answer; a single cycle
// waits for it, and begins nothing else.
func TestASingleCycleWaitsForARunWhoseRequestIsOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		l.claims = "run/search"
		var n, done atomic.Int64
		began := time.Now()
		e := newHooked(t, hooks{
			"search": func(context.Context, api.Scope) (any, error) { return fmt.Sprint(n.Add(1)), nil },
			"work": func(ctx context.Context, _ api.Scope) (any, error) {
				l.overdue(0)
				nap(ctx, time.Minute)
				done.Add(1)
				return nil, nil
			},
		}, nil, root((&queue{}).runner(1, do("", "", true))), orchestrator.Options{Runs: l, Once: true})
		if err := e.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n.Load() != 1 || done.Load() != 1 || time.Since(began) < time.Minute {
			t.Errorf("%d runs began, %d ended, after %s", n.Load(), done.Load(), time.Since(began))
		}
	})
}
