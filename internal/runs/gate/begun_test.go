package gate

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What an earlier release had begun is looked at at once, and what is missing is sent as
// soon as its last request can't be at work any more.
func TestWhatAnEarlierReleaseHadBegunIsFinished(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		e, err := w.g.Begun(t.Context(), "desk", "1", queue("IT"), nil)
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

func TestWhatAServiceNoLongerThereHadBegunIsSaid(t *testing.T) {
	w := newWorld(t, true, "1")
	if _, err := w.g.Begun(t.Context(), "other", "1", queue("IT"), nil); err == nil {
		t.Error("no error")
	}
}

// The same update, taken over twice, is one effect.
func TestWhatWasBegunHasTheSameKeyEachTime(t *testing.T) {
	w := newWorld(t, true, "1", "2")
	var keys []string
	for _, to := range []string{"IT", "IT", "HR"} {
		e, err := w.g.Begun(t.Context(), "desk", "1", queue(to), nil)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, e.Key)
	}
	if keys[0] != keys[1] || keys[1] == keys[2] || slices.Contains(keys, "") {
		t.Errorf("keys are %q", keys)
	}
}
