package orchestrator

import (
	"context"
	"errors"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Run starts the services and pipes, then runs cycles until ctx ends, which is not an
// error; with [Options].Once it returns after one cycle. A start that fails is retried.
// When ctx ends, no further child of the root starts; the running one may continue for
// [Options].Grace, then its context ends.
func (e *Engine) Run(ctx context.Context) error {
	if e.root == nil {
		return errors.New("there is no root pipe to run")
	}
	// Work has a context of its own, so that a write under way when the stop comes
	// is not cut off with its outcome unknown.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	e.cycle.stopWith(ctx.Done())

	if err := e.startPersistently(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	outage := newOutage(e.root.path, e.root.id, e.logger)
	for {
		err := e.runCycle(ctx, work, cancel)
		errs := e.cycle.takeErrors()
		if ctx.Err() != nil {
			return nil
		}
		if e.options.Once {
			if err != nil {
				return err
			}
			return errors.Join(errs...)
		}
		pause, retry, keep := e.cycle.pauses()
		switch {
		case err != nil && !keep:
			return err
		case err != nil:
			outage.failed(err, retry)
			pause = max(pause, outage.wait())
		default:
			outage.over()
		}
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

// startPersistently repeats a start that fails for the moment.
func (e *Engine) startPersistently(ctx context.Context) error {
	outage := newOutage("start", "", e.logger)
	for {
		err := e.Start(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			outage.over()
			return nil
		case e.options.Once || isConfigError(err):
			return err
		}
		outage.failed(err, defaultRetry)
		if !sleep(ctx, outage.wait()) {
			return nil
		}
	}
}

func isConfigError(err error) bool {
	var config *ConfigError
	return errors.As(err, &config)
}

// runCycle runs the root pipe once. After a stop it waits for the grace, cancels
// the work, waits again, and then leaves a step behind that does not end.
func (e *Engine) runCycle(ctx, work context.Context, cancel context.CancelFunc) error {
	done := make(chan error, 1)
	go func() {
		_, err := e.root.process(work, api.Scope{})
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	for _, last := range []bool{false, true} {
		timer := time.NewTimer(e.options.Grace)
		select {
		case err := <-done:
			timer.Stop()
			return err
		case <-timer.C:
			cancel()
		}
		if last {
			e.logger.Warn("a running step did not end in time and is left behind", "grace", 2*e.options.Grace)
		}
	}
	return nil
}

// sleep reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
