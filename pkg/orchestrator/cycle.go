package orchestrator

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	defaultPause = time.Second
	defaultRetry = 5 * time.Second
)

// cycle keeps the pauses of a root pipe and the errors of its children, so that
// an error of one child doesn't stop the others.
type cycle struct {
	logger *slog.Logger
	others *outages
	once   bool // nothing is tried again

	mu    sync.Mutex
	stop  <-chan struct{}
	pause time.Duration
	retry time.Duration
	keep  bool
	errs  []error // of the running cycle
}

func newCycle(logger *slog.Logger, others *outages, once bool) *cycle {
	return &cycle{logger: logger, others: others, once: once, pause: defaultPause, retry: defaultRetry, keep: true}
}

func (c *cycle) pace(params any) {
	pacer, ok := params.(Pacer)
	if !ok {
		return
	}
	pause, retry, keep := pacer.Pace()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause, c.retry, c.keep = pause, retry, keep
}

func (c *cycle) pauses() (pause, retry time.Duration, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pause, c.retry, c.keep
}

// stopWith makes children not start any more once stop is closed.
func (c *cycle) stopWith(stop <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop = stop
}

func (c *cycle) stopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

func (c *cycle) addError(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

// takeErrors returns and forgets the errors of the cycle that ended.
func (c *cycle) takeErrors() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	errs := c.errs
	c.errs = nil
	return errs
}

// isolated runs a child of the root: an error becomes a failed result, after which
// the child is left out until its pause is over.
func (c *cycle) isolated(child *node) func(context.Context, api.Scope) (api.PipeResult, error) {
	outage := newOutage(child.path, child.id, c.logger, c.others)
	return func(ctx context.Context, scope api.Scope) (api.PipeResult, error) {
		if c.stopping() {
			return api.Skip("otai is stopping"), nil
		}
		if wait := outage.wait(); wait > 0 {
			return api.Skip("waits %s after an error", wait.Round(time.Millisecond)), nil
		}
		result, err := child.process(ctx, scope)
		switch {
		case err != nil && ctx.Err() != nil:
			return result, err
		case err != nil:
			_, retry, keep := c.pauses()
			c.addError(err)
			if !keep {
				return result, err
			}
			if !c.once {
				outage.failed(err, retry, working)
			}
			return api.Failure("%s", err.Error()), nil
		case !result.Skipped():
			outage.over(time.Now(), working)
		}
		return result, nil
	}
}
