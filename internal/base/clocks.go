package base

import (
	"sync"
	"time"
)

// Clocks are those of the interval triggers of an engine, by their places. A process that takes over
// the work of another one gets theirs.
type Clocks struct {
	mu       sync.Mutex
	triggers map[string]*intervalTrigger
}

// Clock is how long ago a trigger has succeeded, or was created, and whether it is due all the same.
type Clock struct {
	Age time.Duration `json:"age"`
	Due bool          `json:"due,omitempty"`
}

func (c *Clocks) add(path string, t *intervalTrigger) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.triggers == nil {
		c.triggers = make(map[string]*intervalTrigger)
	}
	c.triggers[path] = t
}

// Read returns what the clocks show.
func (c *Clocks) Read() map[string]Clock {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]Clock)
	for path, t := range c.triggers {
		t.mu.Lock()
		all[path] = Clock{time.Since(t.last), t.due}
		t.mu.Unlock()
	}
	return all
}

// Set sets the clock of the trigger at path, if there is one.
func (c *Clocks) Set(path string, to Clock) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.triggers[path]; t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.last, t.due = time.Now().Add(-to.Age), to.Due
	}
}
