package chaos

import (
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
)

// Injector decides which requests a fault befalls. It counts all of them, also without a rule.
type Injector struct {
	mu       sync.Mutex
	faults   Faults
	random   *rand.Rand
	rules    []count
	requests map[string]int64 // by route
}

// count is what became of one rule.
type count struct {
	seen, fired int64 // requests that it is about, and those that it befell
	times       int
	left        int // of a burst
}

// Injection is a fault that befalls one request.
type Injection struct {
	Fault
	draw float64 // decides where a part ends
}

func (c *Injector) Set(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults, c.rules = f, make([]count, len(f.Rules))
	c.random = rand.New(rand.NewPCG(f.Seed, 0))
}

func (c *Injector) Faults() Faults {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults
}

func (c *Injector) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
	c.rules = make([]count, len(c.faults.Rules))
}

// Next counts a request and returns the trouble it gets into, if any.
func (c *Injector) Next(route string) (Injection, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests == nil {
		c.requests = map[string]int64{}
	}
	c.requests[route]++
	chosen := -1
	for i, rule := range c.faults.Rules {
		if len(rule.On) > 0 && !slices.Contains(rule.On, route) {
			continue
		}
		if c.due(rule, &c.rules[i], chosen < 0) && chosen < 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		return Injection{}, false
	}
	return Injection{c.faults.Rules[chosen], c.random.Float64()}, true
}

// due counts a request for one rule and tells whether it befalls it. A rule that comes too late keeps its bursts for others.
func (c *Injector) due(rule Fault, t *count, free bool) bool {
	t.seen++
	if t.left > 0 && free {
		t.left--
		t.fired++
		return true
	}
	var due bool
	switch {
	case rule.Every > 0:
		due = t.seen%int64(rule.Every) == 0
	case len(rule.Nth) > 0:
		due = slices.Contains(rule.Nth, int(t.seen))
	case rule.Probability > 0:
		due = c.random.Float64() < rule.Probability
	default:
		due = true
	}
	if !due || !free || rule.Times > 0 && t.times >= rule.Times {
		return false
	}
	t.times++
	t.fired++
	t.left = max(rule.Burst, 1) - 1
	return true
}

// Counters tell what a help desk was asked and which faults befell it.
type Counters struct {
	Requests map[string]int64 `json:"requests"` // by route
	Rules    []FaultCounter   `json:"rules"`    // in the order of the rules
}

// FaultCounter tells how many requests a rule is about and how many of them it befell.
type FaultCounter struct {
	Seen  int64 `json:"seen"`
	Fired int64 `json:"fired"`
}

func (c *Injector) Counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Counters{Requests: map[string]int64{}, Rules: make([]FaultCounter, len(c.rules))}
	for route, n := range c.requests {
		out.Requests[route] = n
	}
	for i, t := range c.rules {
		out.Rules[i] = FaultCounter{t.seen, t.fired}
	}
	return out
}

func (c *Injector) RequestsPerConnection() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults.RequestsPerConnection
}

// Stop returns where a write ends, nil for one that is done as a whole.
func (t Injection) Stop() operation.Stop {
	if t.Extent() != DonePart {
		return nil
	}
	return t.stopAt
}

// stopAt returns after how many of a request's steps the write ends. A single step can only be done as a whole.
func (t Injection) stopAt(names []string) (n int) {
	switch {
	case t.Steps > 0:
		return min(t.Steps, len(names))
	case slices.Contains(names, t.After):
		for i, name := range names {
			if name == t.After {
				n = i + 1
			}
		}
		return n
	case t.After != "":
		last := slices.Index(operation.Steps, t.After)
		for n < len(names) && slices.Index(operation.Steps, names[n]) <= last {
			n++
		}
		return n
	default:
		return min(1+int(t.draw*float64(len(names)-1)), len(names))
	}
}
