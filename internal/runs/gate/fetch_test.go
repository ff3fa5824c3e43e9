package gate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func both(t *testing.T, test func(t *testing.T, full bool)) {
	for _, full := range []bool{true, false} {
		name := "without level 1.1"
		if full {
			name = "with level 1.1"
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, full) })
		})
	}
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTheFirstSearchClaimsAndTheNextRunGetsTheNextTickets(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2", "3", "4", "5")
		same(t, w.fetch(w.m.run("a"), inbox), []string{"1", "2"})
		b := w.m.run("b")
		same(t, w.fetch(b, inbox), []string{"3", "4"})
		same(t, w.fetch(w.m.run("c"), inbox), []string{"5"})
		same(t, w.fetch(w.m.run("d"), inbox), []string{})
		// A later search of a run neither claims nor leaves out.
		same(t, w.fetch(b, inbox), []string{"1", "2"})
		if n := len(b.Tickets()); n != 2 {
			t.Errorf("the later search claimed: %d tickets", n)
		}
	})
}

func TestASearchThatReachesFurtherYieldsNoTicketTwice(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		ids := make([]string, 60)
		for i := range ids {
			ids[i] = strconv.Itoa(i + 101)
		}
		w := newWorld(t, full, ids...)
		a := w.m.run("a")
		same(t, w.fetch(a, inbox), []string{"101", "102"}) // nothing was in its way
		for _, id := range ids[3:40] {                     // another host claimed these
			w.m.rows[a.Runner()+" "+id] = store.Ticket{Runner: a.Runner(), System: w.s.(*ticketSystem).system, Ticket: id, Run: "elsewhere", Working: true}
		}
		same(t, w.fetch(w.m.run("b"), inbox), []string{"103", "141"})
	})
}

func TestWhatAPipeSaysOfItsSearchDecidesWhetherItClaims(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2", "3")
		r := w.m.run("a")
		claims := w.s.(*ticketSystem)
		found, err := w.s.FindTickets(claims.WithClaim(r.ctx(t), false), inbox)
		if err != nil || len(found) != 2 || len(r.Tickets()) != 0 {
			t.Fatalf("claim: false claimed %d of %d: %v", len(r.Tickets()), len(found), err)
		}
		same(t, w.fetch(r, inbox), []string{"1", "2"}) // the first one that claims
		found, err = w.s.FindTickets(claims.WithClaim(r.ctx(t), true), inbox)
		if err != nil || len(found) != 2 || len(r.Tickets()) < 2 {
			t.Errorf("claim: true found %d and the run has %d: %v", len(found), len(r.Tickets()), err)
		}
	})
}

func TestCallsWithoutARunGoToTheTicketSystemAsTheyAre(t *testing.T) {
	w := newWorld(t, true, "1")
	if err := w.s.UpdateTicket(t.Context(), "1", queue("it")); err != nil {
		t.Fatal(err)
	}
	if found, err := w.s.FindTickets(t.Context(), inbox); err != nil || len(found) != 0 {
		t.Errorf("found %v, %v", found, err)
	}
	if len(w.m.rows)+len(w.m.effects) != 0 {
		t.Error("something was stored")
	}
}

func TestARunThatBeganAnewGetsItsOwnTicketsReadAnew(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2", "3")
		r := w.m.run("a")
		same(t, w.fetch(r, inbox), []string{"1", "2"})
		w.d.change("2", api.TicketUpdate{Subject: new("another title")})
		w.restart(full)
		next := w.m.run("a")
		found, err := w.s.FindTickets(next.ctx(t), inbox)
		if err != nil || len(found) != 2 || found[1].Subject != "another title" {
			t.Fatalf("%v %v", found, err)
		}
		if n := w.d.count("ids"); full && n != 1 {
			t.Errorf("%d searches", n)
		}
		// One that somebody has taken away meanwhile is let go.
		w.d.change("1", api.TicketUpdate{Queue: &api.Entity{Name: "it"}})
		next = w.m.run("a")
		same(t, w.fetch(next, inbox), []string{"2"})
		if len(next.overtaken) != 1 {
			t.Errorf("overtaken: %v", next.overtaken)
		}
	})
}

func TestAnItemGetsItsOwnTicketAtItsFirstSearch(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2", "3")
		r := w.m.run("a")
		r.item = "2"
		if _, _, err := r.ClaimOne(t.Context(), store.Ticket{Runner: "router", System: "desk", Ticket: "2"}); err != nil {
			t.Fatal(err)
		}
		same(t, w.fetch(r, inbox), []string{"2"})
	})
}

