package storetest

import (
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const (
	shortLease = 2 * time.Second
	leaseOver  = 2500 * time.Millisecond
)

// needLeases goes on with hosts whose lease is short.
func (f *fixture) needLeases() {
	if !f.Leases {
		f.Skip("one process has the store to itself")
	}
	f.lease = shortLease
	f.host = f.register("short", hash)
}

func leaseEnds(f *fixture) {
	f.needLeases()
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "e", State: store.Intent}}})
	f.must(f.Store.Renew(f.ctx, f.host), f.Store.Fence(f.ctx, held, "e", time.Minute, "", 0))
	time.Sleep(shortLease * 85 / 100)
	f.wantErr(f.Store.Fence(f.ctx, held, "e", time.Minute, "", 0), store.ErrFence) // less than a quarter is left
	f.must(f.Store.Renew(f.ctx, f.host))
	time.Sleep(leaseOver)
	f.wantErr(f.Store.Renew(f.ctx, f.host), store.ErrFence)
	_, err := f.Store.Commit(f.ctx, store.Batch{Held: held, Steps: []store.Step{{Key: "a"}}})
	f.wantErr(err, store.ErrFence)
	_, _, err = f.Store.Take(f.ctx, f.host, runner, hash)
	f.wantErr(err, store.ErrFence)
	_, err = f.Store.Claim(f.ctx, f.claim(store.Held{Run: "new", Host: f.host, Fence: 1}, "2"))
	f.wantErr(err, store.ErrFence)
	f.commit(store.Batch{Held: held, Fact: true, Effects: []store.Effect{{Key: "e", State: store.Done}}})
	other := f.register("b", hash)
	n, err := f.Store.Reap(f.ctx, other)
	f.must(err)
	if n != 1 {
		f.Errorf("%d runs were reaped, want 1", n)
	}
	_, err = f.Store.Commit(f.ctx, store.Batch{Held: held, Fact: true, Effects: []store.Effect{{Key: "e", State: store.Refused}}})
	f.wantErr(err, store.ErrFence)
}

func reaps(f *fixture) {
	f.needLeases()
	at := "step"
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, AtWork: &at})
	other := f.register("b", hash)
	n, err := f.Store.Reap(f.ctx, other)
	f.must(err)
	if n != 0 {
		f.Fatalf("%d runs of a living host were reaped", n)
	}
	for range 5 {
		time.Sleep(leaseOver / 5)
		f.must(f.Store.Renew(f.ctx, other))
	}
	n, err = f.Store.Reap(f.ctx, other)
	f.must(err)
	l, _, err := f.Store.Take(f.ctx, other, runner, hash)
	f.must(err)
	if n != 1 || l == nil || l.Run.Deaths != 1 || l.Run.Owner != other || l.Run.AtWork != at {
		f.Errorf("reaped %d, took %+v", n, l)
	}
	_, err = f.Store.Reap(f.ctx, f.host)
	f.wantErr(err, store.ErrFence)
}

func takesOverOwn(f *fixture) {
	at := "step"
	mine, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: mine, AtWork: &at})
	if f.Leases {
		theirs := f.register("b", hash)
		held, _ := f.begin(theirs, "2")
		defer f.commit(store.Batch{Held: held, Steps: []store.Step{{Key: "still mine"}}})
	}
	again := f.register("a", hash)
	l, _, err := f.Store.Take(f.ctx, again, runner, hash)
	f.must(err)
	if l == nil || l.Run.ID != mine.Run || l.Run.Deaths != 1 {
		f.Fatalf("it took %+v", l)
	}
	if l, _, err = f.Store.Take(f.ctx, again, runner, hash); err != nil || l != nil {
		f.Errorf("it also took %+v, %v", l, err)
	}
	_, err = f.Store.Commit(f.ctx, store.Batch{Held: mine})
	f.wantErr(err, store.ErrFence)
	// The same step again: the next death is the second. Another step: the first.
	held := store.Held{Run: mine.Run, Host: again, Fence: 3}
	f.commit(store.Batch{Held: held, AtWork: &at})
	if d := f.load(mine.Run).Run.Deaths; d != 1 {
		f.Errorf("%d deaths at the same step, want 1", d)
	}
	next := "next"
	f.commit(store.Batch{Held: held, AtWork: &next})
	if d := f.load(mine.Run).Run.Deaths; d != 0 {
		f.Errorf("%d deaths at another step, want 0", d)
	}
}

