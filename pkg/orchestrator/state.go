package orchestrator

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// State is what an engine does at one moment.
type State struct {
	Services []InstanceState // and pipes that have something to start, in the order in which they were built
	Places   []PlaceState    // of the runners and loops
}

// InstanceState is what became of the start of a service or pipe.
type InstanceState struct {
	ID, Path, Use, Plugin string        // ID is "" of a pipe
	Started               bool          // it has, or there is nothing to start
	Since                 time.Time     // it has started, else: it is tried since
	Took                  time.Duration // its Start, when it succeeded
	Failing               FailingState  // its start
	GivenUp               bool          // its configuration is wrong: Failing.Err says how
}

// FailingState is a time in which a part fails again and again.
type FailingState struct {
	Since     time.Time // zero: it doesn't
	Attempts  int       // that have failed since
	Searching bool      // of a place: the firing fails before it has claimed anything
	Err       error     // the last one
	Next      time.Time // at which it is tried again
}

// PlaceState is what happens at a place.
type PlaceState struct {
	Place *Place   // which one it is
	Needs []string // the paths of what it uses and that has not started
	// Found are the last times at which something that nobody worked at was found, at least a
	// second apart: since a search that found nothing.
	Found []time.Time
	// Busy is since when nothing has begun or ended while all workers are at work, or one searches,
	// so that no other one can begin; zero: it isn't so.
	Busy    time.Time
	Usual   time.Duration // how long the last runs took at most
	Long    *LongCall     // the step that has run longest; nil: none runs
	Failing FailingState  // its trigger, search or runs
	Fired   bool          // a firing has ended without an error; of a loop's place always
}

// Runners returns the names of the runners, by the paths of the children of the root.
func (e *Engine) Runners() map[string]string {
	names := make(map[string]string)
	for _, p := range e.places {
		if p.child != nil {
			names[p.child.path] = p.Runner
		}
	}
	return names
}

// Owed returns the paths of the children of the root whose last firing, in a [Engine.Run] that has
// ended, had no turn: it was cut off before it had claimed anything, or never began.
func (e *Engine) Owed() (paths []string) {
	e.crewed.Lock()
	crews := slices.Clone(e.crews)
	e.crewed.Unlock()
	for _, c := range crews {
		c.mu.Lock()
		if c.place.child != nil && (c.place.owed || c.cutOff) {
			paths = append(paths, c.place.child.path)
		}
		c.mu.Unlock()
	}
	return paths
}

// State is for many goroutines, until Close.
func (e *Engine) State() State {
	var s State
	for _, i := range e.instances {
		if st, ok := i.life.state(); ok || i.service != "" {
			st.ID, st.Path, st.Use, st.Plugin = i.service, i.path, i.use, i.plugin
			st.Started = st.Started || !ok // there is nothing to start
			s.Services = append(s.Services, st)
		}
	}
	e.crewed.Lock()
	crews := slices.Clone(e.crews)
	e.crewed.Unlock()
	for _, c := range crews {
		s.Places = append(s.Places, c.state())
	}
	return s
}

func (c *crew) state() PlaceState {
	p := PlaceState{Place: c.place.Place}
	for _, needed := range c.place.needs() {
		p.Needs = append(p.Needs, needed.lacking()...)
	}
	slices.Sort(p.Needs)
	p.Needs = slices.Compact(p.Needs)
	if c.outage != nil {
		p.Failing = c.outage.state()
	}
	c.mu.Lock()
	p.Fired = c.place.child == nil || c.fired
	p.Found, p.Usual = c.seen.since(c.search), slices.Max(c.seen.took[:])
	if c.working >= c.place.Workers || c.search != nil { // else another run could begin
		p.Busy = c.seen.newest()
	}
	c.mu.Unlock()
	if !p.Busy.IsZero() {
		path := c.place.node.path
		if c.place.child != nil {
			path = c.place.child.path // with its trigger
		}
		p.Long = c.engine.calls.longest(path)
	}
	return p
}

