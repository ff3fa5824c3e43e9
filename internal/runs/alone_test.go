package runs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// CheckHealth implements [api.HealthChecker].
func (h *helpDesk) CheckHealth(context.Context) error {
	if h.sick {
		return errors.New("out of order")
	}
	return nil
}

// RUNS 20: a ticket that always meets a failure of the system, and is the only one.
func TestTheOnlyTicketThatAlwaysMeetsAFailureIsSetAsideWhileTheServiceIsHealthy(t *testing.T) {
	many(t)
	t.Parallel()
	for name, c := range map[string]struct {
		err      error
		sick     bool
		restarts bool
		want     store.Standing
	}{
		"an error of the server":                          {err: api.ErrUncertain, want: store.Aside},
		"certainly not carried out":                       {err: api.ErrTemporary, want: store.Aside},
		"in a loop of restarts":                           {err: api.ErrUncertain, restarts: true, want: store.Aside},
		"in a loop of restarts, certainly not done":       {err: api.ErrTemporary, restarts: true, want: store.Aside},
		"the service is out of order":                     {err: api.ErrUncertain, sick: true},
		"the service is out of order, certainly not done": {err: api.ErrTemporary, sick: true},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				h := newHelpDesk(1)
				h.sick = c.sick
				h.before = func(string, func()) error { return c.err }
				var s api.TicketSystem
				open := func() {
					var g *gate.Gate
					g, s = d.gated(h)
					d.finish = g.Finish
					d.engine.o.Healthy = g.Healthy
				}
				open()
				alive := func() bool { return false }
				work := func(forms form) {
					r, ok := d.mayBeNext(d.place)
					if !ok {
						r = d.begin()
					}
					d.attempt(r, s, forms, alive)
				}
				began := time.Now()
				for time.Since(began) < 10*time.Minute && d.ticket("0001").Standing == store.Free {
					work(oneUpdate)
					time.Sleep(10 * time.Second)
					if c.restarts {
						d.die()
						open()
					}
				}
				if got := d.ticket("0001"); got.Standing != c.want {
					t.Errorf("after %s: %+v", time.Since(began), got)
				}
				if said := d.log.count("a ticket is set aside"); said != map[bool]int{true: 1}[c.want == store.Aside] {
					t.Errorf("it is said %d times", said)
				}
				// What is under way by now is waited for, and it is done once.
				h.before, h.sick = nil, false
				for range 30 {
					work(oneUpdate)
					time.Sleep(10 * time.Second)
				}
				if what := h.wrong("one update", "0001"); what != "" {
					t.Error(what)
				}
			})
		})
	}
}

// RUNS 33, 22: a run that people end, or whose ticket is gone, ends once nothing of it can
// be at work any more.
func TestARunThatEndsWithoutAnAnswerIsLookedAfterAndThenEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after   func(d *desk, h *helpDesk, run string)
		within  time.Duration
		outcome store.Outcome
		effect  store.EffectState
	}{
		"canceled, and nothing was carried out": {
			after: func(d *desk, _ *helpDesk, run string) {
				d.ask(store.VerbDiscard, store.RequestArgs{Runs: []string{run}})
			},
			within: 2 * time.Minute, outcome: store.Canceled, effect: store.Closed,
		},
		"canceled, and it was carried out late": {
			after: func(d *desk, h *helpDesk, run string) {
				d.ask(store.VerbDiscard, store.RequestArgs{Runs: []string{run}})
				u := api.TicketUpdate{Priority: &api.Entity{Name: "high"}, Queue: &api.Entity{Name: "out"}, Notes: []api.Note{{Subject: "otai", Body: "done"}}}
				h.change("0001", "otai", u)
			},
			within: 2 * time.Minute, outcome: store.Canceled, effect: store.Done,
		},
		"the ticket is gone": {
			after:  func(_ *desk, h *helpDesk, _ string) { delete(h.tickets, "0001") },
			within: 26 * time.Hour, outcome: store.Gone, effect: store.Closed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				h := newHelpDesk(1)
				h.before = func(string, func()) error { return api.ErrUncertain }
				g, s := d.gated(h)
				d.finish = g.Finish
				r := d.begin()
				alive := func() bool { return false }
				d.attempt(r, s, oneUpdate, alive)
				c.after(d, h, r.row.ID)
				writes, attempts := h.writes, 0
				for began := time.Now(); time.Since(began) < c.within; time.Sleep(30 * time.Second) {
					if time.Since(began) > 5*time.Minute { // a process that works for a day is long to simulate
						if err := d.engine.Close(t.Context()); err != nil {
							t.Fatal(err)
						}
						time.Sleep(50 * time.Minute)
						d.start()
					}
					if again, ok := d.mayBeNext(d.place); ok {
						attempts++
						d.attempt(again, s, oneUpdate, alive)
					}
				}
				l := d.loaded(r.row.ID)
				if l.Run.Outcome != c.outcome || l.Effects[0].State != c.effect || h.writes != writes {
					t.Errorf("after %d attempts the run is %+v, its effect %s, %d more requests", attempts, l.Run, l.Effects[0].State, h.writes-writes)
				}
			})
		})
	}
}