func TestFiveThousandDeadTicketsInFrontCostOneSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		for i := range 5010 {
			ids = append(ids, fmt.Sprintf("%05d", i))
		}
		w := newWorld(t, true, ids...)
		for _, id := range ids[:5000] {
			w.m.rows["router "+id] = store.Ticket{Runner: "router", System: "desk", Ticket: id, Standing: store.StandingDead}
		}
		same(t, w.fetch(w.m.run("a"), inbox), ids[5000:5002])
		if n := w.d.count("ids"); n != 1 {
			t.Errorf("%d searches: %v", n, w.d.limits)
		}
		if n := w.d.count("read"); n != 1 {
			t.Errorf("%d readings", n)
		}
	})
}

func TestASearchWithoutLevel11IsCutOffAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		for i := range 700 {
			ids = append(ids, fmt.Sprintf("%05d", i))
		}
		w := newWorld(t, false, ids...)
		for _, id := range ids[:600] {
			w.m.rows["router "+id] = store.Ticket{Runner: "router", System: "desk", Ticket: id, Standing: store.StandingDead}
		}
		same(t, w.fetch(w.m.run("a"), inbox), []string{})
		same(t, w.fetch(w.m.run("b"), inbox), []string{})
		for _, n := range w.d.limits {
			if n > 500 {
				t.Errorf("a search for %d", n)
			}
		}
		if n := strings.Count(w.logs.String(), "a search is cut off"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// T14: while one host's search is under way, another host's run ends at what it found.
func TestASearchInFlightClaimsNothingThatARunEndedAtMeanwhile(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2", "3")
		slow := &delayed{desk: w.d}
		slow.after = func() { // the answer of the search is on its way
			slow.after = nil
			other := w.m.run("b")
			if got := w.fetch(other, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}); len(got) != 1 {
				t.Errorf("the other host got %v", got)
			}
			other.end(store.Free)
		}
		g := New(Options{Store: w.m})
		s := g.Wrap("desk", slow).(api.TicketSystem)
		r := w.m.run("a")
		found, err := s.FindTickets(r.ctx(t), api.SearchCriteria{Queue: inbox.Queue, Limit: 10})
		if err != nil || len(found) != 2 {
			t.Fatal(found, err)
		}
		for _, ticket := range found {
			if ticket.ID == "1" {
				t.Error("a ticket at which a run ended during the search was claimed")
			}
		}
	})
}

func TestWhatNoLongerMeetsTheCriteriaIsReleasedAndTheNextOnesAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1", "2", "3")
		changed := &level11{desk: w.d}
		moved := &mover{level11: changed, move: func() {
			w.d.tickets["1"].Queue = &api.Entity{Name: "it"}
			w.d.tickets["2"].Fields["Lock"] = "lock"
		}}
		s := w.g.Wrap("other", moved).(api.TicketSystem)
		r := w.m.run("a")
		found, err := s.FindTickets(r.ctx(t), inbox)
		if err != nil || len(found) != 1 || found[0].ID != "3" {
			t.Fatalf("%v, %v", found, err)
		}
		if rows := r.Tickets(); len(rows) != 1 || rows[0].Ticket != "3" {
			t.Errorf("the run holds %v", rows)
		}
		// Released three times in a row, and found again and again: it is worked at.
		for i := range 2 {
			w.d.tickets["1"].Queue = &api.Entity{Name: "inbox"}
			moved.move = func() { w.d.tickets["1"].Queue = &api.Entity{Name: "it"} }
			x := w.m.run(fmt.Sprint("x", i))
			_, _ = s.FindTickets(x.ctx(t), api.SearchCriteria{Queue: inbox.Queue, Limit: 1})
			x.end(store.Free)
		}
		w.d.tickets["1"].Queue = &api.Entity{Name: "inbox"}
		moved.move = func() { w.d.tickets["1"].Queue = &api.Entity{Name: "it"} }
		found, err = s.FindTickets(w.m.run("y").ctx(t), api.SearchCriteria{Queue: inbox.Queue, Limit: 1})
		if err != nil || len(found) != 1 || found[0].ID != "1" {
			t.Errorf("%v, %v", found, err)
		}
	})
}

