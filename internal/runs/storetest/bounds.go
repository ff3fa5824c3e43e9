package storetest

import (
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// pauses: what is due of a paused runner isn't taken, by whatever way, but for what has an
// intent.
func pauses(f *fixture) {
	idle, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: idle, End: &store.End{State: store.Waiting, Reason: store.ReasonPaused, DueAt: now(f)}})
	if k := f.ticket("1"); k.Working || k.Run != idle.Run {
		f.Errorf("a run that waits for its runner has its ticket as %+v", k)
	}
	open, _ := f.begin(f.host, "2")
	f.commit(store.Batch{
		Held: open, Effects: []store.Effect{{Key: "e", State: store.Intent, System: system, Ticket: "2"}},
		End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now(f) + 1},
	})
	for _, runners := range [][]string{{runner}, {""}, {runner, ""}} {
		for _, name := range runners {
			added, err := f.Store.Pause(f.ctx, name)
			f.must(err)
			again, err := f.Store.Pause(f.ctx, name)
			f.must(err)
			if !added || again {
				f.Errorf("a pause of %q was added: %v, then again: %v", name, added, again)
			}
		}
		all, err := f.Store.Pauses(f.ctx)
		f.must(err)
		if len(all) != len(runners) || !store.Paused(all, runner) || all[0].Since == 0 {
			f.Errorf("the pauses are %+v", all)
		}
		time.Sleep(time.Millisecond)
		l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
		f.must(err)
		if l == nil || l.Run.ID != open.Run {
			f.Fatalf("%v: taken was %+v, want the run that has an intent", runners, l)
		}
		if l, _, err := f.Store.Take(f.ctx, f.host, runner, hash); err != nil || l != nil {
			f.Fatalf("%v: then %+v, %v", runners, l, err)
		}
		_, err = f.Store.TakeRun(f.ctx, f.host, idle.Run, f.load(idle.Run).Run.Fence)
		f.wantErr(err, store.ErrFence)
		open.Fence = l.Run.Fence
		f.commit(store.Batch{Held: open, End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now(f) + 1}})
		ended, err := f.Store.Resume(f.ctx, "")
		f.must(err)
		if len(ended) != len(runners) {
			f.Errorf("%d pauses ended, want %d", len(ended), len(runners))
		}
	}
	if _, err := f.Store.Pause(f.ctx, "other"); err != nil {
		f.Fatal(err)
	}
	l, err := f.Store.TakeRun(f.ctx, f.host, idle.Run, f.load(idle.Run).Run.Fence)
	f.must(err)
	if l.Run.Attempts != 0 {
		f.Errorf("%d attempts were charged", l.Run.Attempts)
	}
	if ended, err := f.Store.Resume(f.ctx, runner); err != nil || len(ended) != 0 {
		f.Errorf("a pause of another runner ended: %v, %v", ended, err)
	}
	names, err := f.Store.Runners(f.ctx)
	f.must(err)
	if len(names) != 2 || names[0] != "other" || names[1] != runner {
		f.Errorf("the runners are %q", names)
	}
}
