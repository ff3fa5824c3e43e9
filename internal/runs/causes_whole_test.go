package runs

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// refusing is a help desk that refuses some updates, and takes its time for each.
type refusing struct {
	*helpDesk
	refuses func(id string, u api.TicketUpdate) bool
	asked   atomic.Int64
	refused atomic.Int64
}

func (r *refusing) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	r.asked.Add(1)
	time.Sleep(100 * time.Millisecond)
	if r.refuses(id, u) {
		r.refused.Add(1)
		return &api.FieldError{Field: "queue", Err: fmt.Errorf("%w: no right", api.ErrDenied)}
	}
	return r.helpDesk.UpdateTicket(ctx, id, u)
}

// waits until as many tickets have left their queue, or it takes too long.
func (r *refusing) waits(done int, most time.Duration, counts func(t *api.Ticket) bool) time.Duration {
	began := time.Now()
	for ; time.Since(began) < most; time.Sleep(50 * time.Millisecond) {
		n := 0
		r.mu.Lock()
		for _, t := range r.tickets {
			if t.Queue.Name != "in" && counts(t) {
				n++
			}
		}
		r.mu.Unlock()
		if n >= done {
			break
		}
	}
	return time.Since(began)
}

func whichever(*api.Ticket) bool { return true }

// byTitle moves each ticket to the queue that its title names.
var byTitle = strings.Replace(oneTicket, "name: out", `name: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].subject }}"`, 1)

// RUNS 19: one target of ten is deactivated.
func TestOneTargetOfTenThatIsRefusedCostsTheOthersLessThanFivePercent(t *testing.T) {
	many(t)
	const n = 400
	var took [2]time.Duration
	for i, refuses := range []bool{false, true} {
		h := newHelpDesk(n)
		number := 0
		for _, ticket := range h.tickets {
			ticket.Subject = fmt.Sprint("T", number%10)
			number++
		}
		r := &refusing{helpDesk: h, refuses: func(_ string, u api.TicketUpdate) bool { return refuses && u.Queue.Name == "T3" }}
		otai(t, r, sorting(1, byTitle), func(*desk, *logBuffer) {
			took[i] = r.waits(n*9/10, time.Hour, func(t *api.Ticket) bool { return t.Queue.Name != "T3" })
		})
		if r.refused.Load() > 6 {
			t.Errorf("%d updates were sent to the target that is refused", r.refused.Load())
		}
	}
	t.Logf("the other nine took %s, with one refused %s", took[0], took[1])
	if ratio := float64(took[1]) / float64(took[0]); ratio > 1.05 {
		t.Errorf("the other nine took %.2f times as long", ratio)
	}
}

// RUNS 19: three bad tickets close their target, the good ones behind them go within two minutes.
func TestThreeBadTicketsCloseTheirTargetForTwoMinutesAtMost(t *testing.T) {
	h := newHelpDesk(30)
	r := &refusing{helpDesk: h, refuses: func(id string, _ api.TicketUpdate) bool { return id <= "0003" }}
	otai(t, r, strings.Replace(sorting(1, oneTicket), "PT0.01S", "PT1S", 1), func(*desk, *logBuffer) {
		took := r.waits(27, 5*time.Minute, whichever)
		t.Logf("the good ones took %s", took)
		if took > 2*time.Minute {
			t.Errorf("the good ones took %s", took)
		}
	})
}

// rights is a help desk that takes its time, and may take a right away for updates, or to see
// any ticket.
type rights struct {
	*slowDesk
	eachID             time.Duration // that a search finds
	noUpdate, noTicket atomic.Bool
	refused, looks     atomic.Int64
	updated            atomic.Int64
}

func newRights(n int) *rights {
	return &rights{slowDesk: &slowDesk{
		helpDesk: newHelpDesk(n), search: 40 * time.Millisecond, read: 35 * time.Millisecond,
		update: func(string) time.Duration { return 100 * time.Millisecond },
	}}
}

func (r *rights) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	if r.noUpdate.Load() || r.noTicket.Load() {
		time.Sleep(100 * time.Millisecond)
		r.refused.Add(1)
		return &api.FieldError{Field: "queue", Err: fmt.Errorf("%w: no right", api.ErrDenied)}
	}
	err := r.slowDesk.UpdateTicket(ctx, id, u)
	if err == nil {
		r.updated.Add(1)
	}
	return err
}

