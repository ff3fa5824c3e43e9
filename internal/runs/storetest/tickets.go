package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// ended ends a run with a standing of its ticket.
func (f *fixture) ended(held store.Held, o store.Outcome, k store.Ticket) {
	f.Helper()
	k.Runner, k.System, k.Run, k.Working = runner, system, "", false
	f.commit(store.Batch{Held: held, Tickets: []store.Ticket{k}, End: &store.End{State: store.Ended, Outcome: o}})
}

func (f *fixture) ticket(id string) store.Ticket {
	f.Helper()
	found, err := f.Store.Tickets(f.ctx, runner, system, []string{id})
	f.must(err)
	if len(found) != 1 {
		f.Fatalf("there are %d rows of ticket %s", len(found), id)
	}
	return found[0]
}

func endedSince(f *fixture) {
	held, _ := f.begin(f.host, "1")
	late := store.Held{Run: "late", Host: f.host, Fence: 1}
	search := f.claim(late, "1", "2") // marked before the run ends
	f.ended(held, store.Gone, store.Ticket{Ticket: "1"})
	c, err := f.Store.Claim(f.ctx, search)
	f.must(err)
	f.wantIDs(c.Tickets, "2")
	if c.Busy != 1 {
		f.Errorf("%d tickets were busy, want 1", c.Busy)
	}
	_, c = f.begin(f.host, "1")
	f.wantIDs(c.Tickets, "1")
}

func oneWorks(f *fixture) {
	held, _ := f.begin(f.host, "1")
	other := f.claim(store.Held{Run: "other", Host: f.host, Fence: 1}, "1", "2")
	other.Runner, other.Create.Runner = "note", "note"
	c, err := f.Store.Claim(f.ctx, other)
	f.must(err)
	f.wantIDs(c.Tickets, "2")
	want := store.Ticket{Runner: "note", System: system, Ticket: "1"}
	if _, busy, err := f.Store.ClaimOne(f.ctx, other.Held, nil, want); err != nil || !busy {
		f.Errorf("busy: %v, %v", busy, err)
	}
	f.ended(held, store.Applied, store.Ticket{Ticket: "1", Standing: store.Handled})
	taken, busy, err := f.Store.ClaimOne(f.ctx, other.Held, nil, want)
	f.must(err)
	if busy || taken.Run != "other" || !taken.Working || taken.Fetched || taken.EndedAt <= int64(other.Since) {
		f.Errorf("taken %+v, busy %v", taken, busy)
	}
	l := f.load("other")
	f.wantIDs(l.Tickets, "1", "2")
	// A run that writes to a ticket without having claimed any is created by that.
	alone := store.Held{Run: "alone", Host: f.host, Fence: 1}
	_, _, err = f.Store.ClaimOne(f.ctx, alone, &store.Run{ID: "alone", Runner: runner, Hash: hash}, store.Ticket{Runner: runner, System: system, Ticket: "3"})
	f.must(err)
	f.wantIDs(f.load("alone").Tickets, "3")
}

func restsAside(f *fixture) {
	held, _ := f.begin(f.host, "1")
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	f.commit(store.Batch{
		Held: held, Tickets: []store.Ticket{{Runner: runner, System: system, Ticket: "1", Run: held.Run, Working: true, Fetched: true, Standing: store.Aside, Hashes: []string{hash}, DueAt: now + 60e6, Attempts: 1, Freed: []int64{3, 4}, Note: "n", Picture: []byte("p")}},
		End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: now + 60e6, Counts: true, Err: "refused"},
	})
	k := f.ticket("1")
	if k.Working || k.Run != held.Run || k.Standing != store.Aside || k.Attempts != 1 || k.EndedAt == 0 || !slices.Equal(k.Freed, []int64{3, 4}) || string(k.Picture) != "p" {
		f.Errorf("the ticket is %+v", k)
	}
	if r := f.load(held.Run).Run; r.State != store.Waiting || r.Attempts != 1 || r.DueAt != now+60e6 || r.Err != "refused" {
		f.Errorf("the run is %+v", r)
	}
	other := f.claim(store.Held{Run: "other", Host: f.host, Fence: 1}, "1")
	other.Runner, other.Create.Runner = "note", "note"
	c, err := f.Store.Claim(f.ctx, other)
	f.must(err)
	f.wantIDs(c.Tickets, "1")
	_, c = f.begin(f.host, "1")
	if len(c.Tickets) != 0 || len(c.Passed) != 1 {
		f.Errorf("its own runner claimed %+v", c)
	}
}

