package gate

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What an earlier release had begun is looked at at once, and what is missing is sent as
// soon as its last request can't be at work any more.
func TestWhatAnEarlierReleaseHadBegunIsFinished(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		e, err := w.g.Begun(t.Context(), "desk", "1", time.Now(), queue("IT"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r := w.m.run("a")
		if err := r.Commit(t.Context(), store.Batch{Effects: []store.Effect{e}}); err != nil {
			t.Fatal(err)
		}
		w.d.change("1", api.TicketUpdate{Queue: &api.Entity{Name: "IT"}}) // it had come as far as that
		if err := w.g.Finish(t.Context(), r, e); !errors.Is(err, ErrStopped) || w.d.count("update") != 0 {
			t.Fatalf("at once: %v, %d updates", err, w.d.count("update"))
		}
		time.Sleep(defaultTimeout + defaultLate)
		again := w.m.run("a")
		if err := w.g.Finish(t.Context(), again, again.Effects()[0]); err != nil {
			t.Fatal(err)
		}
		if got := w.d.copy("1"); got.Queue.Name != "IT" || len(got.Notes) != 2 || w.d.count("update") != 1 {
			t.Errorf("ticket is %+v after %d updates", got, w.d.count("update"))
		}
		if state := again.Effects()[0].State; state != store.Done {
			t.Errorf("the effect is %s", state)
		}
	})
}

// RUNS 37 and 15: no picture was kept, and what a person changed meanwhile stays so.
func TestWhatAPersonChangedSinceAnEarlierReleaseBeganStays(t *testing.T) {
	high, normal := &api.Entity{Name: "high"}, &api.Entity{Name: "normal"}
	moved := api.TicketUpdate{Queue: &api.Entity{Name: "IT"}}
	for name, c := range map[string]struct {
		after   []api.TicketUpdate // what was done to the ticket since
		updates int
		queue   string
		prio    string
		notes   int // of ours
	}{
		"nothing":                       {nil, 1, "IT", "high", 1},
		"our fields":                    {[]api.TicketUpdate{{Queue: moved.Queue, Priority: high}}, 1, "IT", "high", 1},
		"our fields, one changed since": {[]api.TicketUpdate{{Queue: moved.Queue, Priority: high}, {Priority: normal}}, 1, "IT", "normal", 1},
		"a person's other change":       {[]api.TicketUpdate{{Queue: &api.Entity{Name: "HR"}}}, 0, "HR", "normal", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, true, "1")
				u := queue("IT")
				u.Priority = high
				e, err := w.g.Begun(t.Context(), "desk", "1", time.Now(), u, nil)
				if err != nil {
					t.Fatal(err)
				}
				r := w.m.run("a")
				if err := r.Commit(t.Context(), store.Batch{Effects: []store.Effect{e}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				for _, change := range c.after {
					w.d.change("1", change)
				}
				if err := w.g.Finish(t.Context(), r, e); err != nil {
					t.Fatal(err)
				}
				got := w.d.copy("1")
				if got.Queue.Name != c.queue || got.Priority.Name != c.prio || w.d.count("update") != c.updates || w.d.notes("1") != c.notes {
					t.Errorf("%d updates, %d notes, the ticket is in %s with %s", w.d.count("update"), w.d.notes("1"), got.Queue.Name, got.Priority.Name)
				}
				if state := r.Effects()[0].State; state == store.Intent {
					t.Errorf("the effect is %s", state)
				}
			})
		})
	}
}

func TestWhatAServiceNoLongerThereHadBegunIsSaid(t *testing.T) {
	w := newWorld(t, true, "1")
	if _, err := w.g.Begun(t.Context(), "other", "1", time.Now(), queue("IT"), nil); err == nil {
		t.Error("no error")
	}
}

// The same update, taken over twice, is one effect.
func TestWhatWasBegunHasTheSameKeyEachTime(t *testing.T) {
	w := newWorld(t, true, "1", "2")
	var keys []string
	for _, to := range []string{"IT", "IT", "HR"} {
		e, err := w.g.Begun(t.Context(), "desk", "1", time.Time{}, queue(to), nil)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	if keys[0] != keys[1] || keys[1] == keys[2] || slices.Contains(keys, "") {
		t.Errorf("keys are %q", keys)
	}
}
