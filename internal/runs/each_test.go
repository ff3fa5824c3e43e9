package runs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// tickets are items of a loop that are tickets.
func tickets(ids ...string) []orchestrator.LoopItem {
	var items []orchestrator.LoopItem
	for _, id := range ids {
		items = append(items, orchestrator.LoopItem{
			Key: id, Name: "item", Value: ticket(id), Ticket: id,
			Params: map[string]any{"n": int64(1), "f": 2.0}, Seen: map[string]api.PipeResult{"before": api.Success(map[string]any{"x": "y"})},
		})
	}
	return items
}

// workers take items until the test ends, and do with each what the test says.
func (d *desk) workers(n int, do func(r *run, item orchestrator.LoopItem)) (stop func()) {
	ctx, cancel := context.WithCancel(d.t.Context())
	engine := d.engine
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for {
				r, ok, err := engine.Next(ctx, d.items)
				if err == nil && ok {
					item, has := r.Item()
					if !has {
						d.t.Error("a run at the loop is not an item")
					}
					do(r.(*run), item)
					continue
				}
				select {
				case <-ctx.Done():
					return
				case <-engine.Ready(d.items):
				case <-time.After(time.Second):
				}
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

func (d *desk) each(r *run, items []orchestrator.LoopItem) (orchestrator.Tally, error) {
	return r.Each(d.t.Context(), orchestrator.Step{Key: "each", Path: d.items.Path, Name: "each"}, d.items, items)
}

func TestEachItemIsARunOfItsOwn(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		var mu sync.Mutex
		seen := make(map[string]orchestrator.LoopItem)
		stop := d.workers(4, func(r *run, item orchestrator.LoopItem) {
			mu.Lock()
			seen[item.Key] = item
			mu.Unlock()
			var err error
			switch item.Key {
			case "1":
				d.does(r, "write", d.write("1"))
			case "2":
				d.does(r, "no", func(context.Context, gate.Step) (api.PipeResult, error) { return api.Failure("not sure"), nil })
			case "3":
				d.does(r, "write", rejects("c", "3"))
			case "4":
				_, _, err = d.step(r, "write", "p", fails)
			case "5":
				d.does(r, "look", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
					if id, ok := s.Item(); id != "5" || !ok || s.FirstSearch() {
						t.Errorf("item %q %v, first search %v", id, ok, s.FirstSearch())
					}
					s.Overtaken("5", "closed by a person")
					return api.Success(nil), nil
				})
			}
			if endErr := stored(r, r.End(t.Context(), api.Success(nil), err)); endErr != nil {
				t.Error(endErr)
			}
		})
		defer stop()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1", "2", "3", "4", "5", "6"))
		tally, err := d.each(r, tickets("1", "2", "3", "4", "5"))
		if err != nil {
			t.Fatal(err)
		}
		if want := (orchestrator.Tally{Count: 5, Applied: 1, Left: 1, Waiting: 2, Other: 1}); tally != want {
			t.Errorf("the tally is %+v, not %+v", tally, want)
		}
		d.does(r, "after", nil)
		d.end(r)
		mu.Lock()
		defer mu.Unlock()
		if got, want := fmt.Sprintf("%#v", seen["1"]), fmt.Sprintf("%#v", tickets("1")[0]); got != want {
			t.Errorf("the item is\n%s\nnot\n%s", got, want)
		}
		for id, want := range map[string]store.Standing{
			"1": store.Handled, "2": store.StandingLeft, "3": store.Aside, "4": store.Free, "5": store.Free, "6": store.StandingLeft,
		} {
			if got := d.ticket(id).Standing; got != want {
				t.Errorf("ticket %s stands as %q, not %q", id, got, want)
			}
		}
		if got := d.ticket("6").Note; got != "is not among the items of "+d.items.Path {
			t.Errorf("the ticket that is not an item: %q", got)
		}
	})
}

// dieInLoop ends the process while a run waits for the items of its loop.
func (d *desk) dieInLoop(r *run, items []orchestrator.LoopItem) {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	done := make(chan error)
	go func() {
		_, err := r.Each(ctx, orchestrator.Step{Key: "each", Path: d.items.Path}, d.items, items)
		done <- err
	}()
	synctest.Wait()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		d.t.Fatal(err)
	}
	d.die()
}

func TestItemsLiveByThemselvesWhenTheProcessOfTheirLoopDies(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1", "2"))
		d.dieInLoop(r, tickets("1", "2"))
		for range 2 {
			item := d.next(d.items)
			id, _ := item.Item()
			d.does(item, "write", d.write(id.Ticket))
			d.end(item)
		}
		if _, ok := d.mayBeNext(d.place); ok {
			t.Error("the run of the loop is resumed")
		}
		if rows := d.runs(store.Filter{States: []store.State{store.Ready, store.Running, store.Waiting}}); len(rows) != 0 {
			t.Errorf("not ended: %+v", rows)
		}
	})
}

