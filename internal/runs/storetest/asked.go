package storetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

func retries(f *fixture) {
	now, err := f.Store.Now(f.ctx)
	f.must(err)
	wait := func(ticket, reason string) store.Held {
		held, _ := f.begin(f.host, ticket)
		f.commit(store.Batch{Held: held, End: &store.End{State: store.Waiting, Reason: reason, DueAt: now + 3600e6, Counts: true}})
		return held
	}
	aside, until := wait("1", store.ReasonAside), wait("2", store.ReasonUntil)
	dead, _ := f.begin(f.host, "3")
	f.commit(store.Batch{Held: dead, Effects: []store.Effect{{Key: "once", Operation: "once", State: store.Intent}}})
	f.ended(dead, store.Dead, store.Ticket{Ticket: "3", Standing: store.StandingDead, Hashes: []string{hash}})
	running, _ := f.begin(f.host, "4")
	if n, err := f.Store.Retry(f.ctx, store.RequestArgs{}); err != nil || n != 0 {
		f.Errorf("a retry of nothing took up %d, %v", n, err)
	}
	n, err := f.Store.Retry(f.ctx, store.RequestArgs{Runs: []string{aside.Run, until.Run, running.Run, dead.Run}, SkipStep: true})
	f.must(err)
	if n != 2 {
		f.Errorf("%d were taken up, want 2", n)
	}
	got := []string{}
	for {
		l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
		f.must(err)
		if l == nil {
			break
		}
		got = append(got, l.Run.ID)
		if l.Run.Attempts != 0 || len(l.Tickets) != 1 {
			f.Errorf("took %+v with %v", l.Run, l.Tickets)
		}
		if l.Run.ID == dead.Run && (l.Run.Outcome != "" || l.Effects[0].State != store.Closed) {
			f.Errorf("the dead one is %+v with %+v", l.Run, l.Effects)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{aside.Run, dead.Run}) {
		f.Errorf("took %v", got)
	}
	if r := f.load(until.Run).Run; r.DueAt != now+3600e6 {
		f.Errorf("what may be at work is due at %d", r.DueAt)
	}
}

// ownEnds: a loop's run that wrote nothing itself says nothing of what became of its items.
func ownEnds(f *fixture) {
	end := func(id string, o store.Outcome) {
		held := store.Held{Run: id, Host: f.host, Fence: 1}
		f.commit(store.Batch{Held: held, End: &store.End{State: store.Ended, Outcome: o}})
	}
	left, _ := f.begin(f.host, "1")
	loop, _ := f.begin(f.host, "2")
	writing, _ := f.begin(f.host, "3")
	items := map[string]store.Held{"i1": loop, "i2": writing}
	for id, parent := range items {
		f.commit(store.Batch{Held: parent, Spawn: []store.Run{{ID: id, Runner: runner, Hash: hash, Parent: parent.Run, State: store.Running, Owner: f.host, Fence: 1, Item: []byte(id)}}})
	}
	end(left.Run, store.Left)
	end(loop.Run, store.Left)
	end(writing.Run, store.Applied)
	end("i2", store.Left)
	got := map[string]bool{}
	runs, err := f.Store.Runs(f.ctx, store.Filter{Runner: runner, States: []store.State{store.Ended}, OwnEnd: true})
	f.must(err)
	for _, r := range runs {
		got[r.ID] = true
	}
	if len(got) != 3 || !got[left.Run] || !got[writing.Run] || !got["i2"] {
		f.Errorf("ended by themselves: %v", got)
	}
}

// notInDoubt: whether a ticket was changed is found out at the ticket, when the run goes on.
func notInDoubt(f *fixture) {
	held, _ := f.begin(f.host, "1")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "move", Operation: "update", State: store.Intent}}})
	f.commit(store.Batch{Held: held, End: &store.End{State: store.Ended, Outcome: store.Dead, Reason: store.ReasonAllow}})
	if doubts, err := f.Store.Runs(f.ctx, store.Filter{InDoubt: true}); err != nil || len(doubts) != 0 {
		f.Errorf("in doubt are %+v, %v", doubts, err)
	}
	if n, err := f.Store.Retry(f.ctx, store.RequestArgs{All: true}); err != nil || n != 1 {
		f.Errorf("a retry of all took up %d, %v", n, err)
	}
}

