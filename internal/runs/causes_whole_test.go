package runs

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
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
		if took > 2*time.Minute+27*1200*time.Millisecond {
			t.Errorf("the good ones took %s", took)
		}
	})
}
