package orchestrator

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Run starts the services and pipes and runs cycles until ctx ends, which is not an error;
// with [Options].Once and UntilEmpty it ends by itself. A start that fails is retried; only the
// children of the root that use what has not started wait for it. When ctx ends, nothing new begins; what runs may continue for [Options].Grace,
// then its context ends.
func (e *Engine) Run(ctx context.Context) error {
	if e.root == nil {
		return errors.New("there is no root pipe to run")
	}
	// Work has a context of its own, so that a write under way when the stop comes
	// is not cut off with its outcome unknown.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()

	watching, unwatch := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	keep := func(context.Context, []LongCall) {}
	if longs, ok := e.runs.(Longs); ok {
		keep = longs.KeepLong
	}
	watch.Go(func() { e.calls.watch(watching, keep) })
	defer watch.Wait()
	defer unwatch()

	ends := e.options.Once || e.options.UntilEmpty
	if ends {
		if err := e.startPersistently(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	if err := e.runs.Open(ctx, e.allPlaces()); err != nil || ctx.Err() != nil {
		return err
	}
	stop, end := context.WithCancelCause(ctx)
	defer end(nil)
	e.end.Store(&end)
	e.cycle.stopWith(stop.Done())

	crews := make([]*crew, len(e.places))
	var all sync.WaitGroup
	if !ends {
		e.startBeside(stop, &all)
	}
	for _, p := range e.places { // before any run begins: a loop asks for the end of its items' place
		p.over, p.close = context.WithCancel(context.WithoutCancel(ctx))
	}
	for i, p := range e.places {
		crews[i] = e.newCrew(p)
		if !e.options.Once {
			crews[i].fires = -1
		}
		all.Go(func() {
			for _, needed := range p.needs() {
				if !needed.await(stop) {
					break
				}
			}
			crews[i].serve(stop, work)
		})
	}
	e.crewed.Lock()
	e.crews = crews
	e.crewed.Unlock()
	err := e.direct(stop, crews)
	end(err)
	e.wind(&all, cancel)
	e.tried.Store(e.tried.Load() || e.unstarted.Load() == 0)
	var last endError
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(context.Cause(stop), &last):
		return last.error
	}
	return err
}

// endError is an error with which the engine ends.
type endError struct{ error }

// endWith ends the present Run with an error.
func (e *Engine) endWith(err error) { (*e.end.Load())(endError{err}) }

// lookAgain is how often it is asked whether the end has come.
const lookAgain = 100 * time.Millisecond

// direct says when the crews fire, until all is done or ctx ends, and returns the errors
// that the end of the process has to report.
func (e *Engine) direct(ctx context.Context, crews []*crew) error {
	switch {
	case e.options.Once:
		// One after another, so that the output of a single cycle has an order.
		for _, c := range crews {
			if c.place.child != nil && !c.fireOnce(ctx) {
				return nil
			}
		}
	case !e.options.UntilEmpty:
		<-ctx.Done()
		return nil
	}
	for {
		if e.options.Once || e.empty(crews) {
			on, err := e.goesOn(ctx, crews)
			if err != nil {
				return err
			}
			if !on {
				break
			}
		}
		if !sleep(ctx, lookAgain) {
			return nil
		}
	}
	var errs []error
	for _, c := range crews {
		c.set(func() { errs = append(errs, c.errs...) })
	}
	return errors.Join(errs...)
}

// startPersistently repeats a start that fails for the moment.
func (e *Engine) startPersistently(ctx context.Context) error {
	outage := newOutage("start", "", e.logger, e.others)
	for {
		err := e.Start(ctx)
		e.doing(Working, "", "")
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			outage.over(time.Now(), working)
			return nil
		case e.options.Once || isConfigError(err):
			return err
		}
		outage.failed(err, defaultRetry, working)
		if !sleep(ctx, outage.wait()) {
			return nil
		}
	}
}

func isConfigError(err error) bool {
	var config *ConfigError
	return errors.As(err, &config)
}

// wind waits for what still runs: for the grace, then with its context ended for the
// grace again; then it leaves a step behind that does not end.
func (e *Engine) wind(all *sync.WaitGroup, cancel context.CancelFunc) {
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	for _, last := range []bool{false, true} {
		timer := time.NewTimer(e.options.Grace)
		select {
		case <-done:
			timer.Stop()
			return
		case <-timer.C:
			cancel()
		}
		if last {
			left := e.calls.all()
			if len(left) == 0 {
				e.logger.Warn("a running step did not end in time and is left behind", "grace", 2*e.options.Grace)
			}
			for _, r := range left {
				e.logger.Warn("a running step did not end in time and is left behind", append(r.about(), "grace", 2*e.options.Grace)...)
			}
		}
	}
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