func (r *rights) AddNote(ctx context.Context, id string, n api.Note) error {
	return r.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

func (r *rights) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	if r.noTicket.Load() {
		return nil, nil
	}
	ids, err := r.slowDesk.FindTicketIDs(ctx, c)
	time.Sleep(time.Duration(len(ids)) * r.eachID)
	return ids, err
}

// ReadTickets answers for a ticket that may not be seen as for one that was deleted.
func (r *rights) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	if r.noTicket.Load() {
		r.looks.Add(1)
		return nil, nil
	}
	return r.slowDesk.ReadTickets(ctx, ids, c)
}

// out is how many tickets have left their queue.
func (r *rights) out() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tickets {
		if t.Queue.Name != "in" {
			n++
		}
	}
	return n
}

// waitFor is how many runs wait for a cause.
func (d *desk) waitFor(t *testing.T) (n int) {
	causes, err := d.store.Causes(d.t.Context())
	if err != nil {
		t.Error(err)
	}
	for _, c := range causes {
		n += c.Waiting
	}
	return n
}

// until waits for something, a virtual day at most.
func until(ok func() bool) time.Duration {
	began := time.Now()
	for !ok() && time.Since(began) < 24*time.Hour {
		time.Sleep(200 * time.Millisecond)
	}
	return time.Since(began)
}

// RUNS 19: a right is lost for many tickets, and given back just after one of them has tried.
func TestARightThatWasLostCostsABacklogAMinuteAtMost(t *testing.T) {
	many(t)
	n := 200
	if os.Getenv("OTAI_TEST_ALL") != "" {
		n = 10_000
	}
	for name, config := range map[string]string{"limit: 1": sorting(1, oneTicket), "ForEach": sorting(100, eachTicket)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var took [2]time.Duration
			for i, lost := range []bool{false, true} {
				h := newRights(n)
				h.eachID = time.Second / 10_000
				h.noUpdate.Store(lost)
				otai(t, h, config, func(d *desk, log *logBuffer) {
					if lost {
						until(func() bool { return d.waitFor(t) >= n-3 })
						before := h.refused.Load()
						until(func() bool { return h.refused.Load() > before })
						h.noUpdate.Store(false)
					}
					took[i] = until(func() bool { return h.updated.Load() >= int64(n) })
					time.Sleep(20 * time.Second)
					counts, err := d.store.Counts(d.t.Context())
					if err != nil {
						t.Error(err)
					}
					if got := counts.Runners["sort"][store.Handled]; got != n {
						t.Errorf("%d of %d are handled: %v", got, n, counts.Runners["sort"])
					}
					if lines := log.others(); lost && (lines > 20 || h.refused.Load() > 60) {
						t.Errorf("%d lines, %d refused updates\n%s", lines, h.refused.Load(), log.b.String())
					}
					t.Logf("lost %v: %s, %d refused updates, %d lines", lost, took[i], h.refused.Load(), log.others())
				})
				for id := range h.tickets {
					if what := h.wrong("one update", id); what != "" {
						t.Errorf("ticket %s: %s", id, what)
					}
				}
			}
			if took[1] > took[0]+time.Minute {
				t.Errorf("%s after the right was given back, %s without its loss", took[1], took[0])
			}
		})
	}
}

// What a process has left of a loop is read together by the next one.
func TestTheItemsThatAProcessHasLeftAreReadTogether(t *testing.T) {
	const n = 100
	h := newRights(n)
	first, before := true, 0
	otaiAgain(t, h, strings.Replace(sorting(n, eachTicket), "PT0.01S", "PT1M", 1), 2, func(*desk, *logBuffer) {
		if first {
			first = false
			until(func() bool { return h.out() >= 20 })
			before = h.readings()
			return
		}
		until(func() bool { return h.out() == n })
		time.Sleep(20 * time.Second)
	})
	reads := h.readings() - before
	t.Logf("%d requests to read what was left", reads)
	if reads > 12 {
		t.Error("each was read alone")
	}
	for id := range h.tickets {
		if what := h.wrong("one update", id); what != "" {
			t.Errorf("ticket %s: %s", id, what)
		}
	}
}

