package orchestrator_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// at looks at an engine while it runs: after some time, or times.
func at(t *testing.T, e *orchestrator.Engine, looks map[time.Duration]func(orchestrator.PlaceState)) {
	t.Helper()
	last := time.Duration(0)
	for after, look := range looks {
		last = max(last, after)
		go func() {
			time.Sleep(after)
			look(e.State().Places[0])
		}()
	}
	runFor(t, e, last+time.Second)
}

func TestStateShowsWhatARunnerFindsAndWhetherItIsBusy(t *testing.T) {
	t.Run("what it finds, until a search finds nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, l := &queue{left: 10}, newLedger()
			l.claims = "run/search"
			e := newHooked(t, hooks{"search": q.search, "work": func(context.Context, api.Scope) (any, error) { return nil, nil }}, nil, root(q.runner(1, do("", "", true))), orchestrator.Options{Runs: l})
			at(t, e, map[time.Duration]func(orchestrator.PlaceState){
				5500 * time.Millisecond: func(p orchestrator.PlaceState) {
					if len(p.Found) < 3 || !p.Busy.IsZero() {
						t.Errorf("after 5 s: found %d times, busy since %v", len(p.Found), p.Busy)
					}
				},
				20 * time.Second: func(p orchestrator.PlaceState) {
					if len(p.Found) != 0 {
						t.Errorf("when nothing is left: found %d times", len(p.Found))
					}
				},
			})
		})
	})
	t.Run("what all that it found is worked at", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, l := &queue{left: 10}, newLedger()
			l.claims = "run/search"
			e := newHooked(t, hooks{"search": q.search, "work": func(ctx context.Context, _ api.Scope) (any, error) { nap(ctx, 35*time.Second); return nil, nil }}, nil, root(q.runner(4, do("", "", true))), orchestrator.Options{Runs: l})
			none := func(p orchestrator.PlaceState) {
				if len(p.Found) != 0 {
					t.Errorf("found %d times, and somebody works at each", len(p.Found))
				}
			}
			at(t, e, map[time.Duration]func(orchestrator.PlaceState){10 * time.Second: none, 34 * time.Second: none, 36 * time.Second: none, 38 * time.Second: func(p orchestrator.PlaceState) {
				if len(p.Found) == 0 {
					t.Error("found are none when the first ones have ended")
				}
			}})
		})
	})
	t.Run("a step that doesn't return", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, l := &queue{left: 10}, newLedger()
			l.claims = "run/search"
			e := newHooked(t, hooks{"search": q.search, "work": func(ctx context.Context, _ api.Scope) (any, error) { nap(ctx, time.Hour); return nil, nil }}, nil, root(q.runner(1, do("", "", true))), orchestrator.Options{Runs: l})
			at(t, e, map[time.Duration]func(orchestrator.PlaceState){40 * time.Second: func(p orchestrator.PlaceState) {
				if took := time.Since(p.Busy); took < 39*time.Second || took > 40*time.Second || p.Long == nil || p.Long.Step != "work" {
					t.Errorf("busy since %v, at %+v", took, p.Long)
				}
			}})
		})
	})
	t.Run("a search that fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q, l, down := &queue{left: 10}, newLedger(), errors.New("down")
			l.claims = "run/search"
			e := newHooked(t, hooks{"search": func(context.Context, api.Scope) (any, error) { return nil, down }, "work": q.work}, nil, root(q.runner(1, do("", "", true))), orchestrator.Options{Runs: l})
			at(t, e, map[time.Duration]func(orchestrator.PlaceState){30 * time.Second: func(p orchestrator.PlaceState) {
				if f := p.Failing; !errors.Is(f.Err, down) || !f.Searching || f.Attempts < 3 || time.Since(f.Since) < 29*time.Second || len(p.Found) != 0 {
					t.Errorf("%+v", f)
				}
			}})
		})
	})
}
