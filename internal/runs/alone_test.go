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