// The same for two hosts at one database: each reads together what is due next, so the tickets
// are read in a few requests, and each is written to once.
func TestHostsReadTogetherWhatIsDueTogether(t *testing.T) {
	t.Parallel()
	const n = 120
	s := database(t)
	h := newHelpDesk(n)
	r := &rights{slowDesk: &slowDesk{helpDesk: h, update: func(string) time.Duration { return 5 * time.Millisecond }}}
	r.noUpdate.Store(true)
	d := &desk{t: t, store: s}
	work := func(names ...string) (wait func()) {
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, name := range names {
			w := &whole{d: d, log: new(logBuffer), lease: lasting, name: name}
			all.Go(func() {
				if err := w.run(ctx, r, sorting(n, eachTicket), orchestrator.Options{}); err != nil {
					t.Error(err)
				}
			})
		}
		return func() {
			stop()
			all.Wait()
		}
	}
	stop := work("a")
	within := func(what string, ok func() bool) {
		t.Helper()
		for until := time.Now().Add(2 * time.Minute); !ok(); time.Sleep(100 * time.Millisecond) {
			if time.Now().After(until) {
				stop()
				t.Fatalf("%s: not within two minutes", what)
			}
		}
	}
	within("all wait", func() bool { return d.waitFor(t) >= n-3 })
	stop()
	before := h.readings()
	r.noUpdate.Store(false)
	stop = work("a", "b")
	defer stop()
	if _, err := s.Retry(t.Context(), store.RequestArgs{All: true}); err != nil {
		t.Fatal(err)
	}
	within("all are moved", func() bool { return r.updated.Load() >= n })
	reads := h.readings() - before
	t.Logf("%d requests to read %d tickets", reads, n)
	if reads > n/4 {
		t.Error("each was read alone")
	}
	for id := range h.tickets {
		if what := h.wrong("one update", id); what != "" {
			t.Errorf("ticket %s: %s", id, what)
		}
	}
}

// threeSteps is Open Ticket AI's form: queue, priority and note are written one after another.
const threeSteps = `
                    - use: base:UpdateTicketPipe
                      injects: { ticket_system: desk }
                      params: { ticket_id: "{{ get_parent_param('item').id }}", updated_ticket: { queue: { name: out } } }
                    - use: base:UpdateTicketPipe
                      injects: { ticket_system: desk }
                      params: { ticket_id: "{{ get_parent_param('item').id }}", updated_ticket: { priority: { name: high } } }
                    - use: base:AddNotePipe
                      injects: { ticket_system: desk }
                      params: { ticket_id: "{{ get_parent_param('item').id }}", note: { subject: otai, body: done } }
`

// RUNS 22: all rights are taken while 50 runs are half done, and given back after an hour.
func TestRunsThatAreHalfDoneWhenAllRightsAreTakenAreFinishedAfterAnHour(t *testing.T) {
	many(t)
	t.Parallel()
	const n = 50
	each := strings.Replace(eachTicket[:strings.Index(eachTicket, "                    - use: base:UpdateTicketPipe")], "                  steps:", "                  workers: 50\n                  steps:", 1)
	config := strings.Replace(sorting(n, each+threeSteps), "PT0.01S", "PT10S", 1)
	for name, c := range map[string]struct{ restarts bool }{
		"one process": {}, "another one after half an hour": {restarts: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newRights(n)
			first := true
			watch := func(d *desk, log *logBuffer) {
				if first {
					until(func() bool { return h.out() == n })
					h.noTicket.Store(true)
					time.Sleep(30 * time.Minute)
					for id := range h.tickets {
						if h.wrong("one update", id) == "" {
							t.Errorf("ticket %s is not half done", id)
						}
					}
					if first = false; c.restarts {
						return
					}
				}
				time.Sleep(30 * time.Minute)
				h.noTicket.Store(false)
				took := until(func() bool { return h.complete("one update") })
				time.Sleep(5 * time.Minute)
				for id := range h.tickets {
					if what := h.wrong("one update", id); what != "" {
						t.Errorf("ticket %s: %s", id, what)
					}
					if got := d.ticket(id); got.Standing != store.Handled {
						t.Errorf("ticket %s stands as %q: %s", id, got.Standing, got.Note)
					}
				}
				for _, r := range d.runs(store.Filter{States: []store.State{store.Ended}}) {
					if r.Outcome == store.Gone || r.Outcome == store.Dead {
						t.Errorf("run %s is %s", r.ID, r.Outcome)
					}
				}
				t.Logf("all done %s after the rights were given back; %d looks and %d refused updates meanwhile, %d lines", took, h.looks.Load(), h.refused.Load(), log.others())
				if lines := log.others(); took > 3*time.Minute || lines > 20 || h.looks.Load() > 200 {
					t.Errorf("%s", log.b.String())
				}
			}
			otaiAgain(t, h, config, map[bool]int{false: 1, true: 2}[c.restarts], watch)
		})
	}
}
