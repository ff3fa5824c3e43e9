package chaos

import (
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
)

// Injector decides which requests a fault hits. It counts all requests, even without a rule. Its methods may be called at any time and
// from anywhere; the zero Injector has no faults.
type Injector struct {
	mu       sync.Mutex
	faults   Faults
	random   *rand.Rand
	counts   []count          // of the rules, in their order
	requests map[string]int64 // by route
}

// count is how often one rule has applied.
type count struct {
	seen, fired int64 // requests that it is about, and those that it hit
	times       int   // bursts begun
	left        int   // of the current burst
}

// Injection is a fault in one request.
type Injection struct {
	Fault
	draw float64 // decides where a partial write ends
}

// Set replaces the faults; each rule begins to count anew.
func (c *Injector) Set(f Faults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults, c.counts = f, make([]count, len(f.Rules))
	c.random = rand.New(rand.NewPCG(f.Seed, 0))
}

// Faults returns the faults that are set.
func (c *Injector) Faults() Faults {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults
}

// Reset begins to count anew, and keeps the faults.
func (c *Injector) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
	c.counts = make([]count, len(c.faults.Rules))
}

// Next counts a request and returns the fault that hits it, if any.
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
		if c.due(rule, &c.counts[i], chosen < 0) && chosen < 0 {
			chosen = i
		}
	}
	if chosen < 0 {
		return Injection{}, false
	}
	return Injection{c.faults.Rules[chosen], c.random.Float64()}, true
}

// due counts a request for one rule and reports whether the rule applies. One that comes too late saves its burst for a later request.
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

// Counters are how many requests came, and how often each rule applied.
type Counters struct {
	Requests map[string]int64 `json:"requests"` // by route
	Rules    []FaultCounter   `json:"rules"`    // in the order of the rules
}

// FaultCounter is how many requests a rule is about, and how many of them it hit.
type FaultCounter struct {
	Seen  int64 `json:"seen"`
	Fired int64 `json:"fired"`
}

// Counters returns the counts since the last Set or Reset.
func (c *Injector) Counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Counters{Requests: map[string]int64{}, Rules: make([]FaultCounter, len(c.counts))}
	for route, n := range c.requests {
		out.Requests[route] = n
	}
	for i, t := range c.counts {
		out.Rules[i] = FaultCounter{t.seen, t.fired}
	}
	return out
}

// RequestsPerConnection returns the limit of the faults that are set, 0 for none.
func (c *Injector) RequestsPerConnection() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.faults.RequestsPerConnection
}

// Stop returns where the write stops, nil if it runs to its end.
func (i Injection) Stop() operation.Stop {
	if i.Extent() != DonePart {
		return nil
	}
	return i.stopAt
}

// stopAt returns after how many of its steps the write stops. A single step can only be done as a whole.
func (i Injection) stopAt(names []string) (n int) {
	switch {
	case i.Steps > 0:
		return min(i.Steps, len(names))
	case slices.Contains(names, i.After):
		for at, name := range names {
			if name == i.After {
				n = at + 1
			}
		}
		return n
	case i.After != "":
		last := slices.Index(operation.Steps, i.After)
		for n < len(names) && slices.Index(operation.Steps, names[n]) <= last {
			n++
		}
		return n
	default:
		return min(1+int(i.draw*float64(len(names)-1)), len(names))
	}
}