func TestItemsBeginInTheProcessOfTheirLoopBehindWhatWasBegunBefore(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		each := func(ids ...string) {
			r := d.begin()
			d.does(r, "fetch", d.fetch(ids...))
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = r.Each(ctx, orchestrator.Step{Key: "each", Path: d.items.Path}, d.items, tickets(ids...))
			}()
			synctest.Wait()
			cancel()
			<-done
		}
		each("1", "2", "3")
		if begun := d.runs(store.Filter{States: []store.State{store.Running}, Runner: "sort"}); len(begun) != 4 {
			t.Errorf("%d runs are at work, want the loop's and three items: %+v", len(begun), begun)
		}
		first := d.next(d.items)
		_, _, err := d.step(first, "write", "p", fails)
		if err := first.End(t.Context(), api.PipeResult{}, err); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // it is due again
		for _, want := range []string{"1", "2", "3"} {
			r := d.next(d.items)
			if item, _ := r.Item(); item.Ticket != want {
				t.Errorf("item %s is next, want %s", item.Ticket, want)
			}
			d.does(r, "write", d.write(want))
			d.end(r)
		}
	})
}

func TestALoopDoesNotWaitForAnItemThatAnotherRunHoldsUp(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		other := d.begin()
		other.row.Runner = "another"
		d.does(other, "note", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
			_, busy, err := s.ClaimOne(ctx, store.Ticket{Runner: "another", System: "desk", Ticket: "1"})
			if busy || err != nil {
				t.Fatal(busy, err)
			}
			return api.Success(nil), nil
		})
		stop := d.workers(1, func(r *run, item orchestrator.LoopItem) {
			_, _, err := d.step(r, "write", "p", d.write("1"))
			if endErr := stored(r, r.End(t.Context(), api.Success(nil), err)); endErr != nil {
				t.Error(endErr)
			}
		})
		defer stop()
		r := d.begin()
		d.does(r, "text", nil)
		r.tickets = []store.Ticket{{Runner: "sort", System: "desk", Ticket: "1", Run: r.row.ID, Fetched: true}}
		tally, err := d.each(r, tickets("1"))
		if err != nil || tally.Waiting != 1 {
			t.Errorf("tally %+v, error %v", tally, err)
		}
		d.end(r)
		if err := stored(other, other.End(t.Context(), api.Success(nil), nil)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q once the other run has ended", got)
		}
	})
}

func TestItemsThatAreTextsAndTheirTicketStaysWithTheirLoop(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		var mu sync.Mutex
		var got []any
		stop := d.workers(2, func(r *run, item orchestrator.LoopItem) {
			mu.Lock()
			got = append(got, item.Value)
			mu.Unlock()
			d.does(r, "look", nil)
			d.end(r)
		})
		defer stop()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		tally, err := d.each(r, []orchestrator.LoopItem{{Key: "0", Name: "item", Value: "a"}, {Key: "1", Name: "item", Value: "b"}})
		if err != nil || tally.Left != 2 {
			t.Errorf("tally %+v, error %v", tally, err)
		}
		if held := d.ticket("1"); held.Run != r.row.ID {
			t.Errorf("the ticket: %+v", held)
		}
		d.does(r, "write", d.write("1"))
		d.end(r)
		if s := d.ticket("1").Standing; s != store.Handled {
			t.Errorf("the ticket stands as %q", s)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(got) != 2 {
			t.Errorf("items: %v", got)
		}
	})
}

func TestNoItemsLeaveWhatWasFetched(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		r := d.begin()
		d.does(r, "fetch", d.fetch("1", "2"))
		if tally, err := d.each(r, nil); err != nil || tally.Count != 0 {
			t.Errorf("tally %+v, error %v", tally, err)
		}
		d.end(r)
		for _, id := range []string{"1", "2"} {
			if got := d.ticket(id).Standing; got != store.StandingLeft {
				t.Errorf("ticket %s stands as %q", id, got)
			}
		}
	})
}

func TestAnItemWithASecretStaysInItsProcessAndBeginsAnewAfterIt(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		d.secret = "hunter2"
		items := tickets("1")
		items[0].Value.(map[string]any)["body"] = "it is hunter2"
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = r.Each(ctx, orchestrator.Step{Key: "each", Path: d.items.Path}, d.items, items)
		}()
		synctest.Wait()
		item := d.next(d.items)
		if got, ok := item.Item(); !ok || got.Value.(map[string]any)["body"] != "it is hunter2" {
			t.Errorf("the item is %+v", got)
		}
		d.does(item, "write", d.write("1"))
		d.does(item, "next", nil)
		cancel()
		<-done
		d.die()
		if _, ok := d.mayBeNext(d.items); ok {
			t.Fatal("an item without its value is worked at")
		}
		again := d.next(d.place)
		if !again.row.Parked {
			t.Error("it doesn't begin anew")
		}
		d.does(again, "fetch", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
			if held := s.Tickets(); !s.FirstSearch() || len(held) != 1 || !held[0].Fetched {
				t.Errorf("first search %v, tickets %+v", s.FirstSearch(), held)
			}
			if f := s.Effects(); len(f) != 1 || f[0].State != store.Done {
				t.Errorf("effects %+v", f)
			}
			return api.Success(nil), nil
		})
		d.end(again)
		if got := d.ticket("1").Standing; got != store.Handled {
			t.Errorf("the ticket stands as %q", got)
		}
	})
}

