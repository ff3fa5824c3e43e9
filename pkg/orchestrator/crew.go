package orchestrator

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// storePause is how often it is tried to take a run while the store can't be used.
const storePause = time.Second

// crew are the workers at one place. What is due comes first; then the child of the root
// is called, which is a firing. Where there are several workers, a firing begins as many
// runs, each as soon as the one before it has claimed tickets: so an empty queue is
// searched once, and no worker waits for another.
type crew struct {
	engine *Engine
	place  *place
	outage *outage // of the child of the root
	wake   chan struct{}

	mu       sync.Mutex
	working  int
	lent     int  // runs whose request is overdue: no worker waits for them
	mayBeDue bool // something may be due that has no worker yet
	seen     seen
	fired    bool // a firing has ended without an error
	cutOff   bool // the last firing was ended with the process before it had claimed anything

	// Of the firings.
	fires     int       // how many may follow; -1: any number
	search    *firing   // the last one, if it has neither claimed anything nor ended
	mayBegin  int       // how many runs the last one may still begin
	more      bool      // it may begin one of them now
	awaitsEnd bool      // of the first of its runs: then the pause to the next one begins
	next      time.Time // not before then

	// For the end of the process.
	errs    []error
	settled chan struct{} // closed when the firings which were allowed have ended
	emptyAt int           // the engine's count of changes when a search last found nothing
	gaveUp  bool          // until empty: an error that doesn't pass
}

func (e *Engine) newCrew(p *place) *crew {
	c := &crew{engine: e, place: p, wake: make(chan struct{}, 1), mayBeDue: true, emptyAt: -1}
	if p.child != nil {
		c.outage = newOutage(p.child.path, p.child.id, e.logger, e.others)
	}
	return c
}

// serve works until ctx ends and what was begun has ended. work is the context of the
// runs.
func (c *crew) serve(ctx, work context.Context) {
	ready := c.engine.runs.Ready(c.place.Place)
	timer := time.NewTimer(0)
	defer timer.Stop()
	defer c.place.close()
	for {
		var wait time.Duration
		stop := ctx.Done()
		if ctx.Err() == nil {
			wait = c.begin(ctx, work)
		} else if stop = nil; c.idle() {
			return
		}
		timer.Stop()
		var over <-chan time.Time
		if wait > 0 {
			timer.Reset(wait)
			over = timer.C
		}
		select {
		case <-c.wake:
		case <-over:
		case <-stop:
		case <-ready:
			c.set(func() { c.mayBeDue = true })
		}
	}
}

func (c *crew) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *crew) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.working == 0 && c.lent == 0
}

// notify makes serve look again.
func (c *crew) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// begin gives work to each free worker that there is some for, and returns how long it
// is until there may be more; 0: until something happens.
func (c *crew) begin(ctx, work context.Context) time.Duration {
	for {
		c.mu.Lock()
		free, look := c.working < c.place.Workers, c.mayBeDue
		c.mu.Unlock()
		if !free {
			return 0
		}
		if look {
			run, ok, err := c.engine.runs.Next(ctx, c.place.Place)
			switch {
			case ctx.Err() != nil:
				return 0
			case err != nil:
				c.engine.gap.begins(err)
				return storePause
			}
			c.engine.gap.ends()
			if ok {
				c.start(work, &firing{place: c.place, run: run, due: true, answered: true})
				continue
			}
			c.set(func() { c.mayBeDue = false })
		}
		f, wait := c.fire()
		if f == nil {
			return wait
		}
		c.start(work, f)
	}
}

// fire returns the next firing, or the next run of the last one, if it is time.
func (c *crew) fire() (*firing, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := &firing{place: c.place}
	switch {
	case c.place.child == nil || c.search != nil:
		c.settle()
		return nil, 0
	case c.paused():
		c.fires, c.more = min(c.fires, 0), false
		c.settle()
		return nil, 0
	case c.more:
		f.answered = true
	case c.fires == 0 || c.awaitsEnd:
		c.settle()
		return nil, 0
	default:
		wait := max(time.Until(c.next), c.outage.wait())
		if c.engine.options.UntilEmpty && c.emptyAt == int(c.engine.changes.Load()) {
			wait = max(wait, min(lookAgain, c.engine.options.EmptyPause)) // its search found nothing, and nothing was done since
		}
		if wait > 0 {
			return nil, wait
		}
		if c.fires > 0 {
			c.fires--
		}
		c.mayBegin, c.awaitsEnd = c.place.Workers, true
		f.answered = c.engine.options.UntilEmpty
	}
	c.mayBegin--
	c.more, c.search = false, f
	f.claimed = func() { c.claimed(f) }
	return f, 0
}

// paused reports whether nothing begins here until somebody says so.
func (c *crew) paused() bool {
	p, ok := c.engine.runs.(Pauser)
	return ok && p.Paused(c.place.Place)
}

// settle reports that the firings which were allowed have ended.
func (c *crew) settle() {
	if c.settled != nil && c.fires == 0 && c.working == 0 && c.lent == 0 && !c.mayBeDue {
		close(c.settled)
		c.settled = nil
	}
}

// claimed is called when the run of a firing has claimed tickets.
func (c *crew) claimed(f *firing) {
	c.engine.changes.Add(1)
	c.set(func() {
		if c.search == f {
			c.search, c.more = nil, c.mayBegin > 0
		}
	})
	c.notify()
}

func (c *crew) start(work context.Context, f *firing) {
	f.begun, f.changes = time.Now(), int(c.engine.changes.Load())
	c.set(func() {
		c.working++
		c.seen.begins(f)
	})
	f.overdue = func(sent time.Time) { c.lend(f, sent) }
	run := f.run
	go func() {
		result, err := c.run(work, f)
		if f.ended != nil {
			f.ended()
		}
		c.ended(f, !f.due || run.Found(), result, err)
		c.notify()
	}()
}