// itemsAtWorkFirst: of a loop's items that its host had, those with a step at work go
// before those that waited for a worker.
func itemsAtWorkFirst(f *fixture) {
	parent, _ := f.begin(f.host, "1")
	var items []store.Run
	for _, id := range []string{"item1", "item2", "item3"} {
		items = append(items, store.Run{ID: id, Runner: runner, Hash: hash, Parent: parent.Run, State: store.Running, Owner: f.host, Fence: 1, Item: []byte(id)})
	}
	f.commit(store.Batch{Held: parent, Spawn: items})
	f.commit(store.Batch{Held: parent, End: &store.End{State: store.Ended, Outcome: store.Applied}})
	at := "step"
	f.commit(store.Batch{Held: store.Held{Run: "item3", Host: f.host, Fence: 1}, AtWork: &at})
	c, err := f.Store.Counts(f.ctx)
	f.must(err)
	if c.Runs[store.Running] != 1 || c.Runs[store.Ready] != 2 {
		f.Errorf("%d at work and %d due, want 1 and the 2 items that wait for a worker", c.Runs[store.Running], c.Runs[store.Ready])
	}
	again := f.register("a", hash)
	for n, want := range []string{"item3", "", ""} {
		l, _, err := f.Store.Take(f.ctx, again, runner, hash)
		f.must(err)
		if l == nil || want != "" && l.Run.ID != want {
			f.Errorf("take %d is %+v, want %s", n+1, l, want)
		}
	}
}

func stranded(f *fixture) {
	lost, _ := f.begin(f.host, "1")
	kept, _ := f.begin(f.host, "2")
	for i, want := range []int{0, 1, 0, 0} {
		n, err := f.Store.Reconcile(f.ctx, f.host, []string{kept.Run})
		f.must(err)
		if n != want {
			f.Errorf("look %d made %d runs ready, want %d", i, n, want)
		}
	}
	_, err := f.Store.Commit(f.ctx, store.Batch{Held: lost})
	f.wantErr(err, store.ErrFence)
	f.commit(store.Batch{Held: kept})
}

func begunFirst(f *fixture) {
	parent, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: parent, Spawn: []store.Run{
		{ID: "item1", Runner: runner, Hash: hash, Parent: parent.Run}, {ID: "item2", Runner: runner, Hash: hash, Parent: parent.Run},
	}})
	f.commit(store.Batch{Held: parent, End: &store.End{State: store.Ready}})
	for _, want := range []string{parent.Run, "item1", "item2"} {
		l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
		f.must(err)
		if l == nil || l.Run.ID != want {
			f.Errorf("took %+v, want %s", l, want)
		}
	}
	later, _ := f.begin(f.host, "2")
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	f.commit(store.Batch{Held: later, End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: now + 60e6}})
	l, next, err := f.Store.Take(f.ctx, f.host, runner, hash)
	f.must(err)
	if l != nil || next != now+60e6 {
		f.Errorf("took %+v, the next is due at %d", l, next)
	}
	c, err := f.Store.Counts(f.ctx)
	f.must(err)
	if c.Overdue != 0 {
		f.Errorf("what is due in a minute has been due for %v", c.Overdue)
	}
	long, _ := f.begin(f.host, "3")
	f.commit(store.Batch{Held: long, End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: now}})
	time.Sleep(20 * time.Millisecond)
	c, err = f.Store.Counts(f.ctx)
	f.must(err)
	if c.Overdue < 20*time.Millisecond || c.Overdue > time.Hour {
		f.Errorf("what was due a moment ago has been due for %v", c.Overdue)
	}
}