func inDoubt(f *fixture) {
	doubt := func() string {
		held, _ := f.begin(f.host, "1", "2")
		f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "mail", Operation: "once", State: store.Intent}}})
		f.commit(store.Batch{
			Held: held, End: &store.End{State: store.Ended, Outcome: store.Dead},
			Tickets: []store.Ticket{{Runner: runner, System: system, Ticket: "1", Run: held.Run, Fetched: true, Standing: store.StandingDead, Hashes: []string{hash}}},
		})
		return held.Run
	}
	run := doubt()
	// What frees a dead ticket: somebody's change, and another configuration.
	changed := f.ticket("1")
	changed.DueAt = 1
	f.must(f.Store.PutTickets(f.ctx, []store.Ticket{changed}))
	for _, with := range []string{hash, "h2"} {
		search := f.claim(store.Held{Run: "search " + with, Host: f.host, Fence: 1}, "1")
		search.Hash = with
		c, err := f.Store.Claim(f.ctx, search)
		f.must(err)
		if len(c.Tickets) != 0 {
			f.Errorf("with %s another run claimed it: %+v", with, c.Tickets)
		}
	}
	if k := f.ticket("2"); k.Run != "" || k.Standing != store.Free {
		f.Errorf("the ticket that it isn't about is %+v", k)
	}
	if doubts, err := f.Store.Runs(f.ctx, store.Filter{InDoubt: true}); err != nil || len(doubts) != 1 || doubts[0].ID != run {
		f.Errorf("in doubt are %+v, %v", doubts, err)
	}
	for name, all := range map[string]store.RequestArgs{"all": {All: true}, "the runner": {Runner: runner}} {
		if n, err := f.Store.Retry(f.ctx, all); err != nil || n != 0 {
			f.Errorf("a retry of %s took up %d, %v", name, n, err)
		}
	}
	if _, err := f.Store.Cancel(f.ctx, run, store.VerbDiscard, nil); err != nil {
		f.Fatal(err)
	}
	if k := f.ticket("1"); k.Run != "" || k.Standing != store.Handled {
		f.Errorf("after a discard: %+v", k)
	}
	if doubts, err := f.Store.Runs(f.ctx, store.Filter{InDoubt: true}); err != nil || len(doubts) != 0 {
		f.Errorf("after a discard in doubt are %+v, %v", doubts, err)
	}
	f.must(f.Store.PutTickets(f.ctx, []store.Ticket{{Runner: runner, System: system, Ticket: "1"}}))
	run = doubt()
	if n, err := f.Store.Retry(f.ctx, store.RequestArgs{Tickets: []string{"1"}}); err != nil || n != 1 {
		f.Errorf("a retry of its ticket took up %d, %v", n, err)
	}
	l, _, err := f.Store.Take(f.ctx, f.host, runner, hash)
	f.must(err)
	if l == nil || l.Run.ID != run || !l.Run.Try || len(l.Tickets) != 1 || !l.Tickets[0].Fetched {
		f.Fatalf("took %+v", l)
	}
	// It dies again behind the beginning of a step: nobody has allowed one more.
	at := "mail"
	f.commit(store.Batch{Held: store.Held{Run: run, Host: f.host, Fence: l.Run.Fence}, AtWork: &at})
	f.register("a", hash)
	if r := f.load(run).Run; r.Try || r.State != store.Ready {
		f.Errorf("after another death: %+v", r)
	}
}

func retriesHandled(f *fixture) {
	for _, ticket := range []string{"1", "2"} {
		held, _ := f.begin(f.host, ticket)
		f.ended(held, store.Applied, store.Ticket{Ticket: ticket, Standing: store.Handled})
	}
	if n, err := f.Store.Retry(f.ctx, store.RequestArgs{Handled: true, Tickets: []string{"1"}}); err != nil || n != 1 {
		f.Errorf("freed %d, %v, want 1", n, err)
	}
	_, c := f.begin(f.host, "1", "2")
	f.wantIDs(c.Tickets, "1")
	if n, err := f.Store.Retry(f.ctx, store.RequestArgs{Handled: true, Runner: "another"}); err != nil || n != 0 {
		f.Errorf("freed %d of another runner, %v", n, err)
	}
}

