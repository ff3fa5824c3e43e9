package runs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// decides is what a pipe that decides finds behind the gate.
type decides interface {
	Suggest(ctx context.Context, id, what string, u api.TicketUpdate) (written bool, err error)
	Leave(ctx context.Context, id, why string) error
}

func onlySuggestion(_ context.Context, s api.TicketSystem, id string) []func(context.Context) error {
	return []func(context.Context) error{func(ctx context.Context) error {
		_, err := s.(decides).Suggest(ctx, id, "IT", api.TicketUpdate{Notes: []api.Note{{Subject: "otai", Body: "perhaps IT"}}})
		return err
	}}
}

// suggesting has each ticket of a help desk suggested what a test says.
type suggesting struct {
	*desk
	h     *helpDesk
	s     api.TicketSystem
	what  string
	tried map[string]int
}

func (d *suggesting) round() {
	for {
		r, ok := d.mayBeNext(d.place)
		if !ok {
			r = d.begin()
		}
		fetched := d.does(r, "fetch", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
			found, err := d.s.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
			list := []any{}
			for _, t := range found {
				list = append(list, map[string]any{"id": t.ID})
			}
			return api.Success(map[string]any{"fetched_tickets": list}), err
		})
		list, _ := fetched.Data["fetched_tickets"].([]any)
		if len(list) > 0 {
			id := list[0].(map[string]any)["id"].(string)
			d.tried[id]++
			d.does(r, "decide", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
				_, err := d.s.(decides).Suggest(ctx, id, d.what, api.TicketUpdate{Notes: []api.Note{{Subject: "otai", Body: "perhaps " + d.what}}})
				return api.Success(nil), err
			})
		}
		d.end(r)
		if len(list) == 0 {
			return
		}
	}
}

func (d *suggesting) notes() (n int) {
	d.h.mu.Lock()
	defer d.h.mu.Unlock()
	for _, t := range d.h.tickets {
		for _, note := range t.Notes {
			if note.Author == "otai" {
				n++
			}
		}
	}
	return n
}

func (d *suggesting) tries() (n int) {
	for _, m := range d.tried {
		n += m
	}
	return n
}

func TestASuggestionStandsAsLongAsItsTicketDoes(t *testing.T) {
	t.Parallel()
	inDesk(t, func(t *testing.T, base *desk) {
		const tickets = 20
		h := newHelpDesk(tickets)
		g, s := base.gated(h)
		base.finish = g.Finish
		d := &suggesting{desk: base, h: h, s: s, what: "IT", tried: make(map[string]int)}
		want := func(when string, notes, tries int) {
			t.Helper()
			if n, m := d.notes(), d.tries(); n != notes || m != tries {
				t.Fatalf("%s: %d notes and %d tries, want %d and %d", when, n, m, notes, tries)
			}
		}
		for range 20 {
			d.round()
			time.Sleep(time.Second)
		}
		want("after 20 cycles", tickets, tickets)

		reply := func(id string) {
			h.change(id, "customer", api.TicketUpdate{Notes: []api.Note{{Subject: "re", Body: "still broken"}}})
		}
		for i := range 5 {
			reply(fmt.Sprintf("%04d", i+1))
		}
		for range 3 {
			time.Sleep(time.Minute)
			d.round()
		}
		want("after replies to 5", tickets, tickets+5)
		if row := d.ticket("0001"); row.Standing != store.Handled {
			t.Errorf("the ticket of a suggestion that stands is %q", row.Standing)
		}
		if last := d.runs(store.Filter{Ticket: "0001", Limit: 1})[0]; last.Outcome != store.Left {
			t.Errorf("its run ended as %q", last.Outcome)
		}

		d.what = "HR"
		reply("0001")
		time.Sleep(time.Minute)
		d.round()
		want("another suggestion to one of them", tickets+1, tickets+6)
		d.what = "IT"
		reply("0001")
		time.Sleep(time.Minute)
		d.round()
		want("the first one again, which isn't the last", tickets+2, tickets+7)

		if _, err := d.store.Retry(t.Context(), store.RequestArgs{Tickets: []string{"0002"}}); err != nil {
			t.Fatal(err)
		}
		d.round()
		want("a person has it done again", tickets+3, tickets+8)
	})
}

func TestATicketThatIsLeftForGoodIsHandled(t *testing.T) {
	leave := func(ids ...string) work {
		return func(_ context.Context, s gate.Step) (api.PipeResult, error) {
			for _, id := range ids {
				s.Leaves("desk", id, "not sure")
			}
			return api.Success(nil), nil
		}
	}
	fail := func(context.Context, gate.Step) (api.PipeResult, error) { return api.Failure("enough"), nil }
	for name, c := range map[string]struct {
		decide, then work
		repeat       bool
		killed       bool // behind the decision
		one, two     store.Standing
	}{
		"the first one":                      {leave("1"), nil, false, false, store.Handled, store.Free},
		"another one":                        {leave("2"), nil, false, false, store.StandingLeft, store.Handled},
		"both":                               {leave("1", "2"), nil, false, false, store.Handled, store.Handled},
		"neither":                            {leave(), nil, false, false, store.StandingLeft, store.Free},
		"a failed step comes after":          {leave("1"), fail, false, false, store.Handled, store.Free},
		"a written one, and another is left": {leave("2"), func(ctx context.Context, s gate.Step) (api.PipeResult, error) { return (&desk{}).write("1")(ctx, s) }, false, false, store.Handled, store.Handled},
		"a refused one":                      {leave("1"), rejects("queue", "1"), false, false, store.Aside, store.Free},
		"the system fails":                   {leave("1"), fails, false, false, store.Free, store.Free},
		"a runner that repeats":              {leave("1", "2"), nil, true, false, store.Free, store.Free},
		"in another process":                 {leave("1", "2"), nil, false, true, store.Handled, store.Handled},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				d.place.Repeat = c.repeat
				r := d.begin()
				d.does(r, "fetch", d.fetch("1", "2"))
				d.does(r, "decide", c.decide)
				if c.killed {
					d.does(r, "more", nil) // with it the result before is stored
					d.die()
					r = d.next(d.place)
					d.does(r, "fetch", nil)
					if _, called, _ := d.step(r, "decide", "p", nil); called {
						t.Error("the decision is made again")
					}
				}
				result, _, err := d.step(r, "then", "p", c.then)
				_ = stored(r, r.End(t.Context(), result, err))
				if one, two := d.ticket("1").Standing, d.ticket("2").Standing; one != c.one || two != c.two {
					t.Errorf("they stand as %q and %q, want %q and %q", one, two, c.one, c.two)
				}
				if left := d.log.count("a ticket is left as it is"); c.killed == false && c.one == store.Handled && c.then == nil && (left != 1 || d.log.count("not sure") != 1) {
					t.Errorf("it is said %d times, with the reason %d times", left, d.log.count("not sure"))
				}
			})
		})
	}
}
