package runs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func begun(ticket, intent string) store.Effect {
	return store.Effect{
		Key: "earlier update " + ticket + " " + intent, Step: "earlier", Operation: "update", System: "desk", Service: "otobo", Ticket: ticket,
		State: store.Intent, Intent: []byte(intent), Record: []byte(`{"after":1}`), Begun: 1,
	}
}

// inheriting begins a process that takes over what an earlier release had begun.
func (d *desk) inheriting(effects ...store.Effect) {
	d.t.Helper()
	old := d.engine
	close(old.closing)
	old.cancel()
	old.done.Wait()
	old.places.close()
	d.engine = New(Options{
		Store: d.store, Logger: slog.New(slog.NewTextHandler(d.log, nil)), Host: store.Host{Instance: "here"},
		Finish: func(ctx context.Context, s gate.Step, e store.Effect) error { return d.finish(ctx, s, e) },
		Inherit: func(ctx context.Context, keep func(context.Context, []store.Effect) error) error {
			return keep(ctx, effects)
		},
	})
	if err := d.engine.Open(d.t.Context(), []*orchestrator.Place{d.place, d.items}); err != nil {
		d.t.Fatal(err)
	}
}

func TestWhatAnEarlierReleaseHadBegunIsARunForEachTicket(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		var mu sync.Mutex
		var finished []string
		waits := true
		d.finish = func(ctx context.Context, s gate.Step, e store.Effect) error {
			mu.Lock()
			defer mu.Unlock()
			finished = append(finished, e.Ticket+" "+string(e.Intent))
			if waits && e.Ticket == "2" {
				s.Waits(gate.Wait{Reason: store.ReasonUntil, Until: d.engine.now() + (45 * time.Second).Microseconds()})
				return gate.ErrStopped
			}
			e.State = store.Done
			s.Later(store.Batch{Effects: []store.Effect{e}})
			return nil
		}
		effects := []store.Effect{begun("1", "{}"), begun("2", `{"a":1}`), begun("2", `{"b":2}`)}
		d.inheriting(effects...)
		time.Sleep(10 * time.Second)
		mu.Lock()
		slices.Sort(finished)
		if len(finished) != 2 || finished[0] != "1 {}" || finished[1] != `2 {"a":1}` {
			t.Fatalf("finished %q", finished)
		}
		waits = false
		mu.Unlock()
		// Who runs until all is done waits for what waits.
		if _, ok := d.mayBeNext(d.place); ok {
			t.Error("a runner is given it")
		}
		if soon, err := d.engine.Soon(t.Context(), d.place); err != nil || !soon {
			t.Errorf("nothing is left to do while a write of an earlier release waits: %v", err)
		}
		all := d.runs(store.Filter{})
		if len(all) != 2 || all[0].Runner != "" {
			t.Fatalf("runs are %+v", all)
		}
		// Nobody else writes to a ticket that waits.
		_, busy, err := d.store.ClaimOne(t.Context(), store.Held{Run: "x", Host: d.engine.hostID(), Fence: 1},
			&store.Run{ID: "x", Runner: "sort", State: store.Running, Owner: d.engine.hostID(), Fence: 1}, store.Ticket{Runner: "sort", System: "desk", Ticket: "2"})
		if err != nil || !busy {
			t.Errorf("another run may work at the ticket: %v", err)
		}

		// The journal is read again, as after a crash before it was put aside.
		d.inheriting(effects...)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		if len(finished) != 4 || finished[2] != `2 {"a":1}` || finished[3] != `2 {"b":2}` {
			t.Errorf("finished %q", finished)
		}
		for _, r := range d.runs(store.Filter{}) {
			if r.State != store.Ended || r.Outcome != store.Applied {
				t.Errorf("run is %+v", r)
			}
		}
		d.mayBeNext(d.place)
		if soon, err := d.engine.Soon(t.Context(), d.place); err != nil || soon {
			t.Errorf("something is left to do at the end: %v", err)
		}
		d.inheriting()
	})
}

func TestAProcessThatCanNotInheritDoesNotBegin(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		taken := errors.New("the process before still runs")
		e := New(Options{
			Store: d.store, Host: store.Host{Instance: "there"},
			Inherit: func(context.Context, func(context.Context, []store.Effect) error) error { return taken },
		})
		if err := e.Open(t.Context(), nil); !errors.Is(err, taken) {
			t.Errorf("error is %v", err)
		}
	})
}