func takeRun(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, End: &store.End{State: store.Ready}})
	_, err := f.Store.TakeRun(f.ctx, f.host, held.Run, 7)
	f.wantErr(err, store.ErrFence)
	l, err := f.Store.TakeRun(f.ctx, f.host, held.Run, 1)
	f.must(err)
	if l.Run.Fence != 2 || l.Run.State != store.Running {
		f.Errorf("took %+v", l.Run)
	}
	_, err = f.Store.TakeRun(f.ctx, f.host, held.Run, 1)
	f.wantErr(err, store.ErrFence)
}

func slots(f *fixture) {
	once := func(host string, want bool) {
		f.Helper()
		if first, err := f.Store.Fire(f.ctx, host, "tick", 7); err != nil || first != want {
			f.Errorf("%s fires: %v, %v, want %v", host, first, err, want)
		}
	}
	once(f.host, true)
	if f.Leases {
		once(f.register("b", hash), false)
	}
	once(f.host, false)
	f.must(f.Store.Leave(f.ctx, f.host))
	next := f.register("a", hash)
	once(next, true)
	f.must(f.Store.Fired(f.ctx, "tick", 7), f.Store.Leave(f.ctx, next))
	once(f.register("a", hash), false)
}

func adopts(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{
		Held: held, Steps: []store.Step{{Key: "a"}}, Effects: []store.Effect{{Key: "e", State: store.Done}},
		End: &store.End{State: store.Ready},
	})
	if n, err := f.Store.Adopt(f.ctx, f.host, runner, "h2"); err != nil || n != 0 {
		f.Fatalf("%d runs of a living hash were adopted, %v", n, err)
	}
	f.must(f.Store.Leave(f.ctx, f.host))
	other := f.register("b", "h2")
	if n, err := f.Store.Adopt(f.ctx, other, runner, "h2"); err != nil || n != 1 {
		f.Fatalf("%d runs were adopted, %v, want 1", n, err)
	}
	l, _, err := f.Store.Take(f.ctx, other, runner, "h2")
	f.must(err)
	if l == nil || !l.Run.Parked || len(l.Steps) != 0 || len(l.Effects) != 1 || len(l.Tickets) != 1 {
		f.Errorf("it begins anew with %+v", l)
	}
}

// allowsAnew: what is dead by bounds waits for a configuration that didn't try it, with what it
// has written; a search doesn't begin it anew without that.
func allowsAnew(f *fixture) {
	dead := store.Ticket{Ticket: "1", Standing: store.StandingDead, Cause: store.CauseAllow, Hashes: []string{hash}}
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "e", State: store.Done, System: system, Ticket: "1"}}, Steps: []store.Step{{Key: "a"}}})
	dead.Runner, dead.System = runner, system
	f.commit(store.Batch{Held: held, Tickets: []store.Ticket{dead}, End: &store.End{State: store.Ended, Outcome: store.Dead, Reason: store.ReasonAllow, Cause: store.CauseAllow}})
	if r := f.load(held.Run).Run; r.Reason != store.ReasonAllow || r.Outcome != store.Dead || r.Attempts != 0 {
		f.Fatalf("it ended as %+v", r)
	}
	other := f.register("b", "h2")
	c := f.claim(store.Held{Run: "anew", Host: other, Fence: 1}, "1")
	c.Hash, c.Create.Hash = "h2", "h2"
	got, err := f.Store.Claim(f.ctx, c)
	f.must(err)
	if len(got.Tickets) > 0 {
		f.Fatal("another run has taken the ticket, without what was written to it")
	}
	adopt := func(host, hash string, want int) {
		f.Helper()
		if n, err := f.Store.Adopt(f.ctx, host, runner, hash); err != nil || n != want {
			f.Fatalf("%d runs begin anew with %s, %v, want %d", n, hash, err, want)
		}
	}
	adopt(f.host, hash, 0)
	adopt(other, "h2", 1)
	l, _, err := f.Store.Take(f.ctx, other, runner, "h2")
	f.must(err)
	if l == nil || l.Run.ID != held.Run || !l.Run.Parked || l.Run.Try || len(l.Steps) != 0 || len(l.Effects) != 1 || len(l.Tickets) != 1 || !l.Tickets[0].Fetched {
		f.Fatalf("it begins anew with %+v", l)
	}
	k := l.Tickets[0]
	k.Run, k.Working, k.Standing, k.Cause, k.Hashes = "", false, store.StandingDead, store.CauseAllow, []string{hash, "h2"}
	again := store.Held{Run: held.Run, Host: other, Fence: l.Run.Fence}
	f.commit(store.Batch{Held: again, Tickets: []store.Ticket{k}, End: &store.End{State: store.Ended, Outcome: store.Dead, Reason: store.ReasonAllow, Cause: store.CauseAllow}})
	adopt(f.host, hash, 0) // both have tried it
	adopt(other, "h2", 0)
	if _, err := f.Store.Clean(f.ctx, now(f)+1, 10); err != nil {
		f.Fatal(err)
	}
	adopt(f.register("c", "h3"), "h3", 0)
	if k := f.ticket("1"); k.Standing != store.Free {
		f.Errorf("the ticket of a run that was deleted is still %q", k.Standing)
	}
}

