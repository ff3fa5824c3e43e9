package runs

import (
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// places know, for each place, whether a look into the store is worth while: something
// became due since the last one, or its time has come.
type places struct {
	all map[*orchestrator.Place]*place
}

type place struct {
	p     *orchestrator.Place
	ready chan struct{}

	mu    sync.Mutex
	ever  bool // a look has found nothing
	due   bool
	next  int64 // store time; 0: nothing waits
	plans int   // how often something was said to be due later
	timer *time.Timer
	inbox []*run      // brought by a queue
	kept  []begunItem // begun, and waiting for a worker
}

// begunItem is an item that was begun with its loop.
type begunItem struct {
	r     *run
	since time.Time
}

func newPlaces(ps []*orchestrator.Place) *places {
	all := make(map[*orchestrator.Place]*place, len(ps))
	for _, p := range ps {
		all[p] = &place{p: p, ready: make(chan struct{}, 1), due: true}
		all[p].signal()
	}
	return &places{all: all}
}

func (ps *places) of(p *orchestrator.Place) *place { return ps.all[p] }

// wakeAll is for changes of which the places aren't known.
func (ps *places) wakeAll() {
	for _, at := range ps.all {
		at.wake()
	}
}

func (ps *places) close() {
	for _, at := range ps.all {
		at.mu.Lock()
		if at.timer != nil {
			at.timer.Stop()
		}
		at.mu.Unlock()
	}
}

func (at *place) signal() {
	select {
	case at.ready <- struct{}{}:
	default:
	}
}

// wake says that something has become due.
func (at *place) wake() {
	at.mu.Lock()
	at.due = true
	at.mu.Unlock()
	at.signal()
}

// looked reports whether a look has ever found nothing.
func (at *place) looked() bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.ever
}

// look reports whether something may be due, and counts as the look. plans is for idle.
func (at *place) look(now int64) (plans int, may bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.due || at.next != 0 && at.next <= now {
		at.due = false
		return at.plans, true
	}
	return at.plans, false
}

// missed takes back a look that could not be had.
func (at *place) missed() {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.due = true
}

// mayBeDue is look without a look.
func (at *place) mayBeDue(now int64) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.due || at.next != 0 && at.next <= now || len(at.inbox)+len(at.kept) > 0
}

// idle says that a look found nothing due, and when something will be. What another worker has
// said to be due later since that look began isn't in its answer.
func (at *place) idle(next, now int64, plans int) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.ever = true
	if plans != at.plans && at.next != 0 && (next == 0 || at.next < next) {
		return
	}
	at.plan(next, now)
}

// later says that something will be due at a time.
func (at *place) later(due, now int64) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.plans++
	if at.next == 0 || at.next <= now || due < at.next {
		at.plan(due, now)
	}
}

func (at *place) plan(next, now int64) {
	at.next = next
	if at.timer != nil {
		at.timer.Stop()
		at.timer = nil
	}
	if next == 0 {
		return
	}
	wait := max(0, time.Duration(next-now)*time.Microsecond)
	at.timer = time.AfterFunc(wait+time.Millisecond, at.wake)
}

func (at *place) bring(r *run) {
	at.mu.Lock()
	at.inbox = append(at.inbox, r)
	at.mu.Unlock()
	at.signal()
}

// keep has runs of this process wait for a worker.
func (at *place) keep(runs []*run) {
	now := time.Now()
	at.mu.Lock()
	for _, r := range runs {
		at.kept = append(at.kept, begunItem{r, now})
	}
	at.mu.Unlock()
	at.wake()
}

// nextKept is the one that has waited longest.
func (at *place) nextKept() (*run, bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	for len(at.kept) > 0 {
		r := at.kept[0].r
		at.kept = at.kept[1:]
		if !r.lost.Load() {
			return r, true
		}
		r.leave()
	}
	return nil, false
}

// keptSince takes back those that have waited since before a time, and that another
// process could work at.
func (at *place) keptSince(before time.Time) (runs []*run) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.kept = slices.DeleteFunc(at.kept, func(k begunItem) bool {
		shared := k.since.Before(before) && !slices.Equal(k.r.row.Item, itemOut)
		if shared {
			runs = append(runs, k.r)
		}
		return shared
	})
	return runs
}

func (at *place) arrived() (*run, bool) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if len(at.inbox) == 0 {
		return nil, false
	}
	r := at.inbox[0]
	at.inbox = at.inbox[1:]
	if len(at.inbox) > 0 {
		at.signal()
	}
	return r, true
}
