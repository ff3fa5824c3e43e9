package runs

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// The configuration is changed while a run is half done: what it has written isn't written
// again, whatever the steps are called now, and what is missing is.
func TestWhatARunHasWrittenCountsWhenItsConfigurationIsChanged(t *testing.T) {
	type write struct {
		key string
		u   api.TicketUpdate
	}
	note := func(words string) []api.Note { return []api.Note{{Subject: "otai", Body: words}} }
	queue, high := &api.Entity{Name: "out"}, &api.Entity{Name: "high"}
	three := func(around, words string) []write {
		return []write{{around + "/move", api.TicketUpdate{Queue: queue}}, {around + "/prio", api.TicketUpdate{Priority: high}}, {around + "/note", api.TicketUpdate{Notes: note(words)}}}
	}
	one := func(key, words string) []write {
		return []write{{key, api.TicketUpdate{Queue: queue, Priority: high, Notes: note(words)}}}
	}
	for name, c := range map[string]struct {
		before []write // done before the change
		after  []write
		notes  []string
	}{
		"three pipes, all done, another word in the note":         {three("a", "x"), three("b", "y"), []string{"x"}},
		"three pipes, the move is done, then one update":          {three("a", "x")[:1], one("b/all", "y"), []string{"y"}},
		"three pipes, all done, then one update":                  {three("a", "x"), one("b/all", "y"), []string{"x"}},
		"one update, then three pipes":                            {one("a/all", "x"), three("b", "y"), []string{"x"}},
		"the note comes first, and the move is put right":         {three("a", "x")[2:], append(three("b", "y")[2:], three("b", "y")[:2]...), []string{"x"}},
		"one update, then three pipes, of which one has its name": {one("a/move", "x"), three("b", "y"), []string{"x"}},
		"a note more, before the other":                           {three("a", "x"), append([]write{{"b/hello", api.TicketUpdate{Notes: note("hello")}}}, three("b", "y")...), []string{"x", "hello"}},
		"the items of a loop":                                     {three("a", "x"), []write{{"move", api.TicketUpdate{Queue: queue, Priority: high}}, {"note", api.TicketUpdate{Notes: note("y")}}}, []string{"x"}},
		"two notes in one update, then each in a step": {
			[]write{{"a/all", api.TicketUpdate{Queue: queue, Priority: high, Notes: append(note("x"), note("z")...)}}},
			append(three("b", "y"), write{"b/second", api.TicketUpdate{Notes: note("z")}}),
			[]string{"x", "z"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				h := newHelpDesk(1)
				steps := func(writes []write) map[string]bool {
					keys := map[string]bool{"fetch": true}
					for _, w := range writes {
						keys[w.key] = true
					}
					return keys
				}
				do := func(r *run, s api.TicketSystem, writes []write) {
					d.does(r, "fetch", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
						found, err := s.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
						if len(found) != 1 {
							t.Fatalf("found %v, %v", found, err)
						}
						return api.Success(nil), err
					})
					for _, w := range writes {
						d.does(r, w.key, func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
							if w.u.Queue == nil && w.u.Priority == nil {
								return api.Success(nil), s.AddNote(ctx, "0001", w.u.Notes[0])
							}
							return api.Success(nil), s.UpdateTicket(ctx, "0001", w.u)
						})
					}
				}
				d.place = &orchestrator.Place{Runner: "sort", Path: d.place.Path, Hash: "h1", Workers: 1, Steps: steps(c.before)}
				d.die()
				g, s := d.gated(h)
				d.finish = g.Finish
				r := d.begin()
				do(r, s, c.before)
				d.does(r, "last", nil) // what was done is stored
				d.place = &orchestrator.Place{Runner: "sort", Path: d.place.Path, Hash: "h2", Workers: 1, Steps: steps(c.after)}
				d.die()
				time.Sleep(time.Second)
				g, s = d.gated(h)
				d.finish = g.Finish
				r = d.next(d.place)
				do(r, s, c.after)
				d.end(r)
				got := h.tickets["0001"]
				var bodies []string
				for _, n := range got.Notes {
					if n.Author == "otai" {
						bodies = append(bodies, n.Body)
					}
				}
				if got.Queue.Name != "out" || got.Priority == nil || got.Priority.Name != "high" || fmt.Sprint(bodies) != fmt.Sprint(c.notes) {
					t.Errorf("queue %v, priority %v, notes %q, want %q", got.Queue, got.Priority, bodies, c.notes)
				}
			})
		})
	}
}
