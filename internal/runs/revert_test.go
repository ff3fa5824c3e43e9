package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// restart ends the process, if there is one, and begins another one with a gate of its own.
func (d *desk) restart(h *helpDesk) api.TicketSystem {
	d.kill()
	g, s := d.gated(h)
	d.finish, d.revert = g.Finish, g.Revert
	d.start()
	return s
}

func (d *desk) askRevert(in store.Range) int64 {
	d.t.Helper()
	args, err := json.Marshal(store.RequestArgs{Range: &in})
	if err != nil {
		d.t.Fatal(err)
	}
	id, err := d.store.Ask(d.t.Context(), store.Request{Verb: store.VerbRevert, Args: args})
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) reverted(id int64) bool {
	r, _, err := d.store.Asked(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, row := range d.runs(store.Filter{}) {
		if strings.HasPrefix(row.ID, RevertPrefix(id)) && row.State != store.Ended {
			return false
		}
	}
	return r.Answer != ""
}

func (h *helpDesk) is(id string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tickets[id]
	notes := 0
	for _, n := range t.Notes {
		if n.Subject == "Put back by otai revert" {
			notes++
		}
	}
	return fmt.Sprintf("%s %s %d", t.Queue.Name, t.Priority.Name, notes)
}

func TestWhatWasWrittenIsPutBackWhateverDies(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]form{"three pipes": threePipes, "one update": oneUpdate} {
		t.Run(name, func(t *testing.T) {
			for seed := range seeds() {
				inDesk(t, func(t *testing.T, d *desk) {
					const tickets = 20
					h := newHelpDesk(tickets)
					random := rand.New(rand.NewPCG(seed, 15))
					var mu sync.Mutex // several workers write
					dead := false
					died := func() bool {
						mu.Lock()
						defer mu.Unlock()
						return dead
					}
					s := d.restart(h)
					h.before = func(_ string, apply func()) error {
						mu.Lock()
						defer mu.Unlock()
						switch p := random.IntN(100); {
						case p < 8:
							dead = true
							return context.Canceled
						case p < 16:
							apply()
							dead = true
							return context.Canceled
						case p < 24:
							time.AfterFunc(time.Duration(random.IntN(44))*time.Second, apply)
							return api.ErrUncertain
						case p < 30:
							return api.ErrTemporary
						}
						apply()
						return nil
					}
					cycle := func(begins bool) {
						r, ok := d.mayBeNext(d.place)
						if !ok && begins {
							r, ok = d.begin(), true
						}
						if ok {
							d.attempt(r, s, f, died)
						}
						if died() {
							dead = false
							s = d.restart(h)
						}
						time.Sleep(500 * time.Millisecond)
					}
					// The last ones are half done, or not begun, when they are put back.
					for round := 0; round < 3000 && !h.moved(tickets-4); round++ {
						cycle(true)
					}
					if !h.moved(tickets - 4) {
						t.Fatal("it does not come to an end")
					}
					h.change("0001", "ann", api.TicketUpdate{Queue: &api.Entity{Name: "hers"}})
					h.change("0002", "ann", api.TicketUpdate{Priority: &api.Entity{Name: "hers"}})
					time.Sleep(2 * time.Minute)
					id := d.askRevert(store.Range{})
					for round := 0; round < 3000 && !d.reverted(id); round++ {
						cycle(false)
					}
					if !d.reverted(id) {
						for _, row := range d.runs(store.Filter{}) {
							t.Logf("%+v", row)
						}
						t.Fatal("it is not put back", d.log.b.String())
					}
					begun := make(map[string]bool)
					for _, r := range d.records() {
						begun[r.Ticket] = true
					}
					want := func(round string) {
						for id := range begun {
							is := h.is(id)
							switch id {
							case "0001":
								if is != "hers low 1" {
									t.Errorf("seed %d, %s: ticket %s, of which a person changed the queue, is %s", seed, round, id, is)
								}
							case "0002":
								if is != "in hers 1" {
									t.Errorf("seed %d, %s: ticket %s, of which a person changed the priority, is %s", seed, round, id, is)
								}
							default:
								if is != "in low 1" && is != "in low 0" { // nothing but a note may have been written
									t.Errorf("seed %d, %s: ticket %s is %s", seed, round, id, is)
								}
							}
						}
					}
					want("at once")
					handled := slices.DeleteFunc(d.records(), func(r decisions.Record) bool { return r.Action != decisions.Reverted || r.Ticket <= "0002" })
					if len(handled) < tickets-8 {
						t.Errorf("seed %d: %d records of what was put back", seed, len(handled))
					}
					h.before = nil
					for range 10 {
						cycle(true)
						time.Sleep(2 * time.Minute)
					}
					for _, r := range handled {
						if is := h.is(r.Ticket); is != "in low 1" {
							t.Errorf("seed %d: ticket %s, which was put back, is %s after ten cycles", seed, r.Ticket, is)
						}
					}
					if t.Failed() {
						t.Log(d.log.b.String())
					}
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

// moved reports whether that many tickets are in the other queue.
func (h *helpDesk) moved(n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.tickets {
		if t.Queue.Name == "out" {
			n--
		}
	}
	return n <= 0
}

// TestWhatIsOnATicketAndNotYetKnownToBeDoneIsNobodyElses: a revert dies between the move and its
// note. The runner searches before the note is added, and again when it is there and this
// isn't stored yet.
func TestWhatIsOnATicketAndNotYetKnownToBeDoneIsNobodyElses(t *testing.T) {
	t.Parallel()
	inDesk(t, func(t *testing.T, d *desk) {
		h := newHelpDesk(1)
		s := d.restart(h)
		alive := func() bool { return false }
		search := func() {
			time.Sleep(2 * time.Minute) // changes are searched for once a minute
			d.attempt(d.begin(), s, oneUpdate, alive)
		}
		for range 3 {
			search()
		}
		if !h.moved(1) {
			t.Fatal("the ticket is not moved")
		}
		half, again := make(chan struct{}), make(chan struct{})
		var writes atomic.Int32
		h.before = func(id string, apply func()) error {
			switch writes.Add(1) {
			case 1:
				h.change(id, "otai", api.TicketUpdate{Queue: &api.Entity{Name: "in"}, Priority: &api.Entity{Name: "low"}})
				close(half)
				return context.Canceled
			case 2:
				<-again
				search()
				search()
				apply()
				search()
			default:
				apply()
			}
			return nil
		}
		id := d.askRevert(store.Range{})
		<-half
		s = d.restart(h)
		close(again)
		for range 5 {
			search()
		}
		if is := h.is("0001"); is != "in low 1" || !d.reverted(id) {
			t.Errorf("the ticket is %s; it is put back: %v, %d writes\n%+v\n%s", is, d.reverted(id), writes.Load(), d.runs(store.Filter{}), d.log.b.String())
		}
	})
}

// TestWhatIsPutBackByItsIDHasItsNameInTheRecord, as what was written before has.
func TestWhatIsPutBackByItsIDHasItsNameInTheRecord(t *testing.T) {
	t.Parallel()
	inDesk(t, func(t *testing.T, d *desk) {
		h := newHelpDesk(1)
		h.tickets["0001"].Queue.ID = "11"
		s := d.restart(h)
		d.attempt(d.begin(), s, oneUpdate, func() bool { return false })
		id := d.askRevert(store.Range{})
		time.Sleep(time.Minute)
		all := d.records()
		last := all[len(all)-1]
		if !d.reverted(id) || last.Action != decisions.Reverted || len(last.Writes) != 1 {
			t.Fatalf("it isn't put back: %+v", all)
		}
		if got, want := last.Writes[0].New[decisions.Queue], (decisions.Value{Name: "in", ID: "11"}); got != want {
			t.Errorf("the record has the queue %+v, want %+v", got, want)
		}
	})
}

func TestOnlyTheTicketOfTheHelpDeskThatIsMeantIsPutBack(t *testing.T) {
	t.Parallel()
	inDesk(t, func(t *testing.T, d *desk) {
		desks := map[string]*helpDesk{"east": newHelpDesk(1), "west": newHelpDesk(1)}
		d.kill()
		g := gate.New(gate.Options{Store: d.store})
		systems := make(map[string]api.TicketSystem)
		for name, h := range desks {
			systems[name] = g.Wrap(name, h).(api.TicketSystem)
		}
		d.finish, d.revert = g.Finish, g.Revert
		d.start()
		for _, name := range []string{"east", "west"} {
			d.attempt(d.begin(), systems[name], oneUpdate, func() bool { return false })
		}
		id := d.askRevert(store.Range{Ticket: "0001", System: "west"})
		time.Sleep(time.Minute)
		if east, west := desks["east"].is("0001"), desks["west"].is("0001"); east != "out high 0" || west != "in low 1" || !d.reverted(id) {
			t.Errorf("in the east it is %s, in the west %s", east, west)
		}
	})
}

// TestWhatIsRefusedIsPutBackLater: what a run is to put back is kept while its ticket is set
// aside or waits for a cause.
func TestWhatIsRefusedIsPutBackLater(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tickets, times int
		asks           bool
	}{
		"one of one":       {tickets: 1, times: 1},
		"five for a cause": {tickets: 5, times: 6},
		"a person asks":    {tickets: 1, times: 2, asks: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inDesk(t, func(t *testing.T, d *desk) {
				h := newHelpDesk(c.tickets)
				s := d.restart(h)
				for range 3 * c.tickets {
					d.attempt(d.begin(), s, oneUpdate, func() bool { return false })
					time.Sleep(2 * time.Minute)
				}
				if !h.moved(c.tickets) {
					t.Fatal("the tickets are not moved")
				}
				var refused atomic.Int32
				h.before = func(_ string, apply func()) error {
					if int(refused.Add(1)) <= c.times {
						return fmt.Errorf("no move_into: %w", api.ErrDenied)
					}
					apply()
					return nil
				}
				id := d.askRevert(store.Range{})
				if c.asks {
					time.Sleep(90 * time.Second) // it is refused twice
					if _, err := d.store.Retry(t.Context(), store.RequestArgs{All: true}); err != nil {
						t.Fatal(err)
					}
					d.restart(h)
				}
				for range 20 {
					if time.Sleep(30 * time.Second); d.reverted(id) {
						break
					}
				}
				if said := d.log.b.String(); strings.Contains(said, `"a ticket is set aside" ticket=""`) {
					t.Error("a line doesn't name its ticket")
				}
				for i := range c.tickets {
					if is := h.is(fmt.Sprintf("%04d", i+1)); is != "in low 1" || !d.reverted(id) {
						t.Errorf("ticket %d is %s; it is put back: %v, %d writes\n%s", i+1, is, d.reverted(id), refused.Load(), d.log.b.String())
					}
				}
			})
		})
	}
}
