package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// helpDesk is a ticket system with level 1.1 of which writes go wrong.
type helpDesk struct {
	mu      sync.Mutex
	tickets map[string]*api.Ticket
	sorted  []string // their ids
	article int
	before  func(id string, apply func()) error // nil: every write is carried out
	fence   func(context.Context) error
	writes  int
	only    string // if set, what a search finds
	reads   int
	sick    bool
	saw     []string // what otai changed, a line for each field and note
}

func newHelpDesk(n int) *helpDesk {
	h := &helpDesk{tickets: make(map[string]*api.Ticket)}
	for i := range n {
		id := fmt.Sprintf("%04d", i+1)
		h.tickets[id] = &api.Ticket{ID: id, Subject: "s" + id, Queue: &api.Entity{Name: "in"}, Priority: &api.Entity{Name: "low"}, State: &api.Entity{Name: "new"}, Changed: time.Now()}
	}
	return h
}

func (h *helpDesk) UseFence(f func(context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fence = f
}

func (h *helpDesk) FindTicketIDs(_ context.Context, c api.SearchCriteria) (ids []string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.only != "" {
		return []string{h.only}, nil
	}
	if len(h.sorted) != len(h.tickets) {
		h.sorted = slices.Sorted(maps.Keys(h.tickets))
	}
	for _, id := range h.sorted {
		t := h.tickets[id]
		if (c.Queue == nil || t.Queue.Name == c.Queue.Name) && t.Changed.After(c.ChangedAfter) && len(ids) < c.Limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (h *helpDesk) ReadTickets(_ context.Context, ids []string, _ api.SearchCriteria) (all []api.Ticket, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	for _, id := range ids {
		if t := h.tickets[id]; t != nil {
			copied := *t
			copied.Notes = slices.Clone(t.Notes)
			all = append(all, copied)
		}
	}
	return all, nil
}

func (h *helpDesk) readings() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reads
}

func (h *helpDesk) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	ids, err := h.FindTicketIDs(ctx, c)
	if err != nil {
		return nil, err
	}
	return h.ReadTickets(ctx, ids, c)
}

func (h *helpDesk) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	all, err := h.ReadTickets(ctx, []string{id}, api.SearchCriteria{})
	if err != nil || len(all) == 0 {
		return api.Ticket{}, errors.Join(err, api.ErrNotFound)
	}
	return all[0], nil
}

func (h *helpDesk) AddNote(ctx context.Context, id string, n api.Note) error {
	return h.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

func (h *helpDesk) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	h.mu.Lock()
	fence := h.fence
	h.mu.Unlock()
	if err := fence(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	h.writes++
	h.mu.Unlock()
	if h.before != nil {
		return h.before(id, func() { h.change(id, "otai", u) })
	}
	h.change(id, "otai", u)
	return nil
}

func (h *helpDesk) change(id, author string, u api.TicketUpdate) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tickets[id]
	set := func(name string, had **api.Entity, to *api.Entity) {
		if to == nil {
			return
		}
		if author == "otai" && (*had).Name != to.Name {
			h.saw = append(h.saw, fmt.Sprintf("%s %s %s -> %s", id, name, (*had).Name, to.Name))
		}
		*had = to
	}
	set("queue", &t.Queue, u.Queue)
	set("priority", &t.Priority, u.Priority)
	for _, n := range u.Notes {
		if author == "otai" {
			h.saw = append(h.saw, id+" note")
		}
		h.article++
		n.ID, n.Author, n.Created = fmt.Sprint(h.article), author, time.Now()
		t.Notes = append(t.Notes, n)
	}
	t.Changed = time.Now()
}

// gated is a gate of the process that runs now.
func (d *desk) gated(h *helpDesk) (*gate.Gate, api.TicketSystem) {
	g := gate.New(gate.Options{Store: d.store})
	return g, g.Wrap("desk", h).(api.TicketSystem)
}

// form is Open Ticket AI's usual configuration, or that with one update.
type form func(ctx context.Context, s api.TicketSystem, id string) []func(context.Context) error

func threePipes(_ context.Context, s api.TicketSystem, id string) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) error {
			return s.UpdateTicket(ctx, id, api.TicketUpdate{Priority: &api.Entity{Name: "high"}})
		},
		func(ctx context.Context) error {
			return s.UpdateTicket(ctx, id, api.TicketUpdate{Queue: &api.Entity{Name: "out"}})
		},
		func(ctx context.Context) error { return s.AddNote(ctx, id, api.Note{Subject: "otai", Body: "done"}) },
	}
}

func oneUpdate(_ context.Context, s api.TicketSystem, id string) []func(context.Context) error {
	return []func(context.Context) error{func(ctx context.Context) error {
		return s.UpdateTicket(ctx, id, api.TicketUpdate{
			Priority: &api.Entity{Name: "high"}, Queue: &api.Entity{Name: "out"}, Notes: []api.Note{{Subject: "otai", Body: "done"}},
		})
	}}
}

func onlyNote(_ context.Context, s api.TicketSystem, id string) []func(context.Context) error {
	return []func(context.Context) error{func(ctx context.Context) error {
		return s.AddNote(ctx, id, api.Note{Subject: "otai", Body: "done"})
	}}
}

