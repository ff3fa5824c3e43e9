package gate

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const day = 24 * time.Hour

// RUNS 23: a standing goes only by a search that reaches past its place, keep after it
// was last found; time in which the runner doesn't search doesn't count.
func TestAStandingIsForgottenByASearchThatDoesNotFindItsTicketForLong(t *testing.T) {
	for name, c := range map[string]struct {
		days, pause int // of searches, and a pause in the middle
		backlog     int // so that a search never reaches the end
		gone        string
		forgotten   bool
	}{
		"not yet":                   {days: 29, gone: "001"},
		"long enough":               {days: 33, gone: "001", forgotten: true},
		"nobody searched meanwhile": {days: 20, pause: 40, gone: "001"},
		"a pause, and long enough":  {days: 33, pause: 40, gone: "001", forgotten: true},
		"in front of a backlog":     {days: 33, backlog: 200, gone: "001", forgotten: true},
		"behind a backlog":          {days: 33, backlog: 200, gone: "900"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, true, c.gone)
				r := w.m.run("first")
				same(t, w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}), []string{c.gone})
				r.end(store.Handled)
				w.d.tickets[c.gone].Queue = &api.Entity{Name: "elsewhere"}
				// One is handled and stays in the queue; of the others there are always more.
				for i := range c.backlog + 1 {
					id := fmt.Sprintf("%03d", 2+i)
					w.d.tickets[id] = &api.Ticket{ID: id, Queue: inbox.Queue}
				}
				r = w.m.run("second")
				w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1})
				r.end(store.Handled)
				for i := range c.days {
					if i == c.days/2 {
						time.Sleep(time.Duration(c.pause) * day)
					}
					if i%5 == 0 {
						w.restart(true)
					}
					time.Sleep(day)
					r := w.m.run(fmt.Sprint("r", i))
					w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1})
					r.end(store.Free)
				}
				if got := w.m.rows["router "+c.gone].Standing; (got == store.Free) != c.forgotten {
					t.Errorf("the ticket stands as %q", got)
				}
				if got := w.m.rows["router 002"].Standing; got != store.Handled {
					t.Errorf("a ticket that each search finds stands as %q", got)
				}
			})
		})
	}
}