// run calls what the place's runs begin with.
func (c *crew) run(work context.Context, f *firing) (api.PipeResult, error) {
	p, e := c.place, c.engine
	if p.child == nil {
		f.run.OnOverdue(f.overdue)
		return p.item(work, f.run)
	}
	var scope api.Scope
	if p.child != e.root {
		_, own, err := e.root.ready(work, api.Scope{})
		if err != nil {
			return failed(err)
		}
		scope = scope.Enter(own)
	}
	ctx := withFiring(work, f)
	if p.child == p.node {
		return p.call(ctx, scope)
	}
	return p.child.process(ctx, scope)
}

// lend gives the worker of a run whose request is overdue to another run. The pause to the
// next firing counts from that request on. A run that has claimed nothing keeps it: the
// next one would do the same again.
func (c *crew) lend(f *firing, sent time.Time) {
	pause, _, _ := c.engine.cycle.pauses()
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.over || f.lent || c.search == f {
		return
	}
	f.lent = true
	c.seen.lent(f)
	c.working--
	c.lent++
	if !f.due && c.awaitsEnd {
		c.awaitsEnd, c.next = false, sent.Add(pause)
	}
	c.notify()
}

// ended plans what follows the end of a run. found is false of one that was due and is
// about no ticket of a search, as an item that stands in the configuration: each firing
// makes it again.
func (c *crew) ended(f *firing, found bool, result api.PipeResult, err error) {
	pause, retry, keep := c.engine.cycle.pauses()
	errs := c.engine.cycle.takeErrors()
	stopping := c.engine.cycle.stopping()
	c.mu.Lock()
	defer c.mu.Unlock()
	f.over = true
	if f.lent {
		c.lent--
	} else {
		c.working--
	}
	empty := c.search == f // a firing that has claimed nothing
	c.seen.ended(f, empty, empty && err == nil && !result.Skipped(), time.Now())
	switch {
	case empty:
		c.search = nil
	case found:
		c.engine.changes.Add(1) // what it wrote may be work for others
	}
	if !f.due && c.awaitsEnd && !f.lent {
		c.awaitsEnd, c.next = false, time.Now().Add(pause)
	}
	switch {
	case stopping:
		c.cutOff = empty && err != nil
	case err != nil:
		in := working
		if empty {
			in = searching
		}
		c.failed(f.begun, err, retry, keep, in)
	default:
		c.fired = c.fired || !f.due && !result.Skipped()
		c.errs = append(c.errs, errs...)
		if c.outage != nil && !result.Skipped() {
			c.outage.over(f.begun, f.reached(empty)...)
		}
		if empty {
			c.emptyAt = f.changes
			if c.engine.options.UntilEmpty { // others may still make work for this one
				c.next = time.Now().Add(max(pause, c.engine.options.EmptyPause))
			}
		}
	}
}

// reached says what a run has shown to work: a firing that claimed something has searched
// and worked, one that found nothing, or whose items all wait, has searched, and a run that was due
// has worked.
func (f *firing) reached(empty bool) []phase {
	switch {
	case f.due && f.waits.Load():
		return nil
	case f.due:
		return []phase{working}
	case empty || f.waits.Load():
		return []phase{searching}
	}
	return []phase{searching, working}
}

// failed is for what remains an error of the runner, of a run that began at that time.
func (c *crew) failed(begun time.Time, err error, retry time.Duration, keep bool, in phase) {
	options := c.engine.options
	switch {
	case !keep:
		c.errs = append(c.errs, err)
		c.engine.endWith(err)
	case options.Once:
		c.errs = append(c.errs, err)
	case options.UntilEmpty && !passes(err):
		c.errs, c.gaveUp, c.fires = append(c.errs, err), true, 0
	case c.outage != nil:
		c.more = false
		c.outage.failedSince(begun, err, retry, in)
	}
}

// fireOnce makes the crew fire once and waits until what that began has ended. It is
// false if ctx ended before.
func (c *crew) fireOnce(ctx context.Context) bool {
	settled := make(chan struct{})
	c.set(func() { c.fires, c.settled = 1, settled })
	c.notify()
	select {
	case <-settled:
		return true
	case <-ctx.Done():
		return false
	}
}

// empty reports whether the last search of each crew found nothing, and began after the
// last end of a run that found something.
func (e *Engine) empty(crews []*crew) bool {
	changes := int(e.changes.Load())
	for _, c := range crews {
		c.mu.Lock()
		done := c.working == 0 && c.lent == 0 && (c.place.child == nil || c.gaveUp || c.emptyAt == changes || c.paused())
		c.mu.Unlock()
		if !done {
			return false
		}
	}
	return true
}

// goesOn reports whether something still runs, or soon will.
func (e *Engine) goesOn(ctx context.Context, crews []*crew) (bool, error) {
	// What runs may end between the two questions, and leave something that is due: so the
	// first one is asked twice.
	if soon, err := e.soon(ctx); soon || err != nil {
		return soon, err
	}
	for _, c := range crews {
		if !c.idle() {
			return true, nil
		}
	}
	return e.soon(ctx)
}

func (e *Engine) soon(ctx context.Context) (bool, error) {
	for _, p := range e.places {
		if soon, err := e.runs.Soon(ctx, p.Place); soon || err != nil {
			return soon, err
		}
	}
	return false, nil
}

// passes reports whether trying again may help.
func passes(err error) bool {
	return errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain)
}
