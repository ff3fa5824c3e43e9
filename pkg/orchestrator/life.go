package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// instance is a service or pipe that was built.
type instance struct {
	owner
	use      string
	service  string // its id; "" of a pipe
	value    any
	needs    []*instance   // services that it is given
	ready    chan struct{} // closed when it has started, or has nothing to start
	starting chan error    // of a Start that has not returned yet; else nil
	first    sync.Once     // counts that its first Start has ended
	life     life
}

// built keeps what a build function made, which needs the services with these ids.
// One that is barred is never started.
func (e *Engine) built(o owner, use string, value any, injects map[string]string, barred bool) *instance {
	i := &instance{owner: o, use: use, value: value, ready: make(chan struct{})}
	if _, ok := value.(api.Starter); !ok || barred {
		close(i.ready)
	}
	for _, id := range injects {
		if s, ok := e.services[id]; ok && s.built != nil {
			i.needs = append(i.needs, s.built)
		}
	}
	e.instances = append(e.instances, i)
	return i
}

// await waits until i and what it needs has started. It is false if ctx ended before.
func (i *instance) await(ctx context.Context) bool {
	for _, other := range i.needs {
		if !other.await(ctx) {
			return false
		}
	}
	select {
	case <-i.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

// LifeError is an error of a service or pipe where it is started or closed.
type LifeError struct {
	Path   string // its place in the configuration
	Plugin string // that offers it
	File   string // of the plugin
	Step   string // what people call it
	Doing  string // "starting" or "closing"
	Err    error  // what it returned, or that it didn't return
}

func (e *LifeError) Error() string { return e.Doing + " " + e.Path + ": " + textAt(e.Path, e.Err) }
func (e *LifeError) Unwrap() error { return e.Err }

func (i *instance) failed(doing string, err error) error {
	return &LifeError{Path: i.path, Plugin: i.plugin, File: i.file, Step: i.step, Doing: doing, Err: err}
}

// StuckError says that a method of a plugin did not return in time. It may still run.
type StuckError struct {
	Method string        // "Start", "Close"
	Plugin string        // with its file, for people
	Limit  time.Duration // that it had
}

func (e *StuckError) Error() string {
	return fmt.Sprintf("%s of the plugin %s did not come to an end within %v", e.Method, e.Plugin, e.Limit)
}

const (
	// defaultStart is how long a Start may take: models are loaded in it.
	defaultStart = time.Minute
	// closeWithin is how long one Close may take, closeAll all of them.
	closeWithin = 5 * time.Second
	closeAll    = 10 * time.Second
)

const buildFunction = "the build function"

// building runs a build function or another method, which is as quick as a plugin lets it be.
func (e *Engine) building(o owner, method string, f func() error) error {
	err := o.inTime(method, freeze.CallUntil(e.options.StartTimeout, e.options.Stop, e.options.Grace, e.counted(o, f)))
	if !errors.As(err, new(*StuckError)) {
		return err
	}
	select {
	case <-e.options.Stop:
		e.logger.Warn("a build function did not end in time and is left behind", append(o.about(), "method", method, "grace", e.options.Grace)...)
		return fmt.Errorf("stopped: %w: %w", err, context.Canceled)
	default:
		return err
	}
}

// counted counts f while it runs, however late it returns.
func (e *Engine) counted(o owner, f func() error) func() error {
	if e.options.Lives == nil {
		return f
	}
	n := e.options.Lives(o.plugin)
	if n == nil {
		return f
	}
	return func() error {
		n.Add(1)
		defer n.Add(-1)
		return f()
	}
}

// within guards a method that must return in time.
func (o owner) within(limit time.Duration, method string, f func() error) error {
	return o.inTime(method, freeze.Call(limit, f))
}

// inTime names the method that didn't return in time, and whose panic an error is.
func (o owner) inTime(method string, err error) error {
	if stuck := (*freeze.StuckError)(nil); errors.As(err, &stuck) && stuck.Doing == "" {
		return &StuckError{Method: method, Plugin: o.who(), Limit: stuck.Limit.Round(time.Millisecond)}
	}
	return o.named(err)
}

// Start starts each service and pipe that is an [api.Starter], in the order in which they
// were built, and ends at the first error, a [*LifeError]. If it is called again, it continues
// there. Run calls it, so only a host that doesn't run pipes needs to.
func (e *Engine) Start(ctx context.Context) error {
	for _, i := range e.instances {
		if _, ok := i.value.(api.Starter); ok {
			e.doing(Starting, i.use, i.path)
		}
		if err := e.start(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// StartAhead tries once to start each service and pipe that is an [api.Starter], before Run: those of
// the plugin named first, with what they need, before the others. One
// that fails, or needs one that did, is left to Run, which tries it again at once; only a
// [*ConfigError] and the end of ctx are errors.
func (e *Engine) StartAhead(ctx context.Context, first string) error {
	for _, i := range e.firstOf(first) {
		if _, ok := i.value.(api.Starter); !ok || slices.ContainsFunc(i.needs, func(other *instance) bool { return !other.started() }) {
			continue
		}
		e.doing(Starting, i.use, i.path)
		switch err := e.start(ctx, i); {
		case ctx.Err() != nil:
			return ctx.Err()
		case isConfigError(err):
			return err
		case err != nil:
			i.life.tried(err)
			e.logger.Warn("a start failed ahead of the work, and is tried again with it", append(whose(err), "path", i.path, "err", err.Error())...)
		}
	}
	e.tried.Store(true)
	return nil
}

// firstOf are all instances, each after what it needs, and those of a plugin before the others.
func (e *Engine) firstOf(plugin string) (list []*instance) {
	var take func(i *instance)
	take = func(i *instance) {
		if slices.Contains(list, i) {
			return
		}
		for _, other := range i.needs {
			take(other)
		}
		list = append(list, i)
	}
	for _, i := range e.instances {
		if i.plugin == plugin {
			take(i)
		}
	}
	for _, i := range e.instances {
		take(i)
	}
	return list
}

// started reports whether i and what it needs has started.
func (i *instance) started() bool {
	select {
	case <-i.ready:
		return !slices.ContainsFunc(i.needs, func(other *instance) bool { return !other.started() })
	default:
		return false
	}
}

// lacking are the paths of i and of what it needs that have not started.
func (i *instance) lacking() (paths []string) {
	for _, other := range i.needs {
		paths = append(paths, other.lacking()...)
	}
	select {
	case <-i.ready:
	default:
		paths = append(paths, i.path)
	}
	return paths
}

// startBeside starts each instance in the background, as soon as what it needs has started,
// and again where that fails. Runners wait for what they use, and no others.
func (e *Engine) startBeside(ctx context.Context, all *sync.WaitGroup) {
	var starters []*instance
	for _, i := range e.instances {
		if _, ok := i.value.(api.Starter); ok {
			starters = append(starters, i)
		}
	}
	if len(starters) == 0 {
		e.doing(Working, "", "")
	}
	e.unstarted.Store(int32(len(starters)))
	e.beside = true
	for _, i := range starters {
		i.first = sync.Once{} // Run may have been called before
	}
	for _, i := range starters {
		all.Go(func() { e.startRepeatedly(ctx, i) })
	}
}

// startTurn is how long others wait for a Start before theirs begins beside it. One after
// another, it is known whose code ends the process.
const startTurn = 5 * time.Second

func (e *Engine) startInTurn(ctx context.Context, i *instance) error {
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	free := sync.OnceFunc(func() { <-e.turn })
	defer free()
	defer time.AfterFunc(startTurn, free).Stop()
	if !i.started() {
		e.doing(Starting, i.use, i.path)
	}
	return e.start(ctx, i)
}

// counts counts i as one whose Start has ended or failed once.
func (e *Engine) counts(i *instance) { i.first.Do(func() { e.unstarted.Add(-1) }) }

// worksOn says that what follows is the work, once that holds for each instance.
func (e *Engine) worksOn(i *instance) {
	e.counts(i)
	if e.unstarted.Load() == 0 {
		e.doing(Working, "", "")
	}
}

func (e *Engine) startRepeatedly(ctx context.Context, i *instance) {
	if len(i.needs) > 0 {
		e.counts(i) // how long that takes depends on others
	}
	for _, other := range i.needs {
		if !other.await(ctx) {
			return
		}
	}
	outage := newOutage(i.path, "", e.logger, e.others)
	i.life.begins(outage)
	for ctx.Err() == nil {
		ready := e.tried.Load() || e.unstarted.Load() == 0 // each start has ended or failed once
		err := e.startInTurn(ctx, i)
		i.life.tried(err)
		if isConfigError(err) && !ready && ctx.Err() == nil {
			e.endWith(err)
			return
		}
		e.worksOn(i)
		switch {
		case err == nil:
			outage.over(time.Now(), working)
			return
		case ctx.Err() != nil:
			return
		case isConfigError(err): // the others do their work
			e.logger.Error("a service or pipe is not started again before its configuration is corrected: what uses it waits", append(i.about(), "method", "Start", "err", err.Error())...)
			i.life.gaveUp()
			return
		}
		outage.failed(err, defaultRetry, working)
		sleep(ctx, outage.wait())
	}
}

// needs are the instances without which nothing can run at a place.
func (p *place) needs() []*instance {
	var list []*instance
	if s := p.engine.rendererService; s != nil {
		list = append(list, s)
	}
	var walk func(n *node)
	walk = func(n *node) {
		list = append(list, n.built)
		for _, c := range n.inner {
			walk(c.node)
		}
	}
	if p.child != nil {
		walk(p.child)
	} else {
		walk(p.node)
	}
	return list
}

// start starts one instance. A Start that has not returned goes on: the next call waits for
// it once more instead of a second one beside it.
func (e *Engine) start(ctx context.Context, i *instance) error {
	select {
	case <-i.ready:
		return nil
	default:
	}
	starter, ok := i.value.(api.Starter)
	if !ok {
		return nil
	}
	limit := e.options.StartTimeout
	if i.starting == nil {
		i.starting = make(chan error, 1)
		limited, cancel := context.WithTimeout(ctx, limit)
		go func(ended chan<- error) {
			defer cancel()
			over := e.around(Starting, i)
			began := time.Now()
			err := i.guard(e.counted(i.owner, func() error { return starter.Start(limited) }))
			over()
			if err == nil {
				i.life.ran(time.Since(began))
			}
			ended <- err
		}(i.starting)
	}
	timer := time.NewTimer(limit + e.options.Grace) // one that heeds its context says more than the limit does
	defer timer.Stop()
	select {
	case err := <-i.starting:
		return e.hasStarted(i, err)
	case <-timer.C:
		return i.failed("starting", &StuckError{Method: "Start", Plugin: i.who(), Limit: limit})
	case <-ctx.Done():
	}
	timer.Reset(e.options.Grace)
	select {
	case err := <-i.starting:
		return e.hasStarted(i, err)
	case <-timer.C:
		e.logger.Warn("a start did not end in time and is left behind", append(i.about(), "method", "Start", "grace", e.options.Grace)...)
		return ctx.Err()
	}
}

func (e *Engine) around(a Activity, i *instance) (ended func()) {
	if e.options.Around == nil {
		return func() {}
	}
	return e.options.Around(a, i.plugin)
}

// hasStarted is called when a Start has returned.
func (e *Engine) hasStarted(i *instance, err error) error {
	i.starting = nil
	if err != nil {
		return i.failed("starting", i.wrongFor(err))
	}
	if e.beside {
		e.worksOn(i) // before anything that waits for it calls it: whoever ends the process then didn't do so at a start
	}
	close(i.ready)
	return nil
}

// wrongFor makes a [*ConfigError] of the error of a Start that names a param and says that a
// repetition doesn't help. All else may be better later.
func (i *instance) wrongFor(err error) error {
	if !errors.As(err, new(*api.FieldError)) || passes(err) {
		return err
	}
	if errors.Is(err, api.ErrInvalid) || errors.Is(err, api.ErrNotFound) || errors.Is(err, api.ErrDenied) {
		return i.paramsError(i.path, err)
	}
	return err
}

// Close closes each service and pipe that is an [io.Closer], the last one built first,
// and joins their errors. One that doesn't return in time is named and left behind. The engine
// can't be used afterwards.
func (e *Engine) Close() error {
	var errs []error
	end := time.Now().Add(closeAll)
	for n := len(e.instances) - 1; n >= 0; n-- {
		i := e.instances[n]
		closer, ok := i.value.(io.Closer)
		if !ok {
			continue
		}
		e.doing(Closing, i.use, i.path)
		limit := min(closeWithin, time.Until(end))
		if limit <= 0 {
			errs = append(errs, i.failed("closing", errors.New("it was not closed, because others took too long")))
			continue
		}
		over := e.around(Closing, i)
		err := i.within(limit, "Close", e.counted(i.owner, closer.Close))
		over()
		if err != nil {
			e.logger.Error("a service or pipe could not be closed", append(i.about(), "method", "Close", "err", err.Error())...)
			errs = append(errs, i.failed("closing", err))
		}
	}
	e.instances = nil
	return errors.Join(errs...)
}