// longest is the call that has run longest at a place or below it.
func (c *calls) longest(path string) *LongCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := c.firstAt(path)
	if first == nil {
		return nil
	}
	long := first.asLong()
	return &long
}

// waitsAt is the service at which that call waits; "" where that isn't known.
func (c *calls) waitsAt(path string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.firstAt(path); first != nil && len(first.node.injects) == 1 {
		return slices.Collect(maps.Values(first.node.injects))[0]
	}
	return ""
}

func (c *calls) firstAt(path string) (first *running) {
	for r := range c.running {
		at := r.node.path
		if (at == path || strings.HasPrefix(at, path+".")) && !c.within(r) && (first == nil || r.began.Before(first.began)) {
			first = r
		}
	}
	return first
}

// seen is what a crew remembers of what it has done.
type seen struct {
	at      []sight              // see [PlaceState].Found
	running map[*firing]struct{} // those that have a worker
	took    [8]time.Duration     // of the last runs
	next    int                  // in took
	last    time.Time            // one ended
}

// sight is something that was found by a run that has ended.
type sight struct{ found, ended time.Time }

const (
	mostSeen  = 64
	seenApart = time.Second
	settles   = 2 * time.Second // until what has ended well is known to have
	quick     = time.Second     // so short a search says nothing of how long a run takes
)

func (s *seen) found(at, ended time.Time) {
	if n := len(s.at); n > 0 && at.Sub(s.at[n-1].found) < seenApart {
		return
	}
	if len(s.at) == mostSeen {
		s.at = slices.Delete(s.at, 0, 1)
	}
	s.at = append(s.at, sight{at, ended})
}

// since are the times at which something was found: by runs that have ended, and where there are such by
// those at work. While all are at work that ever found something, somebody works at it.
func (s *seen) since(searching *firing) []time.Time {
	var at []time.Time
	for _, one := range s.at {
		if time.Since(one.ended) >= settles {
			at = append(at, one.found)
		}
	}
	if len(at) == 0 {
		return nil
	}
	for f := range s.running {
		if f != searching {
			at = append(at, f.begun)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return at
}

func (s *seen) begins(f *firing) {
	if s.running == nil {
		s.running = make(map[*firing]struct{})
	}
	s.running[f] = struct{}{}
}

func (s *seen) lent(f *firing) { delete(s.running, f) }

// ended is called for each run. empty is of one that claimed nothing, nothing of one whose search
// found nothing.
func (s *seen) ended(f *firing, empty, nothing bool, now time.Time) {
	delete(s.running, f)
	if s.last = now; !empty {
		s.found(f.begun, now)
	}
	if nothing {
		s.at = nil
	}
	if empty && now.Sub(f.begun) < quick {
		return
	}
	s.took[s.next] = now.Sub(f.begun)
	s.next = (s.next + 1) % len(s.took)
}

func (s *seen) newest() time.Time {
	at := s.last
	for f := range s.running {
		if f.begun.After(at) {
			at = f.begun
		}
	}
	return at
}

// life is how far the start of an instance is.
type life struct {
	mu      sync.Mutex
	since   time.Time
	took    time.Duration // the Start that succeeded
	started bool
	over    bool
	err     error
	outage  *outage // nil: it isn't started in the background
}

func (l *life) begins(o *outage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.outage = time.Now(), o
}

func (l *life) tried(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err = err; err == nil {
		l.since, l.started = time.Now(), true
	}
}

// ran says how long a Start took that has succeeded.
func (l *life) ran(took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = took
}

func (l *life) gaveUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
}

// state is false of an instance that is not started in the background.
func (l *life) state() (s InstanceState, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.outage == nil {
		return s, false
	}
	s.Since, s.Took, s.Started, s.GivenUp = l.since, l.took, l.started, l.over
	if s.Failing = l.outage.state(); l.over {
		s.Failing.Err = l.err
	}
	return s, true
}
