package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func keepsAndDrops(f *fixture) {
	for _, c := range []struct {
		outcome      store.Outcome
		done         bool
		steps        int
		doneIntent   bool
		openIntent   bool
		documentKept bool
	}{
		{store.Applied, true, 0, false, true, false},
		{store.Left, false, 0, false, true, false},
		{store.Dead, true, 1, true, true, true},
		{store.Dead, false, 0, false, true, false},
	} {
		held, _ := f.begin(f.host, fmt.Sprint("t", f.next))
		b := store.Batch{
			Held: held, Steps: []store.Step{{Key: "a", Result: []byte("r")}}, Documents: []store.Document{{Ticket: "1", Body: []byte("b")}},
			Effects: []store.Effect{{Key: "open", Operation: "note", State: store.Intent, Intent: []byte("i")}},
		}
		if c.done {
			b.Effects = append(b.Effects, store.Effect{Key: "done", Operation: "update", State: store.Done, Intent: []byte("i"), Outcome: []byte("o")})
		}
		f.commit(b)
		f.commit(store.Batch{Held: held, End: &store.End{State: store.Ended, Outcome: c.outcome}})
		l := f.load(held.Run)
		if len(l.Steps) != c.steps || len(l.Documents) == 1 != c.documentKept {
			f.Errorf("%s: %d steps and %d documents are kept", c.outcome, len(l.Steps), len(l.Documents))
		}
		for _, e := range l.Effects {
			want := e.Key == "open" && c.openIntent || e.Key == "done" && c.doneIntent
			if (e.Intent != nil) != want || e.Key == "done" && string(e.Outcome) != "o" {
				f.Errorf("%s: the effect is %+v", c.outcome, e)
			}
		}
	}
}

func updatesEffect(f *fixture) {
	held, _ := f.begin(f.host, "1")
	put := func(e store.Effect) store.Effect {
		f.Helper()
		e.Key, e.Operation, e.System, e.Ticket = "e", "note", system, "1"
		f.commit(store.Batch{Held: held, Durable: true, Effects: []store.Effect{e}})
		return f.load(held.Run).Effects[0]
	}
	put(store.Effect{State: store.Intent, Intent: []byte("i")})
	f.must(f.Store.Fence(f.ctx, held, "e", time.Minute, "b", 9))
	e := put(store.Effect{State: store.Intent, Record: []byte("rec")})
	if string(e.Intent) != "i" || string(e.Record) != "rec" || e.Begun == 0 || e.Until != e.Begun+60e6 || e.Boot != "b" {
		f.Errorf("a record alone left %+v", e)
	}
	e = put(store.Effect{State: store.Intent, Begun: e.Begun})
	if e.Until != 0 || e.Begun == 0 {
		f.Errorf("a connection that was refused left %+v", e)
	}
	e = put(store.Effect{State: store.Done, Outcome: []byte("o")})
	if e.State != store.Done || string(e.Intent) != "i" || string(e.Outcome) != "o" || e.Changed < e.Created {
		f.Errorf("an outcome left %+v", e)
	}
	if err := f.Store.Fence(f.ctx, held, "e", time.Minute, "", 0); err == nil {
		f.Error("a request was let through for what is done")
	}
	own, err := f.Store.OwnEffects(f.ctx, system, "1", 0)
	f.must(err)
	if len(own) != 1 || own[0].Run != held.Run {
		f.Errorf("own effects: %+v", own)
	}
	other, _ := f.begin(f.host, "own")
	f.commit(store.Batch{Held: other, Effects: []store.Effect{{Key: "e", State: store.Intent, System: system, Ticket: "own"}}})
	for begun := range 2 {
		if begun > 0 {
			f.must(f.Store.Fence(f.ctx, other, "e", time.Minute, "", 0))
		}
		if own, err := f.Store.OwnEffects(f.ctx, system, "own", now(f)); err != nil || len(own) != begun {
			f.Errorf("own effects of an intent that was begun %d times: %+v, %v", begun, own, err)
		}
	}
}