func passesOver(f *fixture) {
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	for _, c := range []struct {
		name   string
		ticket store.Ticket
		passed bool
	}{
		{"free", store.Ticket{}, false},
		{"handled", store.Ticket{Standing: store.Handled}, true},
		{"left, not due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{hash}, DueAt: now + 60e6}, true},
		{"left, due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{hash}, DueAt: 1}, false},
		{"dead", store.Ticket{Standing: store.StandingDead, Hashes: []string{hash}}, true},
		{"dead under another hash", store.Ticket{Standing: store.StandingDead, Hashes: []string{"h0"}}, false},
		{"left under another hash, not due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{"h0"}, DueAt: now + 60e6}, false},
	} {
		f.next++
		c.ticket.Runner, c.ticket.System, c.ticket.Ticket = runner, system, fmt.Sprint("t", f.next)
		f.must(f.Store.PutTickets(f.ctx, []store.Ticket{c.ticket}))
		_, got := f.begin(f.host, c.ticket.Ticket)
		if passed := len(got.Passed) == 1; passed != c.passed || passed == (len(got.Tickets) == 1) {
			f.Errorf("%s: passed over %v, want %v", c.name, passed, c.passed)
		}
	}
	repeat := f.claim(store.Held{Run: "repeat", Host: f.host, Fence: 1}, "again")
	repeat.Repeat = true
	f.must(f.Store.PutTickets(f.ctx, []store.Ticket{{Runner: runner, System: system, Ticket: "again", Standing: store.Handled}}))
	got, err := f.Store.Claim(f.ctx, repeat)
	f.must(err)
	f.wantIDs(got.Tickets, "again")
	if !f.Leases {
		return
	}
	// A living host with a hash that hasn't tried it comes first, also when it is due.
	f.register("b", "h2")
	f.must(f.Store.PutTickets(f.ctx, []store.Ticket{{Runner: runner, System: system, Ticket: "due", Standing: store.Aside, Hashes: []string{hash}, DueAt: 1}}))
	if _, got := f.begin(f.host, "due"); len(got.Passed) != 1 {
		f.Error("the old configuration took it, while a new one could")
	}
}

func thousandsInFront(f *fixture) {
	const many = 5000
	var front []store.Ticket
	for i := range many {
		front = append(front, store.Ticket{Runner: runner, System: system, Ticket: fmt.Sprint("dead", i), Standing: store.StandingDead, Hashes: []string{hash}})
	}
	f.must(f.Store.PutTickets(f.ctx, front))
	if n, err := f.Store.Passed(f.ctx, runner, system); err != nil || n != 500 {
		f.Errorf("%d are passed over, %v, want 500 as the most", n, err)
	}
	search := f.claim(store.Held{Run: "r", Host: f.host, Fence: 1}, append(ids(front), "good")...)
	search.Limit = 1
	f.must(f.Store.SetValue(f.ctx, "warm", "up"))
	start := time.Now()
	c, err := f.Store.Claim(f.ctx, search)
	f.must(err)
	f.wantIDs(c.Tickets, "good")
	f.Logf("%d passed over in %v", len(c.Passed)+len(c.Over), time.Since(start))
	if n := len(c.Passed) + len(c.Over); n != many {
		f.Errorf("%d were passed over, want %d", n, many)
	}
}

func spawns(f *fixture) {
	parent, _ := f.begin(f.host, "1", "2", "3")
	item := func(id, ticket string) store.Run {
		return store.Run{ID: id, Runner: runner, Hash: "loop", Parent: parent.Run, Key: ticket, Item: []byte(ticket)}
	}
	row := func(ticket, run string) store.Ticket {
		return store.Ticket{Runner: runner, System: system, Ticket: ticket, Run: run, Fetched: run != "", Standing: map[bool]store.Standing{true: store.StandingLeft}[run == ""]}
	}
	f.commit(store.Batch{
		Held: parent, Spawn: []store.Run{item("i1", "1"), item("i2", "2")},
		Tickets: []store.Ticket{row("1", "i1"), row("2", "i2"), row("3", "")},
	})
	f.commit(store.Batch{Held: parent, End: &store.End{State: store.Ended, Outcome: store.Applied}})
	l, _, err := f.Store.Take(f.ctx, f.host, runner, "loop")
	f.must(err)
	if l == nil || l.Run.ID != "i1" || string(l.Run.Item) != "1" || l.Run.Parent != parent.Run || l.Run.Begun && false {
		f.Fatalf("took %+v", l)
	}
	f.wantIDs(l.Tickets, "1")
	if !l.Tickets[0].Working || f.ticket("2").Working {
		f.Error("an item works at its ticket as soon as it has begun, and not before")
	}
	k, busy, err := f.Store.ClaimOne(f.ctx, store.Held{Run: "i1", Host: f.host, Fence: l.Run.Fence}, nil, l.Tickets[0])
	f.must(err)
	if busy || !k.Working || !k.Fetched {
		f.Errorf("begins to work at %+v, busy %v", k, busy)
	}
	if k := f.ticket("3"); k.Standing != store.StandingLeft || k.Run != "" {
		f.Errorf("the ticket outside of the items is %+v", k)
	}
	runs, err := f.Store.Runs(f.ctx, store.Filter{Parent: parent.Run})
	f.must(err)
	if len(runs) != 2 {
		f.Errorf("%d items, want 2", len(runs))
	}
}

func spawnsBegun(f *fixture) {
	parent, c := f.begin(f.host, "1")
	row := c.Tickets[0]
	row.Run = "i1"
	f.commit(store.Batch{
		Held: parent, Tickets: []store.Ticket{row},
		Spawn: []store.Run{{ID: "i1", Runner: runner, Hash: hash, Parent: parent.Run, State: store.Running, Owner: f.host, Fence: 1, Item: []byte("1")}},
	})
	item := store.Held{Run: "i1", Host: f.host, Fence: 1}
	if l, _, err := f.Store.Take(f.ctx, f.host, runner, hash); err != nil || l != nil {
		f.Errorf("took %+v, %v", l, err)
	}
	l := f.load("i1")
	f.wantIDs(l.Tickets, "1")
	if !l.Tickets[0].Working || l.Tickets[0].EndedAt != 0 {
		f.Errorf("the item's ticket is %+v", l.Tickets[0])
	}
	f.commit(store.Batch{Held: parent, End: &store.End{State: store.Ended, Outcome: store.Applied}})
	// One that no worker had time for.
	f.commit(store.Batch{Held: item, End: &store.End{State: store.Ready}})
	l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
	f.must(err)
	if l == nil || l.Run.ID != "i1" || string(l.Run.Item) != "1" {
		f.Fatalf("took %+v", l)
	}
	f.must(f.Store.Leave(f.ctx, f.host))
	other := f.register("a", hash)
	l, _, err = f.Store.Take(f.ctx, other, runner, hash)
	f.must(err)
	if l == nil || l.Run.ID != "i1" || l.Run.Deaths != 0 {
		f.Errorf("the next one took %+v", l)
	}
}

func manyClaim(f *fixture) {
	const workers, tickets = 8, 120
	var list []string
	for i := range tickets {
		list = append(list, fmt.Sprint(i))
	}
	var mu sync.Mutex
	var got []string
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for round := 0; ; round++ {
				search := f.claim(store.Held{Run: fmt.Sprintf("w%dr%d", w, round), Host: f.host, Fence: 1}, list...)
				search.Limit = 3
				c, err := f.Store.Claim(f.ctx, search)
				if err != nil {
					f.Error(err)
					return
				}
				if len(c.Tickets) == 0 {
					return
				}
				mu.Lock()
				got = append(got, ids(c.Tickets)...)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(got)
	if n := len(slices.Compact(slices.Clone(got))); len(got) != tickets || n != tickets {
		f.Errorf("%d claims of %d tickets, want %d", len(got), n, tickets)
	}
}
