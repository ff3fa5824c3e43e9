package runs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// records are all that are kept, the oldest first.
func (d *desk) records() (out []decisions.Record) {
	d.t.Helper()
	list, err := d.store.Decisions(d.t.Context(), store.DecisionFilter{Oldest: true})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, one := range list {
		r, err := decisions.Decode(one.Body, time.UnixMicro(one.Made), one.End)
		if err != nil {
			d.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// wroteBy is what records say was written, a line for each field and note.
func wroteBy(records []decisions.Record) (lines []string) {
	for _, r := range records {
		for _, w := range r.Writes {
			if w.Outcome != decisions.Done {
				continue
			}
			for name, v := range w.New {
				lines = append(lines, fmt.Sprintf("%s %s %s -> %s", r.Ticket, name, w.Old[name], v))
			}
			for range w.Note {
				lines = append(lines, r.Ticket+" note")
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// wantAllRecorded compares what the help desk saw with what the records say.
func (d *desk) wantAllRecorded(h *helpDesk) {
	d.t.Helper()
	h.mu.Lock()
	saw := slices.Sorted(slices.Values(h.saw))
	h.mu.Unlock()
	records := d.records()
	said := wroteBy(records)
	for _, line := range without1(saw, said) {
		d.t.Errorf("no decision has %q", line)
	}
	for _, line := range without1(said, saw) {
		d.t.Errorf("a decision has %q, and it never happened", line)
	}
	if d.t.Failed() {
		for _, r := range records {
			d.t.Logf("%+v", r)
		}
	}
}

// without1 are the lines of a that b has not, each counted.
func without1(a, b []string) (rest []string) {
	left := make(map[string]int)
	for _, line := range b {
		left[line]++
	}
	for _, line := range a {
		if left[line]--; left[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

// brief is a record in a line.
func brief(r decisions.Record) string {
	label, _ := r.Label()
	text := fmt.Sprintf("%s %d %s", r.Ticket, r.End, r.Action)
	if label != "" {
		text += " " + label
	}
	for _, w := range r.Writes {
		text += fmt.Sprintf("; %s %s", w.Step, w.Outcome)
		for _, name := range []string{"queue", "priority"} {
			if v, ok := w.New[name]; ok {
				text += fmt.Sprintf(" %s %s -> %s", name, w.Old[name], v)
			}
		}
		if w.Note > 0 {
			text += fmt.Sprintf(" %d note", w.Note)
		}
	}
	return text
}

func (d *desk) wantRecords(want ...string) {
	d.t.Helper()
	var got []string
	for _, r := range d.records() {
		got = append(got, brief(r))
	}
	if !slices.Equal(got, want) {
		d.t.Errorf("the records are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// gatedProcess is a whole attempt at the next ticket of a help desk: a fetch, a classification,
// and what the steps do.
func (d *desk) gatedProcess(r *run, s api.TicketSystem, label string, steps ...func(ctx context.Context, id string) error) {
	d.t.Helper()
	id := ""
	d.does(r, "fetch", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
		found, err := s.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
		list := []any{}
		for _, t := range found {
			list = append(list, map[string]any{"id": t.ID})
		}
		return api.Success(map[string]any{"fetched_tickets": list}), err
	})
	for _, t := range r.tickets {
		id = t.Ticket
	}
	if id == "" {
		d.end(r)
		return
	}
	d.does(r, "classify", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
		decisions.Classified(ctx, decisions.Classification{
			Label: label, Confidence: 0.9, Model: "m", Revision: "r1", SHA256: "s1", Text: "a text",
			Scores: []decisions.Score{{Label: label, Confidence: 0.9}, {Label: "B"}, {Label: "C"}, {Label: "D"}},
		})
		return api.Success(map[string]any{"label": label}), nil
	})
	var last error
	result := api.Success(nil)
	for i, do := range steps {
		result, _, last = d.step(r, fmt.Sprint("write", i), "p", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
			err := do(ctx, id)
			if err != nil && !strings.Contains(err.Error(), "system") {
				return api.Failure("%v", err), nil
			}
			return api.Success(nil), err
		})
		if last != nil || !result.Succeeded() {
			break
		}
	}
	_ = stored(r, r.End(d.t.Context(), result, last))
}

func move(s api.TicketSystem, to string) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		return s.UpdateTicket(ctx, id, api.TicketUpdate{Queue: &api.Entity{Name: to}, Notes: []api.Note{{Subject: "otai", Body: "b"}}})
	}
}

func leave(why string) func(context.Context, string) error {
	return func(context.Context, string) error { return fmt.Errorf("%s", why) }
}

func decidesBy(p decisions.Pipe, then func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		decisions.Decided(ctx, p)
		if then == nil {
			return nil
		}
		return then(ctx, id)
	}
}

func TestEachEndOfARunLeavesARecord(t *testing.T) {
	many(t)
	inDesk(t, func(t *testing.T, d *desk) {
		h := newHelpDesk(1)
		g, s := d.gated(h)
		d.finish = g.Finish
		d.engine.o.Finish = g.Finish
		again := func(after time.Duration) *run {
			time.Sleep(after)
			if r, ok := d.mayBeNext(d.place); ok {
				return r
			}
			return d.begin()
		}

		// Left: the same once, another message and another label once more.
		d.gatedProcess(d.begin(), s, "A", leave("not sure"))
		d.gatedProcess(again(2*time.Hour), s, "A", leave("not sure"))
		d.gatedProcess(again(2*time.Hour), s, "A", leave("too short"))
		d.gatedProcess(again(2*time.Hour), s, "B", leave("too short"))
		want := []string{"0001 1 left A", "0001 1 left A", "0001 1 left B"}
		d.wantRecords(want...)

		// Applied, by a pipe that says so; the rest of the record.
		d.gatedProcess(again(2*time.Hour), s, "B", decidesBy(decisions.Pipe{Action: decisions.Applied, Label: "B", Reason: "sure"}, move(s, "out")))
		want = append(want, "0001 1 applied B; write0 done queue in -> out 1 note")
		d.wantRecords(want...)
		all := d.records()
		r := all[len(all)-1]
		if r.Run == "" || r.Runner != "sort" || r.System != "desk" || r.Config != "h1" || r.Reason != "sure" || r.Read.Queue == nil || r.Read.Queue.Name != "in" ||
			len(r.Classifications) != 1 || len(r.Classifications[0].Scores) != 3 || r.Classifications[0].Revision != "r1" || r.Classifications[0].Step != "classify" ||
			len(r.Pipes) != 1 || r.Pipes[0].Step != "write0" || r.Text != "" || r.Title != "" || time.Since(r.Time) > time.Minute {
			t.Errorf("the record is %+v", r)
		}
		d.wantAllRecorded(h)
	})
}

func TestARecordSaysTheStrongestOfWhatHappened(t *testing.T) {
	refuses := fmt.Errorf("no right: %w", api.ErrDenied)
	for _, c := range []struct {
		name  string
		steps func(h *helpDesk, s api.TicketSystem) []func(context.Context, string) error
		want  string
	}{
		{"suggests", func(_ *helpDesk, s api.TicketSystem) []func(context.Context, string) error {
			return []func(context.Context, string) error{decidesBy(decisions.Pipe{Action: decisions.Suggested, Label: "X"}, func(ctx context.Context, id string) error {
				return s.AddNote(ctx, id, api.Note{Subject: "could go to X"})
			})}
		}, "0001 1 suggested X; write0 done 1 note"},
		{"suggests, and another step applies", func(_ *helpDesk, s api.TicketSystem) []func(context.Context, string) error {
			return []func(context.Context, string) error{decidesBy(decisions.Pipe{Action: decisions.Suggested, Label: "X"}, func(ctx context.Context, id string) error {
				return s.AddNote(ctx, id, api.Note{Subject: "could go to X"})
			}), func(ctx context.Context, id string) error {
				return s.UpdateTicket(ctx, id, api.TicketUpdate{Priority: &api.Entity{Name: "high"}})
			}}
		}, "0001 1 applied X; write0 done 1 note; write1 done priority low -> high"},
		{"all is as wanted", func(h *helpDesk, s api.TicketSystem) []func(context.Context, string) error {
			return []func(context.Context, string) error{func(ctx context.Context, id string) error {
				time.Sleep(time.Minute) // then it is read again
				h.mu.Lock()
				h.tickets[id].Priority = &api.Entity{Name: "low"}
				h.mu.Unlock()
				return s.UpdateTicket(ctx, id, api.TicketUpdate{Priority: &api.Entity{Name: "low"}})
			}}
		}, "0001 1 left A"},
		{"is refused once and for all", func(h *helpDesk, s api.TicketSystem) []func(context.Context, string) error {
			h.before = func(string, func()) error { return refuses }
			return []func(context.Context, string) error{move(s, "out")}
		}, "0001 1 refused A"},
		{"applies, and is then refused", func(h *helpDesk, s api.TicketSystem) []func(context.Context, string) error {
			n := 0
			h.before = func(_ string, apply func()) error {
				if n++; n > 1 {
					return refuses
				}
				apply()
				return nil
			}
			return []func(context.Context, string) error{func(ctx context.Context, id string) error {
				return s.UpdateTicket(ctx, id, api.TicketUpdate{Priority: &api.Entity{Name: "high"}})
			}, move(s, "out")}
		}, "0001 1 applied A; write0 done priority low -> high"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				d.place.Retry.Attempts = 1
				h := newHelpDesk(1)
				_, s := d.gated(h)
				d.gatedProcess(d.begin(), s, "A", c.steps(h, s)...)
				d.wantRecords(c.want)
				d.wantAllRecorded(h)
			})
		})
	}
}

func TestARunThatEndsAgainRecordsWhatItWroteSince(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.place.Retry.Attempts = 1
		h := newHelpDesk(1)
		refused := true
		h.before = func(_ string, apply func()) error {
			if h.tickets["0001"].Priority.Name == "high" && refused {
				return fmt.Errorf("no right: %w", api.ErrDenied)
			}
			apply()
			return nil
		}
		_, s := d.gated(h)
		steps := []func(context.Context, string) error{func(ctx context.Context, id string) error {
			return s.UpdateTicket(ctx, id, api.TicketUpdate{Priority: &api.Entity{Name: "high"}})
		}, move(s, "out")}
		r := d.begin()
		d.gatedProcess(r, s, "A", steps...)
		refused = false
		if n, err := d.store.Retry(t.Context(), store.RequestArgs{Runs: []string{r.row.ID}}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		d.gatedProcess(d.next(d.place), s, "A", steps...)
		d.wantRecords("0001 1 applied A; write0 done priority low -> high", "0001 2 applied A; write1 done queue in -> out 1 note")
		d.wantAllRecorded(h)
	})
}

func TestAClassificationOutlivesABeginningAnew(t *testing.T) {
	for name, wrote := range map[string]bool{"behind a write": true, "before any write": false} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				h := newHelpDesk(1)
				_, s := d.gated(h)
				r := d.begin()
				classified := func(label, revision string) func(context.Context, gate.Step) (api.PipeResult, error) {
					return func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
						decisions.Classified(ctx, decisions.Classification{Label: label, Revision: revision})
						return api.Success(nil), nil
					}
				}
				fetch := func(r *run) {
					d.does(r, "fetch", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
						_, err := s.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
						return api.Success(nil), err
					})
				}
				fetch(r)
				d.does(r, "classify", classified("A", "r1"))
				if wrote {
					d.does(r, "write", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
						return api.Success(nil), move(s, "out")(ctx, "0001")
					})
				} else {
					d.does(r, "next", nil)
				}
				d.place.Hash = "h2" // another configuration, and another model
				d.die()
				var g *gate.Gate
				g, s = d.gated(h)
				d.engine.o.Finish = g.Finish
				time.Sleep(time.Minute)
				r = d.next(d.place)
				fetch(r)
				d.does(r, "classify", classified("B", "r2"))
				d.does(r, "write", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
					return api.Success(nil), move(s, "out")(ctx, "0001")
				})
				d.end(r)
				all := d.records()
				var labels []string
				for _, c := range all[len(all)-1].Classifications {
					labels = append(labels, c.Label+" "+c.Revision)
				}
				want := []string{"B r2"}
				if wrote {
					want = []string{"A r1", "B r2"}
				}
				if !slices.Equal(labels, want) {
					t.Errorf("classified were %q, want %q", labels, want)
				}
				d.wantAllRecorded(h)
			})
		})
	}
}