func canceled(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "old", State: store.Intent}}})
	f.must(f.Store.Fence(f.ctx, held, "old", time.Minute, "", 0))
	r, err := f.Store.Cancel(f.ctx, held.Run, store.VerbDiscard, nil)
	f.must(err)
	if r.State != store.Running || r.Cancel != store.VerbDiscard {
		f.Fatalf("a running run became %+v", r)
	}
	f.wantErr(f.Store.Fence(f.ctx, held, "old", time.Minute, "", 0), store.ErrCanceled)
	_, err = f.Store.Commit(f.ctx, store.Batch{Held: held, Effects: []store.Effect{{Key: "new", State: store.Intent}}})
	f.wantErr(err, store.ErrCanceled)
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "old", State: store.Done}}})
	f.commit(store.Batch{Held: held, End: &store.End{State: store.Ended, Outcome: store.Canceled}})
	if l := f.load(held.Run); len(l.Effects) != 1 || l.Run.Outcome != store.Canceled || l.Run.Cancel != "" {
		f.Errorf("it ended as %+v", l)
	}
}

func canceledIdle(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "sent", State: store.Intent, Intent: []byte("text")}}})
	f.must(f.Store.Fence(f.ctx, held, "sent", time.Minute, "", 0))
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	f.commit(store.Batch{Held: held, End: &store.End{State: store.Waiting, Reason: store.ReasonUntil, DueAt: now + 60e6}})
	r, err := f.Store.Cancel(f.ctx, held.Run, store.VerbDiscard, nil)
	f.must(err)
	if r.State != store.Waiting || r.Cancel != store.VerbDiscard || r.DueAt != now+60e6 {
		f.Errorf("a run whose request may be at work became %+v", r)
	}
	idle, _ := f.begin(f.host, "2")
	f.commit(store.Batch{Held: idle, End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: now + 60e6}})
	if r, err = f.Store.Cancel(f.ctx, idle.Run, store.VerbDiscard, nil); err != nil || r.State != store.Ended || r.Outcome != store.Canceled {
		f.Errorf("an idle run became %+v, %v", r, err)
	}
	if k := f.ticket("2"); k.Standing != store.Handled || k.Run != "" {
		f.Errorf("its ticket is %+v", k)
	}
	if _, err := f.Store.Cancel(f.ctx, "nobody", store.VerbDiscard, nil); err == nil {
		f.Error("a run that isn't there was canceled")
	}
}

// drops: what nobody can go on with ends, and hides no ticket from a runner that comes back.
func drops(f *fixture) {
	for ticket, c := range map[string]struct {
		state store.EffectState
		want  store.Standing
	}{"1": {store.Intent, store.Free}, "2": {store.Done, store.Handled}, "3": {store.Refused, store.Free}} {
		held, _ := f.begin(f.host, ticket)
		f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "e", State: store.Intent}}})
		f.must(f.Store.Fence(f.ctx, held, "e", time.Minute, "", 0))
		if r, err := f.Store.Cancel(f.ctx, held.Run, store.VerbDrop, nil); err != nil || r.State != store.Running || r.Cancel != "" {
			f.Errorf("a run that is worked at became %+v, %v", r, err)
		}
		f.commit(store.Batch{
			Held: held, Effects: []store.Effect{{Key: "e", State: c.state}}, End: &store.End{State: store.Waiting, Reason: store.ReasonAside},
			Tickets: []store.Ticket{{Runner: runner, System: system, Ticket: ticket, Run: held.Run, Fetched: true, Standing: store.Aside}},
		})
		r, err := f.Store.Cancel(f.ctx, held.Run, store.VerbDrop, nil)
		f.must(err)
		if k := f.ticket(ticket); r.Outcome != store.Canceled || k.Run != "" || k.Standing != c.want {
			f.Errorf("with an effect that is %s the run became %+v, its ticket %+v", c.state, r, k)
		}
		if e := f.load(held.Run).Effects[0]; e.State == store.Intent {
			f.Errorf("its effect is %+v", e)
		}
	}
}

func rejection(ticket string) *store.Rejection {
	return &store.Rejection{Runner: runner, Cause: "queue Raw", Label: "no right", Ticket: ticket}
}

func (f *fixture) waitsForCause(ticket string) store.Held {
	held, _ := f.begin(f.host, ticket)
	f.commit(store.Batch{Held: held, End: &store.End{State: store.Waiting, Reason: store.ReasonCause, Cause: "queue Raw"}})
	return held
}

