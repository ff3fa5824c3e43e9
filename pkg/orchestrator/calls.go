package orchestrator

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// calls are the calls of plugins' code that have not returned yet. One that takes long is
// named, since nothing can end it: its runner waits, and the others go on.
type calls struct {
	logger *slog.Logger

	mu      sync.Mutex
	running map[*running]struct{}
}

type running struct {
	node  *node
	began time.Time
	said  time.Duration // how long it had taken when it was named last
}

const (
	// longCall is after how long a call is named for the first time; the pauses double.
	longCall    = time.Minute
	longestSaid = time.Hour // between two lines about one call
	callsEach   = 5 * time.Second
)

// begin notes a call, and returns what notes its end.
func (c *calls) begin(n *node) (end func()) {
	r := &running{node: n, began: time.Now()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == nil {
		c.running = make(map[*running]struct{})
	}
	c.running[r] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, r)
		if r.said > 0 {
			c.logger.Info("a step that took long has ended", r.about()...)
		}
	}
}

func (r *running) about() []any {
	return append(r.node.owner.about(), "use", r.node.use, "at", r.node.at(), "after", time.Since(r.began).Round(time.Millisecond))
}

// watch names calls that take long, until ctx ends, to people and to keep.
func (c *calls) watch(ctx context.Context, keep func(context.Context, []LongCall)) {
	for sleep(ctx, callsEach) {
		for _, r := range c.overdue() {
			c.logger.Warn("a step has not ended yet: its runner waits for it", r.about()...)
		}
		keep(ctx, c.long())
	}
}

// long are the calls that have been named and have not ended.
func (c *calls) long() []LongCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []LongCall
	for r := range c.running {
		if took := time.Since(r.began); took >= longCall && !c.within(r) {
			list = append(list, r.asLong())
		}
	}
	return list
}

func (r *running) asLong() LongCall {
	o := r.node.owner
	return LongCall{Path: o.path, At: r.node.at(), Use: r.node.use, Plugin: o.plugin, File: o.file, Step: o.step, Took: time.Since(r.began)}
}

// overdue are the calls that are to be named now. One is left out while a call within it runs.
func (c *calls) overdue() []*running {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*running
	for r := range c.running {
		took := time.Since(r.began)
		next := max(longCall, min(2*r.said, r.said+longestSaid))
		if took >= next && !c.within(r) {
			r.said = took
			list = append(list, r)
		}
	}
	return list
}

func (c *calls) within(r *running) bool {
	for other := range c.running {
		if strings.HasPrefix(other.node.path, r.node.path+".") {
			return true
		}
	}
	return false
}

// all are the calls that run now.
func (c *calls) all() []*running {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*running
	for r := range c.running {
		if !c.within(r) {
			list = append(list, r)
		}
	}
	return list
}

// at is the place of the pipe in the configuration's files.
func (n *node) at() string {
	if n.engine.options.Locate == nil {
		return ""
	}
	return n.engine.options.Locate(n.path, nil)
}
