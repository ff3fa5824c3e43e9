package base

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type intervalParams struct {
	Interval time.Duration `otai:"interval,required" doc:"Time between two successes; 0 succeeds always."`
}

// intervalTrigger counts from when it was created, so that it first succeeds after
// a full interval.
type intervalTrigger struct {
	due  bool
	last time.Time
}

func (o Options) newIntervalTrigger(api.Host) (*intervalTrigger, error) {
	return &intervalTrigger{due: o.FireAtOnce, last: time.Now()}, nil
}

func (t *intervalTrigger) Process(_ context.Context, p intervalParams, _ api.Scope) (api.PipeResult, error) {
	now := time.Now()
	if !t.due && now.Sub(t.last) < p.Interval {
		return api.Failure("Interval not reached yet."), nil
	}
	t.due, t.last = false, now
	return api.Success(nil), nil
}