func now(f *fixture) int64 {
	f.Helper()
	at, err := f.Store.Now(f.ctx)
	f.must(err)
	return at
}

// lends: a loop lends a ticket to one item after another, and keeps it, also when it has
// ended itself, until none may come for it any more.
func lends(f *fixture) {
	loop, c := f.begin(f.host, "1")
	k := c.Tickets[0]
	k.Working, k.Standing = false, store.StandingLeft
	item := func(id string) store.Run {
		return store.Run{ID: loop.Run + id, Runner: runner, Hash: "items", Parent: loop.Run, State: store.Ready}
	}
	f.commit(store.Batch{Held: loop, Tickets: []store.Ticket{k}, Spawn: []store.Run{item("a"), item("b")}})
	take := func() store.Held {
		f.Helper()
		l, _, err := f.Store.Take(f.ctx, f.host, runner, "items")
		f.must(err)
		if l == nil {
			f.Fatal("no item is due")
		}
		return store.Held{Run: l.Run.ID, Host: f.host, Fence: l.Run.Fence}
	}
	a, b := take(), take()
	want := func(run string) {
		f.Helper()
		f.must(second(f.Store.Reconcile(f.ctx, f.host, []string{loop.Run, a.Run, b.Run})))
		ks, err := f.Store.Tickets(f.ctx, runner, system, []string{"1"})
		f.must(err)
		if len(ks) != 1 || ks[0].Run != run {
			f.Errorf("the ticket: %+v, want it at %q", ks, run)
		}
	}
	one := store.Ticket{Runner: runner, System: system, Ticket: "1"}
	taken, busy, err := f.Store.ClaimOne(f.ctx, a, nil, one)
	f.must(err)
	if busy || !taken.Fetched || !taken.Working {
		f.Errorf("busy %v, taken %+v", busy, taken)
	}
	if _, busy, err = f.Store.ClaimOne(f.ctx, b, nil, one); err != nil || !busy {
		f.Errorf("busy %v, error %v while another item works at it", busy, err)
	}
	f.commit(store.Batch{Held: loop, End: &store.End{State: store.Ended, Outcome: store.Left}})
	want(a.Run)
	taken.Run, taken.Working, taken.Standing = "", false, store.Handled
	f.commit(store.Batch{Held: a, Tickets: []store.Ticket{taken}, End: &store.End{State: store.Ended, Outcome: store.Applied}})
	want(loop.Run)
	taken, busy, err = f.Store.ClaimOne(f.ctx, b, nil, one)
	f.must(err)
	if busy || !taken.Fetched || taken.Standing != store.Handled || taken.LastRun != loop.Run {
		f.Errorf("busy %v, taken %+v", busy, taken)
	}
	f.must(second(f.Store.Cancel(f.ctx, b.Run, store.VerbDiscard, nil)))
	f.commit(store.Batch{Held: b, End: &store.End{State: store.Ended, Outcome: store.Canceled}})
	want("")
}

func second[T any](_ T, err error) error { return err }
