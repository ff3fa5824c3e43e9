package wire

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// deskOfSlots is a help desk as far as its requests take time: what take says of each.
type deskOfSlots struct {
	slots *slots
	mu    sync.Mutex
	out   int
	most  int // requests that were out at one time

	working, mostWorking int // requests that it may be at work on, whether anybody waits or not
}

const (
	timeoutOfSlots = 30 * time.Second
	lateOfSlots    = 15 * time.Second
)

// send sends a request to which the answer comes after that time, if anybody still waits.
func (d *deskOfSlots) send(t *testing.T, op Operation, takes time.Duration) {
	one, err := d.slots.take(t.Context(), op)
	if err != nil {
		t.Error(err)
		return
	}
	d.mu.Lock()
	d.out++
	d.most = max(d.most, d.out)
	d.working++
	d.mostWorking = max(d.mostWorking, d.working)
	d.mu.Unlock()
	time.AfterFunc(min(takes, timeoutOfSlots+lateOfSlots)-time.Nanosecond, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.working--
	})
	time.Sleep(min(takes, timeoutOfSlots))
	d.mu.Lock()
	d.out--
	d.mu.Unlock()
	if takes < timeoutOfSlots {
		one.end(httpResult{begun: true})
	} else {
		one.end(httpResult{begun: true, err: errTimeout})
	}
}

// With default settings: four workers go on with other tickets when an answer is overdue, as
// the host's do.
func TestALateAnswerInTwentyHoldsUpNobodyElse(t *testing.T) {
	for _, perSecond := range []int{4, 12, 25} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			updates := 120 * perSecond // two minutes
			usual := 4 * time.Second / time.Duration(perSecond)
			run := func(late bool) (took time.Duration, most int) {
				synctest.Test(t, func(t *testing.T) {
					d := &deskOfSlots{slots: newSlots(8, lateOfSlots)}
					began := time.Now()
					next := make(chan int, updates)
					for n := range updates {
						next <- n
					}
					close(next)
					var workers, all sync.WaitGroup
					for range 4 {
						workers.Go(func() {
							for n := range next {
								switch {
								case n%20 != 7:
									d.send(t, TicketUpdate, usual)
								case late:
									all.Go(func() { d.send(t, TicketUpdate, 40*time.Second) })
									time.Sleep(usual / 4) // by which its answer is late; what it would have taken is the others' gain
								}
							}
						})
					}
					workers.Wait()
					took = time.Since(began)
					all.Wait()
					most = d.most
					if d.slots.lent != 0 || len(d.slots.out) != 0 || len(d.slots.free) != 0 {
						t.Errorf("afterward %d are lent, %d out, %d taken", d.slots.lent, len(d.slots.out), len(d.slots.free))
					}
				})
				return took, most
			}
			without, inAll := run(false)
			with, withLate := run(true)
			t.Logf("%s instead of %s, %d requests at one time instead of %d", with, without, withLate, inAll)
			if with > without*105/100 {
				t.Errorf("the others took %s, %s without late ones", with, without)
			}
			if withLate > 64 {
				t.Errorf("%d requests at one time", withLate)
			}
		})
	}
}

func TestAHelpDeskThatAnswersNobodyIsNeverSentMoreThanThereAreSlots(t *testing.T) {
	for name, c := range map[string]struct {
		slots, most int
		takes       func(n int) time.Duration // of an update
	}{
		"from the beginning":        {8, 8, func(int) time.Duration { return time.Hour }},
		"after a while":             {8, 8, func(n int) time.Duration { return hangsFrom(n, 200) }},
		"two, after a while":        {2, 2, func(n int) time.Duration { return hangsFrom(n, 200) }},
		"just after one in twenty":  {8, 8 + 10, func(n int) time.Duration { return hangsFrom(n, 200, 20) }},
		"just after every second":   {8, 64, func(n int) time.Duration { return hangsFrom(n, 2000, 2) }},
		"more slots than in all":    {100, 100, func(n int) time.Duration { return hangsFrom(n, 2000, 20) }},
		"one slot, one at one time": {1, 1, func(n int) time.Duration { return hangsFrom(n, 200, 20) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deskOfSlots{slots: newSlots(c.slots, lateOfSlots)}
				n := 0
				var all sync.WaitGroup
				for range 200 { // as many as want to
					all.Go(func() {
						for began := time.Now(); time.Since(began) < 5*time.Minute; {
							d.mu.Lock()
							n++
							takes := c.takes(n)
							d.mu.Unlock()
							d.send(t, TicketUpdate, takes)
						}
					})
				}
				for began := time.Now(); time.Since(began) < 5*time.Minute; {
					d.send(t, TicketSearch, 10*time.Millisecond) // it goes on searching
				}
				all.Wait()
				if d.most > c.most {
					t.Errorf("%d requests at one time, want at most %d", d.most, c.most)
				}
				t.Logf("%d requests, %d at one time", n, d.most)
			})
		})
	}
}

// A help desk goes on with what was given up, so that a timeout doesn't make room for more.
func TestWhatWasGivenUpKeepsItsSlotWhileItMayBeAtWork(t *testing.T) {
	for name, c := range map[string]struct {
		slots int
		takes func(n int) time.Duration
	}{
		"one slot":                  {1, func(n int) time.Duration { return hangsFrom(n, 200) }},
		"one slot, one in twenty":   {1, func(n int) time.Duration { return hangsFrom(n, 200, 20) }},
		"eight from the beginning":  {8, func(int) time.Duration { return time.Hour }},
		"eight after a while":       {8, func(n int) time.Duration { return hangsFrom(n, 200) }},
		"eight that take 40 s each": {8, func(int) time.Duration { return 40 * time.Second }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deskOfSlots{slots: newSlots(c.slots, lateOfSlots)}
				n := 0
				var all sync.WaitGroup
				for range 40 {
					all.Go(func() {
						for began := time.Now(); time.Since(began) < 5*time.Minute; {
							d.mu.Lock()
							n++
							takes := c.takes(n)
							d.mu.Unlock()
							d.send(t, TicketUpdate, takes)
						}
					})
				}
				all.Wait()
				if d.mostWorking > c.slots {
					t.Errorf("it was at work on %d requests at one time", d.mostWorking)
				}
				time.Sleep(lateOfSlots)
				synctest.Wait()
				if d.slots.lent != 0 || len(d.slots.out) != 0 || len(d.slots.free) != 0 {
					t.Errorf("afterward %d are lent, %d out, %d taken", d.slots.lent, len(d.slots.out), len(d.slots.free))
				}
			})
		})
	}
}

// One that never answers for one ticket answers for others: they wait for nobody.
func TestOneThatWasGivenUpAndOvertakenKeepsNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deskOfSlots{slots: newSlots(2, lateOfSlots)}
		var all sync.WaitGroup
		all.Go(func() { d.send(t, TicketUpdate, time.Hour) })
		time.Sleep(timeoutOfSlots - time.Second)
		for range 2 {
			all.Go(func() { d.send(t, TicketUpdate, 2*time.Second) })
		}
		all.Wait() // the first is given up before the second one overtakes it
		if len(d.slots.out) != 0 || len(d.slots.free) != 0 || d.slots.lent != 0 {
			t.Errorf("%d are out, %d taken, %d lent", len(d.slots.out), len(d.slots.free), d.slots.lent)
		}
	})
}

// hangsFrom is a help desk that answers no more from the n-th update on, and some before.
func hangsFrom(n, from int, late ...int) time.Duration {
	if n > from || len(late) > 0 && n%late[0] == 0 {
		return time.Hour
	}
	return 100 * time.Millisecond
}
