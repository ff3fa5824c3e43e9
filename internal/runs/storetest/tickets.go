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
	var front []string
	for n := range longFront {
		front = append(front, fmt.Sprint("front", n))
		f.must(f.Store.PutTickets(f.ctx, []store.Ticket{{Runner: runner, System: system, Ticket: front[n], Standing: store.Handled, Settled: true, Seen: now}}))
	}
	for _, c := range []struct {
		name         string
		ticket       store.Ticket
		passed, over bool
	}{
		{"free", store.Ticket{}, false, false},
		{"handled", store.Ticket{Standing: store.Handled, Seen: now}, true, false},
		{"handled, read since", store.Ticket{Standing: store.Handled, Settled: true, Seen: now}, true, true},
		{"handled, not found for long", store.Ticket{Standing: store.Handled, Settled: true}, true, false},
		{"handled, freed by a change", store.Ticket{Standing: store.Handled, Settled: true, Seen: now, DueAt: 1}, false, false},
		{"left, not due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{hash}, DueAt: now + 60e6, Seen: now}, true, true},
		{"left, due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{hash}, DueAt: 1, Seen: now}, false, false},
		{"dead", store.Ticket{Standing: store.StandingDead, Hashes: []string{hash}, Seen: now}, true, true},
		{"dead under two", store.Ticket{Standing: store.StandingDead, Hashes: []string{"h0", hash}, Seen: now}, true, false},
		{"dead under another hash", store.Ticket{Standing: store.StandingDead, Hashes: []string{"h0"}, Seen: now}, false, false},
		{"left under another hash, not due", store.Ticket{Standing: store.StandingLeft, Hashes: []string{"h0"}, DueAt: now + 60e6, Seen: now}, false, false},
	} {
		f.next++
		c.ticket.Runner, c.ticket.System, c.ticket.Ticket = runner, system, fmt.Sprint("t", f.next)
		f.must(f.Store.PutTickets(f.ctx, []store.Ticket{c.ticket}))
		_, got := f.begin(f.host, c.ticket.Ticket)
		if passed := len(got.Passed) == 1; passed != c.passed || passed == (len(got.Tickets) == 1) {
			f.Errorf("%s: passed over %v, want %v", c.name, passed, c.passed)
		}
		// The same where thousands may stand in front.
		f.next++
		c.ticket.Ticket = fmt.Sprint("t", f.next)
		f.must(f.Store.PutTickets(f.ctx, []store.Ticket{c.ticket}))
		_, got = f.begin(f.host, append(slices.Clone(front), c.ticket.Ticket)...)
		if passed := len(got.Tickets) == 0; passed != c.passed || len(got.Passed)+len(got.Over)+len(got.Tickets) != longFront+1 {
			f.Errorf("%s, far behind: passed over %v, want %v", c.name, passed, c.passed)
		}
		if over := len(got.Over) > 0 && got.Over[len(got.Over)-1] == c.ticket.Ticket; over != c.over {
			f.Errorf("%s, far behind: nothing is left to do about it %v, want %v", c.name, over, c.over)
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

// clockJumps: PostgreSQL's own clock is its administrator's.
func clockJumps(f *fixture) {
	if f.Advance == nil {
		return
	}
	const year, pause = 365 * 24 * time.Hour, time.Minute
	before, _ := f.begin(f.host, "before")
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	rests := func(held store.Held, ticket string) {
		now, err := f.Store.Now(f.ctx)
		f.must(err)
		due := now + pause.Microseconds()
		f.commit(store.Batch{
			Held: held, Tickets: []store.Ticket{{Runner: runner, System: system, Ticket: ticket, Run: held.Run, Fetched: true, Standing: store.Aside, Hashes: []string{hash}, DueAt: due}},
			End: &store.End{State: store.Waiting, Reason: store.ReasonAside, DueAt: due},
		})
	}
	rests(before, "before")
	f.Advance(year)
	aside, _ := f.begin(f.host, "aside")
	rests(aside, "aside")
	left, _ := f.begin(f.host, "left")
	f.ended(left, store.Left, store.Ticket{Ticket: "left", Standing: store.StandingLeft, Hashes: []string{hash}, DueAt: now + (year + pause).Microseconds()})
	handled, _ := f.begin(f.host, "handled")
	for n := range 3 {
		f.commit(store.Batch{Held: handled, Rejection: rejection(fmt.Sprint("c", n))})
	}
	f.waitsForCause("c")
	f.ended(handled, store.Applied, store.Ticket{Ticket: "handled", Standing: store.Handled, Settled: true})
	looks := func() { // as a process does each second
		_, _, err := f.Store.Take(f.ctx, f.host, "nobody", hash)
		f.must(err)
	}
	looks()
	f.Advance(-year)
	looks()
	// The pause that was set before either jump may be over, as long as it isn't longer.
	f.Advance(pause + 2*time.Second)
	taken := make(map[string]bool)
	for {
		l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
		f.must(err)
		if l == nil {
			break
		}
		taken[l.Run.ID] = true
	}
	if !taken[before.Run] || !taken[aside.Run] {
		f.Errorf("taken are %v, want %s and %s", taken, before.Run, aside.Run)
	}
	if tries, err := f.Store.TryCause(f.ctx, "queue Raw"); err != nil || !tries {
		f.Errorf("the cause is tried: %v, %v", tries, err)
	}
	_, c := f.begin(f.host, "left", "handled")
	f.wantIDs(c.Tickets, "left")
	// A new process, whose clock goes on being right.
	f.must(f.Store.Leave(f.ctx, f.host))
	f.host = f.register("a", hash)
	if _, c := f.begin(f.host, "handled"); len(c.Passed)+len(c.Over) != 1 {
		f.Errorf("what is handled is claimed: %+v", c)
	}
}

// longFront are tickets behind which a claim leaves it to the database whom it passes over.
const longFront = 60

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