// attempt works at a run until it ends, waits or its process dies.
func (d *desk) attempt(r *run, s api.TicketSystem, f form, dead func() bool) {
	pipe := func(do func(context.Context) error) work {
		return func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
			err := do(ctx)
			if errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrDenied) || errors.Is(err, api.ErrNotFound) {
				return api.Failure("refused: %v", err), nil
			}
			return api.Success(nil), err
		}
	}
	var last error
	result := api.Success(nil)
	fetched, _, err := d.step(r, "fetch", "p", func(ctx context.Context, _ gate.Step) (api.PipeResult, error) {
		found, err := s.FindTickets(ctx, api.SearchCriteria{Queue: &api.Entity{Name: "in"}, Limit: 1})
		list := []any{}
		for _, t := range found {
			list = append(list, map[string]any{"id": t.ID})
		}
		return api.Success(map[string]any{"fetched_tickets": list}), err
	})
	last = err
	if list, _ := fetched.Data["fetched_tickets"].([]any); err == nil && len(list) > 0 {
		id := list[0].(map[string]any)["id"].(string)
		for i, write := range f(d.t.Context(), s, id) {
			if result, _, last = d.step(r, fmt.Sprint("write", i), "p", pipe(write)); last != nil || !result.Succeeded() || dead() {
				break
			}
		}
	}
	if !dead() {
		_ = stored(r, r.End(d.t.Context(), result, last))
	}
}

func TestWhateverDiesNoTicketIsDoubledLostOrHalfDone(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]form{"three pipes": threePipes, "one update": oneUpdate, "only a note": onlyNote, "only a suggestion": onlySuggestion} {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds() {
				inDesk(t, func(t *testing.T, d *desk) {
					const tickets = 25
					h := newHelpDesk(tickets)
					random := rand.New(rand.NewPCG(seed, 13))
					dead, kills := false, 0
					h.before = func(_ string, apply func()) error {
						switch p := random.IntN(100); {
						case p < 6: // killed before the request arrived
							dead = true
							return context.Canceled
						case p < 12: // killed after it was carried out
							apply()
							dead = true
							return context.Canceled
						case p < 16: // killed, and carried out late
							time.AfterFunc(time.Duration(random.IntN(40))*time.Second, apply)
							dead = true
							return context.Canceled
						case p < 22: // the answer is lost
							apply()
							return api.ErrUncertain
						case p < 28: // the answer is lost, and it is carried out late
							time.AfterFunc(time.Duration(random.IntN(44))*time.Second, apply)
							return api.ErrUncertain
						case p < 34: // lost for good
							return api.ErrUncertain
						case p < 40:
							return api.ErrTemporary
						}
						apply()
						return nil
					}
					g, s := d.gated(h)
					d.finish = g.Finish
					d.engine.o.Finish = d.finish
					for round := 0; round < 3000 && !(h.complete(name) && d.idle()); round++ {
						r, ok := d.mayBeNext(d.place)
						if !ok {
							r = d.begin()
						}
						d.attempt(r, s, f, func() bool { return dead })
						if dead {
							kills++
							dead = false
							d.die()
							g, s = d.gated(h)
							d.finish = g.Finish
							continue
						}
						time.Sleep(500 * time.Millisecond)
					}
					time.Sleep(2 * time.Minute)
					for _, id := range slices.Sorted(maps.Keys(h.tickets)) {
						if what := h.wrong(name, id); what != "" {
							t.Errorf("seed %d: ticket %s: %s", seed, id, what)
						}
					}
					d.wantAllRecorded(h)
					if t.Failed() {
						t.Logf("%d kills, %d writes\n%s", kills, h.writes, d.log.b.String())
					}
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// idle reports whether all runs have ended.
func (d *desk) idle() bool {
	return len(d.runs(store.Filter{States: []store.State{store.Ready, store.Running, store.Waiting}, Limit: 1})) == 0
}

func (h *helpDesk) complete(form string) bool {
	h.mu.Lock()
	ids := slices.Collect(maps.Keys(h.tickets))
	h.mu.Unlock()
	return !slices.ContainsFunc(ids, func(id string) bool { return h.wrong(form, id) != "" })
}

// wrong says what is doubled, lost or half done.
func (h *helpDesk) wrong(form, id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tickets[id]
	notes := 0
	for _, n := range t.Notes {
		if n.Author == "otai" {
			notes++
		}
	}
	var wrong []string
	if notes != 1 {
		wrong = append(wrong, fmt.Sprintf("%d notes", notes))
	}
	if !strings.HasPrefix(form, "only a ") && (t.Queue.Name != "out" || t.Priority.Name != "high") {
		wrong = append(wrong, "queue "+t.Queue.Name+", priority "+t.Priority.Name)
	}
	return strings.Join(wrong, "; ")
}

// seeds are few, or as many as OTAI_TEST_SEEDS says.
func seeds() uint64 {
	if n, err := strconv.ParseUint(os.Getenv("OTAI_TEST_SEEDS"), 10, 64); err == nil {
		return n
	}
	if raceDetector && !thorough() {
		return 1
	}
	return 2
}