func TestAHalfDoneRunGoesOnInTheOtherForm(t *testing.T) {
	for name, c := range map[string]struct{ fromLoop bool }{"from a loop": {true}, "to a loop": {false}} {
		t.Run(name, func(t *testing.T) {
			inDesk(t, func(t *testing.T, d *desk) {
				r := d.begin()
				d.does(r, "fetch", d.fetch("1"))
				if c.fromLoop {
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan struct{})
					go func() {
						defer close(done)
						_, _ = r.Each(ctx, orchestrator.Step{Key: "each", Path: d.items.Path}, d.items, tickets("1"))
					}()
					synctest.Wait()
					item := d.next(d.items)
					d.does(item, "write", d.write("1"))
					d.does(item, "next", nil)
					cancel()
					<-done
				} else {
					d.does(r, "write", d.write("1"))
					d.does(r, "next", nil)
				}
				d.place = &orchestrator.Place{Runner: "sort", Path: d.place.Path, Hash: "h2", Workers: 1}
				d.items = &orchestrator.Place{Runner: "sort", Path: d.items.Path, Hash: "h2each", Workers: 4, Loop: d.place}
				d.die()
				r = d.next(d.place)
				if !r.row.Parked {
					t.Error("it doesn't begin anew")
				}
				d.does(r, "find", func(_ context.Context, s gate.Step) (api.PipeResult, error) {
					if !s.FirstSearch() || len(s.Tickets()) != 1 {
						t.Errorf("first search %v, tickets %+v", s.FirstSearch(), s.Tickets())
					}
					return api.Success(nil), nil
				})
				effects := func(_ context.Context, s gate.Step) (api.PipeResult, error) {
					if f := s.Effects(); len(f) != 1 || f[0].State != store.Done {
						t.Errorf("effects %+v", f)
					}
					return api.Success(nil), nil
				}
				if c.fromLoop {
					d.does(r, "look", effects)
					d.end(r)
				} else {
					stop := d.workers(1, func(item *run, _ orchestrator.LoopItem) {
						d.does(item, "look", effects)
						d.end(item)
					})
					tally, err := d.each(r, tickets("1"))
					stop()
					if err != nil || tally.Applied != 1 {
						t.Errorf("tally %+v, error %v", tally, err)
					}
					d.end(r)
				}
				if got := d.ticket("1").Standing; got != store.Handled {
					t.Errorf("the ticket stands as %q", got)
				}
			})
		})
	}
}

// RUNS 25: the next firing does not wait for the tail of a loop.
func TestALoopDoesNotWaitForAnItemWhoseRequestIsOverdue(t *testing.T) {
	inDesk(t, func(t *testing.T, d *desk) {
		stop := d.workers(2, func(r *run, item orchestrator.LoopItem) {
			worker := false
			r.OnOverdue(func(time.Time) { worker = true })
			d.does(r, "write", func(ctx context.Context, s gate.Step) (api.PipeResult, error) {
				if item.Key == "1" {
					time.Sleep(3 * time.Second)
					s.Overdue(time.Now())
					s.Overdue(time.Now()) // of another request
					if !worker {
						t.Error("its worker was not given back")
					}
					time.Sleep(27 * time.Second)
				}
				return d.write(item.Key)(ctx, s)
			})
			d.end(r)
		})
		defer stop()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1", "2", "3"))
		began := time.Now()
		tally, err := d.each(r, tickets("1", "2", "3"))
		if want := (orchestrator.Tally{Count: 3, Applied: 2, Waiting: 1}); err != nil || tally != want {
			t.Errorf("the tally is %+v, not %+v: %v", tally, want, err)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("the loop took %s", took)
		}
		d.end(r)
		next := d.begin()
		d.does(next, "fetch", d.fetch("1", "4"))
		if _, held := d.ticketOf(next, "1"); held {
			t.Error("the next firing got the ticket at which the item works")
		}
		d.end(next)
		time.Sleep(time.Minute)
		if got := d.ticket("1"); got.Standing != store.Handled {
			t.Errorf("in the end it stands as %q", got.Standing)
		}
	})
}

func (d *desk) ticketOf(r *run, id string) (store.Ticket, bool) {
	for _, t := range r.tickets {
		if t.Ticket == id {
			return t, true
		}
	}
	return store.Ticket{}, false
}
