package gate

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// RUNS 23: what somebody has taken elsewhere doesn't count as refused.
func TestWhatTheLastSearchDidNotFindIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1", "2", "3")
		for i, standing := range []store.Standing{store.StandingDead, store.Aside} {
			r := w.m.run(fmt.Sprint("run ", i))
			same(t, w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: 1}), []string{fmt.Sprint(i + 1)})
			r.end(standing)
		}
		search := func(limit int) string {
			time.Sleep(2 * unfoundEach)
			r := w.m.run(fmt.Sprint("search ", time.Now().Unix()))
			w.fetch(r, api.SearchCriteria{Queue: inbox.Queue, Limit: limit})
			r.end(store.Free)
			return w.m.values[store.ValueUnfound("router")]
		}
		if got := search(10); got != "" {
			t.Errorf("all are found, and it is kept that %s are not", got)
		}
		w.d.tickets["1"].Queue = &api.Entity{Name: "elsewhere"}
		if got := search(10); got != `{"desk":["1"]}` {
			t.Errorf("1 is elsewhere: %s", got)
		}
		w.d.tickets["1"].Queue = inbox.Queue
		w.d.tickets["2"].Queue = &api.Entity{Name: "elsewhere"}
		if got := search(10); got != `{"desk":["2"]}` {
			t.Errorf("1 is back, 2 is elsewhere: %s", got)
		}
		if err := w.g.KeepUnfound(t.Context()); err != nil || w.m.values[store.ValueUnfound("router")] != `{"desk":["2"]}` {
			t.Errorf("asked once more: %v, %v", w.m.values, err)
		}
	})
}

// A search that doesn't come to a ticket's place says nothing of it.
func TestASearchThatIsCutOffMissesOnlyWhatIsInFront(t *testing.T) {
	for name, c := range map[string]struct {
		last lastSearch
		want map[string]bool
	}{
		"all there is":           {lastSearch{[]string{"2", "4"}, true}, map[string]bool{"1": true, "2": false, "9": true}},
		"cut off":                {lastSearch{[]string{"2", "4"}, false}, map[string]bool{"1": true, "2": false, "3": true, "9": false}},
		"in no order, cut off":   {lastSearch{[]string{"4", "2"}, false}, map[string]bool{"1": false, "2": false, "9": false}},
		"nothing, and it is all": {lastSearch{nil, true}, map[string]bool{"1": true}},
	} {
		t.Run(name, func(t *testing.T) {
			for id, want := range c.want {
				if got := c.last.misses()(id); got != want {
					t.Errorf("ticket %s: %v", id, got)
				}
			}
		})
	}
}
