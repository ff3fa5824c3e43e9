package runs

import (
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// words are items of a loop that are texts.
func words(texts ...string) []orchestrator.LoopItem {
	var items []orchestrator.LoopItem
	for _, text := range texts {
		items = append(items, orchestrator.LoopItem{Key: text, Name: "item", Value: text})
	}
	return items
}

// Its items had noted the ticket, which was handled then: what follows the loop, such as
// the move, was never done.
func TestWhatFollowsALoopIsDoneAfterItsProcessDied(t *testing.T) {
	for _, deaths := range []int{1, 4} {
		inDesk(t, func(t *testing.T, d *desk) {
			r := d.begin()
			d.does(r, "fetch", d.fetch("1"))
			for n := range deaths {
				d.dieInLoop(r, words("a", "b"))
				if n == 0 {
					item := d.next(d.items)
					d.does(item, "note", d.write("1"))
					d.end(item)
				}
				if n < deaths-1 {
					r = d.next(d.place)
				}
			}
			stop := d.workers(1, func(r *run, _ orchestrator.LoopItem) {
				d.does(r, "note", nil)
				d.end(r)
			})
			defer stop()
			r = d.next(d.place)
			if _, ran, _ := d.step(r, "fetch", "p", nil); ran {
				t.Error("the result of the fetch is gone")
			}
			tally, err := d.each(r, words("a", "b"))
			if want := (orchestrator.Tally{Count: 2, Applied: 1, Left: 1}); err != nil || tally != want {
				t.Errorf("tally %+v, error %v", tally, err)
			}
			d.does(r, "move", d.write("1"))
			d.end(r)
			if rows := d.runs(store.Filter{States: []store.State{store.Ready, store.Running, store.Waiting}}); len(rows) != 0 {
				t.Errorf("not ended: %+v", rows)
			}
			if got := d.ticket("1"); got.Standing != store.Handled || got.Working {
				t.Errorf("the ticket: %+v", got)
			}
		})
	}
}
