package orchestrator

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// outages has what several runners meet at one service said once: the first one says it and names the
// others, and they are quiet as long as it goes on.
type outages struct {
	users func(service string) []string // the names of the runners that use a service

	mu   sync.Mutex
	said map[out]*holder
}

// out is what is out.
type out struct {
	service string // its id; "": it isn't known to be one of a service
	why     string // "" where it takes nothing of anybody now, by whatever error that shows
}

// holder has said that something is out.
type holder struct {
	by    *outage
	at    time.Time
	until time.Time // it is heard of again, at the latest: a runner that is paused says nothing more
	ended time.Time // it works again; zero: it doesn't
}

const (
	heardAgain = 2 * longestRetry // after its next attempt has begun
	endKnown   = 10 * time.Minute
)

// first reports whether o is the one to say that something is out: nobody has, or whoever had is heard of
// no more, or has worked again before this attempt begun, or something of o that is out now has worked
// after it was said.
func (a *outages) first(o *outage, what out, begun, good, next time.Time) bool {
	if what.service == "" {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for key, h := range a.said {
		if !h.ended.IsZero() && now.Sub(h.ended) > endKnown {
			delete(a.said, key)
		}
	}
	at := now
	switch h := a.said[what]; {
	case h == nil:
	case h.by == o:
		if h.ended.IsZero() {
			at = h.at
		}
	case !h.ended.IsZero() && !begun.After(h.ended):
		return false
	case h.ended.IsZero() && now.Before(h.until) && !good.After(h.at):
		return false
	}
	if a.said == nil {
		a.said = make(map[out]*holder)
	}
	a.said[what] = &holder{by: o, at: at, until: next.Add(heardAgain)}
	return true
}

// ended says that o works again.
func (a *outages) ended(o *outage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, h := range a.said {
		if h.by == o && h.ended.IsZero() {
			h.ended = time.Now()
		}
	}
}

const mostNamed = 10

// with are the attributes of a log line that name who needs what is out, where several do.
func (a *outages) with(what out) []any {
	if what.service == "" || a.users == nil {
		return nil
	}
	names := a.users(what.service)
	if len(names) < 2 {
		return nil
	}
	more := ""
	if len(names) > mostNamed {
		names, more = names[:mostNamed], ", …"
	}
	return []any{"service", what.service, "runners", strings.Join(names, ", ") + more}
}

// outOf is what an error says to be out: the one service that the pipe is given in which it began.
func outOf(err error) out {
	lasts := false
	for lasting := (*LastingError)(nil); errors.As(err, &lasting); { // of a loop there is the one of its items within
		err, lasts = lasting.Err, lasting.Passes
	}
	at := (*RunError)(nil)
	switch {
	case !errors.As(err, &at) || len(at.services) != 1:
		return out{}
	case lasts || passes(err):
		return out{service: at.services[0]}
	}
	return out{at.services[0], at.Err.Error()}
}

// LastingError is what remains an error of a runner after several of its runs have met it.
type LastingError struct {
	Since  time.Time // the first one of them had begun
	Passes bool      // trying again may help
	Err    error     // that the last of them met
}

func (e *LastingError) Error() string { return e.Err.Error() }
func (e *LastingError) Unwrap() error { return e.Err }

// usersOf are the names of the runners one of whose pipes is given a service.
func (e *Engine) usersOf(service string) (names []string) {
	for _, p := range e.places {
		if p.child != nil && p.child.isGiven(service) {
			names = append(names, p.Runner)
		}
	}
	return names
}

// isGiven reports whether n, or a pipe within, is given a service.
func (n *node) isGiven(service string) bool {
	for _, id := range n.injects {
		if id == service {
			return true
		}
	}
	return slices.ContainsFunc(n.inner, func(c inner) bool { return c.node.isGiven(service) })
}

// Stuck says of the runner at a path that since then nothing of it has come to an end, unless the log has that
// already: where it fails, or the service at which it waits does, for whatever runner. It is called again and again, until [Engine.Flows].
func (e *Engine) Stuck(path string, since time.Time, why, do string) {
	if c := e.crewAt(path); c != nil {
		c.outage.isStuck(since, e.calls.waitsAt(c.place.child.path), why, do)
	}
}

// Flows says of the runner at a path that it isn't stuck, and when a run of it or of its loops last ended well.
func (e *Engine) Flows(path string, good time.Time) {
	if c := e.crewAt(path); c != nil {
		c.outage.well(good)
		c.outage.flows()
	}
}

func (e *Engine) crewAt(path string) *crew {
	e.crewed.Lock()
	defer e.crewed.Unlock()
	for _, c := range e.crews {
		if c.place.Path == path && c.outage != nil {
			return c
		}
	}
	return nil
}