func causes(f *fixture) {
	held, _ := f.begin(f.host, "0")
	for i, ticket := range []string{"1", "1", "1", "2", "3", "4"} {
		c := f.commit(store.Batch{Held: held, Rejection: rejection(ticket)})
		if closed := i >= 4; c.Closed != closed || closed && c.Logged == (i == 4) {
			f.Errorf("after %d: %+v", i, c)
		}
	}
	first, second := f.waitsForCause("5"), f.waitsForCause("6")
	list, err := f.Store.Causes(f.ctx)
	f.must(err)
	if len(list) != 1 || list[0].Waiting != 2 || list[0].Label != "no right" || list[0].Runner != runner {
		f.Errorf("causes: %+v", list)
	}
	if closed, err := f.Store.Closed(f.ctx); err != nil || !slices.Equal(closed, []string{"queue Raw"}) {
		f.Errorf("closed: %q, %v", closed, err)
	}
	f.wantDue()
	if tries, err := f.Store.TryCause(f.ctx, "queue Raw"); err != nil || tries {
		f.Errorf("it tries at once: %v, %v", tries, err)
	}
	if l, _, err := f.Store.Take(f.ctx, f.host, runner, hash); err != nil || l != nil {
		f.Errorf("took %+v, %v", l, err)
	}
	if f.Advance != nil {
		f.Advance(61 * time.Second)
		for _, want := range []store.Held{second, first, second} { // the latest of those that haven't tried first
			tries, err := f.Store.TryCause(f.ctx, "queue Raw")
			f.must(err)
			again, err := f.Store.TryCause(f.ctx, "queue Raw")
			f.must(err)
			l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
			f.must(err)
			if !tries || again || l == nil || l.Run.ID != want.Run || !l.Run.Try {
				f.Fatalf("tries %v, again %v, took %+v, want %s", tries, again, l, want.Run)
			}
			f.commit(store.Batch{Held: store.Held{Run: l.Run.ID, Host: f.host, Fence: l.Run.Fence}, End: &store.End{State: store.Waiting, Reason: store.ReasonCause, Cause: "queue Raw"}})
			f.Advance(61 * time.Second)
		}
	}
	f.commit(store.Batch{Held: held, Success: []string{"queue Raw", "another"}})
	if closed, err := f.Store.Closed(f.ctx); err != nil || len(closed) != 0 {
		f.Errorf("closed after a success: %q, %v", closed, err)
	}
	due := []string{"5", "6"} // as they are taken
	for i := range due {
		f.wantDue(due[i:]...)
		l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
		if err != nil || l == nil {
			f.Fatalf("after a success: %+v, %v", l, err)
		}
		f.wantIDs(l.Tickets, due[i])
	}
	f.wantDue()
	if c := f.commit(store.Batch{Held: held, Rejection: rejection("1")}); c.Tickets != 1 || c.Closed {
		f.Errorf("counting goes on at %+v", c)
	}
}

func (f *fixture) wantDue(want ...string) {
	f.Helper()
	for limit := range 3 {
		due, err := f.Store.DueTickets(f.ctx, f.host, runner, hash, system, limit)
		f.must(err)
		if !slices.Equal(due, want[:min(limit, len(want))]) {
			f.Errorf("%q of %q are due", due, want)
		}
	}
}

func causeOpened(f *fixture) {
	f.waitsForCause("1") // nobody has closed it
	if l, _, err := f.Store.Take(f.ctx, f.host, runner, hash); err != nil || l == nil {
		f.Errorf("took %+v, %v", l, err)
	}
}

func cleans(f *fixture) {
	for i := range 5 {
		held, _ := f.begin(f.host, fmt.Sprint(i))
		f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "e", State: map[bool]store.EffectState{true: store.Intent, false: store.Done}[i == 0]}}})
		f.ended(held, store.Dead, store.Ticket{Ticket: fmt.Sprint(i), Standing: store.StandingDead})
	}
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	for _, want := range []int{3, 1, 0} {
		if n, err := f.Store.Clean(f.ctx, now+1, 3); err != nil || n != want {
			f.Errorf("deleted %d, %v, want %d", n, err, want)
		}
	}
	left, err := f.Store.Runs(f.ctx, store.Filter{})
	f.must(err)
	if len(left) != 1 {
		f.Errorf("%d runs are left, want the one that is in doubt", len(left))
	}
	if n, err := f.Store.Clean(f.ctx, 0, 3); err != nil || n != 0 {
		f.Errorf("deleted %d that aren't old, %v", n, err)
	}
	if k := f.ticket("1"); k.Standing != store.StandingDead {
		f.Errorf("a standing went with its run: %+v", k)
	}
}
