package gate

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// RUNS 11, 21: what is read before a run begins to work at its ticket counts as if it had read
// it itself, or it reads it itself.
func TestTicketsOfRunsThatAreDueTogetherAreReadTogether(t *testing.T) {
	const alone, together = "002", ""
	for name, c := range map[string]struct {
		before, meanwhile func(w *world, s *spoiled, next *run)
		reads             string // a request of the second run
		becomes           string // of its ticket
	}{
		"at once":             {reads: together, becomes: "it"},
		"after a while":       {meanwhile: func(*world, *spoiled, *run) { time.Sleep(29 * time.Second) }, reads: together, becomes: "it"},
		"after half a minute": {meanwhile: func(*world, *spoiled, *run) { time.Sleep(30 * time.Second) }, reads: alone, becomes: "it"},
		"another run has ended at it since": {meanwhile: func(w *world, _ *spoiled, _ *run) {
			w.m.ends++
			row := w.m.rows["router 002"]
			row.EndedAt = w.m.ends
			w.m.rows["router 002"] = row
		}, reads: alone, becomes: "it"},
		"another run had ended at it before": {before: func(w *world, _ *spoiled, _ *run) {
			w.m.ends++
			row := w.m.rows["router 002"]
			row.EndedAt = w.m.ends
			w.m.rows["router 002"] = row
		}, reads: together, becomes: "it"},
		"a person had changed it": {before: func(w *world, _ *spoiled, _ *run) {
			w.d.change("002", api.TicketUpdate{Queue: &api.Entity{Name: "people"}})
		}, reads: together, becomes: "people"},
		"a write has named another field since": {meanwhile: func(w *world, _ *spoiled, _ *run) {
			w.g.fields["router"] = []string{"Color"}
		}, reads: alone, becomes: "it"},
		"it is being finished": {meanwhile: func(w *world, _ *spoiled, next *run) {
			w.m.effects[next.id+" other"] = store.Effect{Key: "other", System: "desk", Ticket: "9", State: store.Done}
		}, reads: alone, becomes: "it"},
		"it alone was left out": {
			before:    func(_ *world, s *spoiled, _ *run) { s.leftOut = []string{"002"} },
			meanwhile: func(_ *world, s *spoiled, _ *run) { s.leftOut = nil }, reads: alone, becomes: "it",
		},
		"its reading fails":   {before: func(_ *world, s *spoiled, _ *run) { s.bad = []string{"002"} }, reads: alone, becomes: "inbox"},
		"another one's fails": {before: func(_ *world, s *spoiled, _ *run) { s.bad = []string{"003"} }, reads: alone, becomes: "it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := spoil(t, 3)
				first, next := w.m.run("a"), w.m.run("b")
				one := api.SearchCriteria{Queue: inbox.Queue, Limit: 1}
				same(t, append(w.fetch(first, one), w.fetch(next, one)...), []string{"001", "002"})
				first.due = []string{"002", "003", "001"}
				time.Sleep(time.Minute)
				if c.before != nil {
					c.before(w, s, next)
				}
				s.read = nil
				if err := w.s.UpdateTicket(first.ctx(t), "001", queue("it")); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(s.read[0], " "); got != "001 002 003" {
					t.Errorf("%s were read together", got)
				}
				if c.meanwhile != nil {
					c.meanwhile(w, s, next)
				}
				s.read = nil
				err := w.s.UpdateTicket(next.ctx(t), "002", queue("it"))
				var reads string
				for _, ids := range s.read {
					reads += strings.Join(ids, " ")
				}
				if reads != c.reads {
					t.Errorf("the second run reads %q: %v", reads, err)
				}
				for id, want := range map[string]string{"001": "it", "002": c.becomes} {
					if got := w.d.tickets[id].Queue.Name; got != want {
						t.Errorf("ticket %s is in %s: %v", id, got, err)
					}
				}
				if overtaken := len(next.overtaken) == 1; overtaken != (c.becomes == "people") {
					t.Errorf("overtaken: %q", next.overtaken)
				}
			})
		})
	}
}

// The next hundred are read while the last of the present ones are written.
func TestWhatIsDueIsReadOnBesideWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 250
		w, s := spoil(t, n)
		var runs []*run
		var ids []string
		for range n {
			r := w.m.run("run " + string(rune('a'+len(runs))))
			ids = append(ids, w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1})...)
			runs = append(runs, r)
		}
		time.Sleep(time.Minute)
		s.read = nil
		for i, r := range runs {
			r.due = ids[i+1 : min(i+mostAhead, n)]
			if err := w.s.UpdateTicket(r.ctx(t), ids[i], queue("it")); err != nil {
				t.Fatal(err)
			}
			if w.d.tickets[ids[i]].Queue.Name != "it" {
				t.Errorf("ticket %s wasn't moved", ids[i])
			}
		}
		if len(s.read) > 5 {
			t.Errorf("%d requests to read %d tickets: %q", len(s.read), n, s.read)
		}
	})
}