// In a backlog one search serves several fetches of a single ticket, each of which reads its
// own after the claim.
func TestWhatASearchFoundBeyondServesTheNextFetches(t *testing.T) {
	one := api.SearchCriteria{Queue: inbox.Queue, Fields: map[string]any{"StateType": []any{"new", "open"}}, Limit: 1}
	begin := func(t *testing.T) (w *world, searches func() int, next func(c api.SearchCriteria) []string) {
		w = newWorld(t, true, "101", "102", "103", "104", "105", "106")
		runs := 0
		next = func(c api.SearchCriteria) []string {
			runs++
			return w.fetch(w.m.run(fmt.Sprint("r", runs)), c)
		}
		same(t, next(one), []string{"101"})
		same(t, next(one), []string{"102"}) // there were more: so this search reached further
		w.d.limits = nil
		return w, func() int { return len(w.d.limits) }, next
	}
	for name, c := range map[string]struct {
		change   func(w *world)
		with     api.SearchCriteria
		want     string
		searches int
	}{
		"nothing happened":                {func(*world) {}, one, "103", 0},
		"a person has moved it meanwhile": {func(w *world) { w.d.tickets["103"].Queue = &api.Entity{Name: "it"} }, one, "104", 0},
		"a person has closed it meanwhile": {func(w *world) {
			w.d.tickets["103"].State, w.d.tickets["103"].Fields["StateType"] = &api.Entity{Name: "closed successful"}, "closed"
		}, one, "104", 0},
		"another runner's run has ended at it": {func(w *world) {
			w.m.ends++
			w.m.rows["other 103"] = store.Ticket{Runner: "router", System: w.s.(*ticketSystem).system, Ticket: "103", EndedAt: w.m.ends}
			w.m.rows["router 103"] = w.m.rows["other 103"]
		}, one, "104", 0},
		"it is longer ago": {func(*world) { time.Sleep(spareFor + time.Millisecond) }, one, "103", 1},
		"other criteria":   {func(*world) {}, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}, "103", 1},
		"all of it has been moved": {func(w *world) {
			for _, id := range []string{"103", "104", "105", "106"} {
				w.d.tickets[id].Queue = &api.Entity{Name: "it"}
			}
		}, one, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, searches, next := begin(t)
				c.change(w)
				got := strings.Join(next(c.with), " ")
				if got != c.want || searches() != c.searches {
					t.Errorf("got %q after %d searches, want %q after %d", got, searches(), c.want, c.searches)
				}
			})
		})
	}
	t.Run("two at one time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, _, next := begin(t)
			same(t, append(next(one), next(one)...), []string{"103", "104"})
		})
	})
}

// delayed answers a search late.
type delayed struct {
	*desk
	after func()
}

func (d *delayed) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	found, err := d.desk.FindTickets(ctx, c)
	if d.after != nil {
		d.after()
	}
	return found, err
}

// mover changes something between a search and the reading.
type mover struct {
	*level11
	move func()
}

func (m *mover) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	ids, err := m.level11.FindTicketIDs(ctx, c)
	if m.move != nil {
		m.move()
		m.move = nil
	}
	return ids, err
}

func TestHandledTicketsAreFreedBySomebodysChangeAlone(t *testing.T) {
	person := func(u api.TicketUpdate) func(*world) { return func(w *world) { w.d.change("1", u) } }
	for _, test := range []struct {
		name   string
		change func(*world)
		freed  bool
	}{
		{"nobody did anything", func(*world) {}, false},
		{"the help desk set a field in answer to the note", func(w *world) { w.d.tickets["1"].Fields["Color"] = "blue"; w.d.tickets["1"].Changed = time.Now() }, false},
		{"the help desk set an owner", person(api.TicketUpdate{Owner: &api.Entity{Name: "root"}}), false},
		{"a person in the same second changed the priority", person(api.TicketUpdate{Priority: &api.Entity{Name: "high"}}), true},
		{"the customer wrote", person(api.TicketUpdate{Notes: []api.Note{{Subject: "Re: help", Body: "it still burns", Author: "customer"}}}), true},
		{"a person changed the title", person(api.TicketUpdate{Subject: new("fire")}), true},
		{"another runner noted", func(w *world) {
			r := w.m.run("z")
			r.runner = "noter"
			if err := w.s.AddNote(r.ctx(w.T), "1", api.Note{Subject: "noter", Body: "I as well"}); err != nil {
				w.Fatal(err)
			}
			r.end(store.Handled)
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			both(t, func(t *testing.T, full bool) {
				w := newWorld(t, full, "1")
				r := w.m.run("a")
				w.fetch(r, inbox)
				if err := w.s.AddNote(r.ctx(t), "1", hello); err != nil {
					t.Fatal(err)
				}
				r.end(store.Handled)
				test.change(w)
				time.Sleep(2 * time.Second)
				want := []string{}
				if test.freed {
					want = []string{"1"}
				}
				same(t, w.fetch(w.m.run("b"), inbox), want)
			})
		})
	}
}