func requests(f *fixture) {
	id, err := f.Store.Ask(f.ctx, store.Request{Verb: store.VerbRetry, Args: []byte(`{"all":true}`)})
	f.must(err)
	open, err := f.Store.Requests(f.ctx)
	f.must(err)
	if len(open) != 1 || open[0].ID != id || string(open[0].Args) != `{"all":true}` || open[0].Created == 0 {
		f.Errorf("requests: %+v", open)
	}
	f.must(f.Store.Answer(f.ctx, id, "3 runs"))
	if open, err = f.Store.Requests(f.ctx); err != nil || len(open) != 0 {
		f.Errorf("requests after the answer: %+v, %v", open, err)
	}
	if r, ok, err := f.Store.Asked(f.ctx, id); err != nil || !ok || r.Answer != "3 runs" {
		f.Errorf("asked: %+v, %v, %v", r, ok, err)
	}
	if _, ok, err := f.Store.Asked(f.ctx, id+1); err != nil || ok {
		f.Errorf("a request that nobody made: %v, %v", ok, err)
	}
}

func finds(f *fixture) {
	var all []string
	for i := range 5 {
		held, _ := f.begin(f.host, fmt.Sprint(i))
		all = append([]string{held.Run}, all...)
		if i%2 == 0 {
			f.ended(held, store.Applied, store.Ticket{Ticket: fmt.Sprint(i), Standing: store.Handled, Note: map[bool]string{true: "put back"}[i == 0]})
		}
	}
	runs := func(filter store.Filter) (out []string) {
		list, err := f.Store.Runs(f.ctx, filter)
		f.must(err)
		for _, r := range list {
			out = append(out, r.ID)
		}
		return out
	}
	page := runs(store.Filter{Limit: 2})
	page = append(page, runs(store.Filter{After: page[1]})...)
	if !slices.Equal(page, all) {
		f.Errorf("by pages: %v, want %v", page, all)
	}
	if got := runs(store.Filter{States: []store.State{store.Ended}, Outcomes: []store.Outcome{store.Applied, store.Left}}); len(got) != 3 {
		f.Errorf("ended: %v", got)
	}
	if got := runs(store.Filter{Ticket: "0", Runner: runner}); !slices.Equal(got, all[4:]) {
		f.Errorf("by ticket: %v", got)
	}
	list, err := f.Store.Runs(f.ctx, store.Filter{Ticket: "0"})
	f.must(err)
	if !slices.Equal(list[0].Tickets, []string{"0"}) {
		f.Errorf("its tickets are %v", list[0].Tickets)
	}
	noted, err := f.Store.TicketsBy(f.ctx, store.TicketFilter{Noted: true, Standings: []store.Standing{store.Handled}, Limit: 9})
	f.must(err)
	f.wantIDs(noted, "0")
	held, _ := f.begin(f.host, "open")
	f.commit(store.Batch{Held: held, Effects: []store.Effect{{Key: "e", State: store.Intent}}})
	c, err := f.Store.Counts(f.ctx)
	f.must(err)
	if c.Runs[store.Ended] != 3 || c.Runs[store.Running] != 3 || c.Standings[store.Handled] != 3 || c.Runners[runner][store.Handled] != 3 || c.Open != 1 {
		f.Errorf("counts: %+v", c)
	}
	stale, err := f.Store.Stale(f.ctx, runner, system, 1<<60, 2)
	f.must(err)
	if len(stale) != 2 {
		f.Errorf("%d stale tickets, want 2", len(stale))
	}
	before := stale[0].Seen + 1
	f.must(f.Store.Forget(f.ctx, runner, system, []string{stale[0].Ticket, "3"}, before), f.Store.Forget(f.ctx, "another", system, []string{"2"}, 1<<60), f.Store.Forget(f.ctx, runner, system, []string{"4"}, 1))
	for ticket, want := range map[string]store.Standing{stale[0].Ticket: store.Free, "4": store.Handled} {
		if k := f.ticket(ticket); k.Standing != want {
			f.Errorf("ticket %s stands as %q, want %q", ticket, k.Standing, want)
		}
	}
	if k := f.ticket("3"); k.Run == "" {
		f.Error("a run's ticket was forgotten")
	}
	if _, err := f.Store.Load(f.ctx, "nobody"); err == nil || errors.Is(err, store.ErrUnavailable) {
		f.Errorf("loading nobody: %v", err)
	}
}
