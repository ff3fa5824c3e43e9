package storetest

import (
	"errors"
	"fmt"
	"sync"
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
	none, _ := f.beginOf(f.host, "", "3") // as what `otai revert` puts back
	f.commit(store.Batch{Held: none, End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now(f) + 1}})
	for _, runners := range [][]string{{runner}, {""}, {runner, ""}} {
		for _, name := range runners {
			added, err := f.Store.Pause(f.ctx, store.Pause{Runner: name})
			f.must(err)
			again, err := f.Store.Pause(f.ctx, store.Pause{Runner: name})
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
		of, _, err := f.Store.Take(f.ctx, f.host, "", hash)
		f.must(err)
		if of == nil || of.Run.ID != none.Run || store.Paused(all, "") {
			f.Fatalf("%v: of no runner %+v was taken, want what no pause is about", runners, of)
		}
		none.Fence = of.Run.Fence
		f.commit(store.Batch{Held: none, End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now(f) + 1}})
		open.Fence = l.Run.Fence
		f.commit(store.Batch{Held: open, End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now(f) + 1}})
		ended, err := f.Store.Resume(f.ctx, "")
		f.must(err)
		if len(ended) != len(runners) {
			f.Errorf("%d pauses ended, want %d", len(ended), len(runners))
		}
	}
	if _, err := f.Store.Pause(f.ctx, store.Pause{Runner: "other"}); err != nil {
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

// places: a ticket takes one, once an hour; of many that want the last ones at one time only as
// many get one as there are; to go on after a pause for want of them gives as many again.
func places(f *fixture) {
	const perHour = 5
	held := make([]store.Held, 3*perHour)
	for i := range held {
		held[i], _ = f.begin(f.host, fmt.Sprint("t", i))
	}
	try := func(i int, ticket string) error {
		_, err := f.Store.Commit(f.ctx, store.Batch{
			Held: held[i], Durable: true, Place: &store.Place{Service: "desk", Ticket: ticket, PerHour: perHour},
			Effects: []store.Effect{{Key: "e" + ticket, State: store.Intent, System: system, Ticket: ticket}}, Begin: &store.Begin{Effect: "e" + ticket, Lasts: time.Minute},
		})
		return err
	}
	all := func() (got int) {
		f.Helper()
		errs := make([]error, len(held))
		var wait sync.WaitGroup
		for i := range held {
			wait.Go(func() { errs[i] = try(i, fmt.Sprint("t", i)) })
		}
		wait.Wait()
		for i, err := range errs {
			switch has := len(f.load(held[i].Run).Effects) == 1; {
			case err == nil && has:
				got++
			case !errors.Is(err, store.ErrFull) || has:
				f.Errorf("run %d: %v, and its intent is stored: %v", i, err, has)
			}
		}
		return got
	}
	if n := all(); n != perHour {
		f.Fatalf("%d of %d got one of %d places", n, len(held), perHour)
	}
	if n := all(); n != perHour {
		f.Fatalf("then %d had one: a ticket counts once an hour", n)
	}
	pause := store.Pause{Runner: runner, Service: "desk", PerHour: perHour}
	added, err := f.Store.Pause(f.ctx, store.Pause{Runner: runner})
	f.must(err)
	full, err := f.Store.Pause(f.ctx, pause)
	f.must(err)
	again, err := f.Store.Pause(f.ctx, pause)
	f.must(err)
	if !added || !full || again {
		f.Errorf("a person's pause was added: %v, one for want of places: %v, the same again: %v", added, full, again)
	}
	pause.Runner = "other"
	_, err = f.Store.Pause(f.ctx, pause)
	f.must(err)
	for _, name := range []string{runner, "other"} { // the second one gives no further ones
		time.Sleep(time.Millisecond)
		ended, err := f.Store.Resume(f.ctx, name)
		f.must(err)
		if len(ended) != 1 || ended[0].Service != "desk" || ended[0].PerHour != perHour {
			f.Errorf("what ended is %+v", ended)
		}
	}
	if n := all(); n != 2*perHour {
		f.Fatalf("after the resume %d have one, want %d", n, 2*perHour)
	}
	if f.Advance == nil {
		return
	}
	f.Advance(time.Hour + time.Second)
	if err := try(0, "later"); err != nil {
		f.Errorf("an hour later: %v", err)
	}
	// A clock that is set back makes the bound neither none nor one that lasts until then.
	next := 0
	more := func(when string, want int) {
		f.Helper()
		for got := 0; ; got++ {
			next++
			err := try(0, fmt.Sprint("clock", next))
			if err == nil && got <= want {
				continue
			}
			if !errors.Is(err, store.ErrFull) || got != want {
				f.Fatalf("%s %d places are left, want %d: %v", when, got, want, err)
			}
			return
		}
	}
	resume := func() {
		f.Helper()
		pause.Runner = runner
		_, err := f.Store.Pause(f.ctx, pause)
		f.must(err)
		time.Sleep(time.Millisecond)
		_, err = f.Store.Resume(f.ctx, runner)
		f.must(err)
	}
	more("in the hour", perHour-1)
	f.Advance(-2 * time.Hour)
	more("set back, full", 0)
	resume()
	more("resumed", perHour)
	resume()
	f.Advance(-2 * time.Hour)
	more("set back after it was resumed", perHour)
	f.Advance(time.Hour + time.Second)
	more("an hour after that", perHour)
	f.Advance(365 * 24 * time.Hour)
	more("set forward", perHour)
	f.Advance(-365 * 24 * time.Hour)
	more("set back to what it was", 0)
	_, err = f.Store.Pause(f.ctx, pause) // as a write does that finds no place
	f.must(err)
	f.Advance(time.Hour + time.Second)
	more("an hour later", perHour)
}