func TestAfterTheFirstReadingAnyChangeFreesWithinAMinuteAtMostThreeTimesAnHour(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		freed := 0
		for i := range 8 {
			r := w.m.run(fmt.Sprint("r", i))
			if got := w.fetch(r, inbox); len(got) == 1 {
				freed++
				if err := w.s.AddNote(r.ctx(t), "1", hello); err != nil {
					t.Fatal(err)
				}
				r.end(store.Handled)
			}
			time.Sleep(2 * time.Second)
			same(t, w.fetch(w.m.run(fmt.Sprint("first", i)), inbox), []string{}) // the first reading
			w.d.change("1", api.TicketUpdate{Owner: &api.Entity{Name: fmt.Sprint("agent", i)}})
			time.Sleep(62 * time.Second)
		}
		if freed != 1+freedAnHour {
			t.Errorf("worked at %d times in ten minutes, want 4", freed)
		}
		if n := strings.Count(w.logs.String(), "changed again and again"); n != 1 {
			t.Errorf("said %d times: %s", n, w.logs.String())
		}
		if n := w.d.count("changed"); full && n > 12 {
			t.Errorf("%d searches for changes in ten minutes", n)
		}
	})
}

func TestWhatAPersonPutBackIsNotDoneAgainUntilSomebodyWrites(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		move := api.TicketUpdate{Priority: &api.Entity{Name: "high"}}
		r := w.m.run("a")
		w.fetch(r, inbox)
		if err := w.s.UpdateTicket(r.ctx(t), "1", move); err != nil {
			t.Fatal(err)
		}
		r.end(store.Handled)
		w.d.change("1", api.TicketUpdate{Priority: &api.Entity{Name: "normal"}})
		time.Sleep(2 * time.Second)
		same(t, w.fetch(w.m.run("b"), inbox), []string{})
		if note := w.m.rows["router 1"].Note; note != notePutBack {
			t.Errorf("note %q", note)
		}
		w.d.change("1", api.TicketUpdate{Notes: []api.Note{{Subject: "Re", Body: "please hurry", Author: "customer"}}})
		time.Sleep(2 * time.Minute)
		c := w.m.run("c")
		same(t, w.fetch(c, inbox), []string{"1"})
		if err := w.s.UpdateTicket(c.ctx(t), "1", move); err != nil {
			t.Fatal(err)
		}
		if got := w.d.tickets["1"].Priority.Name; got != "high" {
			t.Errorf("priority %s", got)
		}
	})
}

func TestTicketsThatStayInTheQueueCostHardlyMoreSearches(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		var ids []string
		for i := range 200 {
			ids = append(ids, fmt.Sprintf("%05d", i))
		}
		w := newWorld(t, full, ids...)
		for i, id := range ids {
			r := w.m.run(fmt.Sprint("r", i))
			same(t, w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}), []string{id})
			if err := w.s.AddNote(r.ctx(t), id, hello); err != nil {
				t.Fatal(err)
			}
			r.end(store.Handled)
		}
		if n := w.d.count("ids") + w.d.count("find"); n > 220 {
			t.Errorf("%d searches for 200 tickets", n)
		}
	})
}

// Another otai with a store of its own is recognized by a note that reads as ours, by
// who writes ours, and that is in nobody's effects.
func TestAnotherOtaiWithAStoreOfItsOwnIsNamedOnceAnHour(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1", "2")
		r := w.m.run("a")
		w.fetch(r, inbox)
		for _, id := range []string{"1", "2"} {
			if err := w.s.AddNote(r.ctx(t), id, hello); err != nil {
				t.Fatal(err)
			}
		}
		r.end(store.Handled)
		for i := range 3 {
			w.d.change("1", api.TicketUpdate{Notes: []api.Note{{Subject: hello.Subject, Body: fmt.Sprint("the other one's, ", i)}}})
			w.d.change("2", api.TicketUpdate{Notes: []api.Note{{Subject: hello.Subject, Body: "a customer's", Author: "customer"}}})
			time.Sleep(2 * time.Minute)
			next := w.m.run(fmt.Sprint("b", i))
			w.fetch(next, inbox)
			next.end(store.Handled)
		}
		if n := strings.Count(w.logs.String(), "another otai that doesn't use this run store"); n != 1 {
			t.Errorf("said %d times\n%s", n, w.logs)
		}
		kept, _, err := w.m.Value(t.Context(), store.ValueOthers)
		if at, ticket, _ := strings.Cut(kept, " "); err != nil || ticket != "1" {
			t.Errorf("for otai doctor, %q at %q is kept: %v", ticket, at, err)
		}
	})
}
