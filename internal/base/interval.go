package base

import (
	"context"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type intervalParams struct {
	Interval time.Duration `otai:"interval,required" doc:"Time between two successes; 0 succeeds always."`
}

// intervalTrigger counts from when it was created, so that it first succeeds after
// a full interval.
type intervalTrigger struct {
	mu   sync.Mutex
	due  bool
	last time.Time
}

func (o Options) newIntervalTrigger(h api.Host) (api.PipeFunc[intervalParams], error) {
	t := &intervalTrigger{due: o.FireAtOnce, last: time.Now()}
	o.Clocks.add(h.Path(), t)
	return t.process, nil
}

func (t *intervalTrigger) process(_ context.Context, p intervalParams, _ api.Scope) (api.PipeResult, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if !t.due && now.Sub(t.last) < p.Interval {
		return api.Failure("Interval not reached yet."), nil
	}
	t.due, t.last = false, now
	return api.Success(nil), nil
}
