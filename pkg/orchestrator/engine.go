package orchestrator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Engine contains all services and pipes of a configuration. [New] makes one. Start, Run
// and Close are called by one goroutine, one after another.
type Engine struct {
	options  Options
	logger   *slog.Logger
	renderer api.TemplateRenderer
	services map[string]*service
	root     *node
	cycle    *cycle
	runs     Runs
	gap      *gap
	places   []*place
	fetched  []string     // keys of results that are fetched tickets
	changes  atomic.Int64 // claims, and ends of runs that had claimed something
	end      func(error)

	// instances in the order in which they were built, for Start and Close
	instances []instance
	started   int
}

type instance struct {
	use, path string
	value     any
}

// doing reports to whoever wants to know what the engine is about to do.
func (e *Engine) doing(a Activity, use, path string) {
	if e.options.Doing != nil {
		e.options.Doing(a, use, path)
	}
}

const defaultGrace = 2 * time.Second

// New builds all services and pipes of d. It joins a [*ConfigError] for each mistake in
// the configuration that it finds at one place. After an error, everything that was
// already built is closed.
func New(d Definition, o Options) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Grace == 0 {
		o.Grace = defaultGrace
	}
	if o.UntilEmpty && o.Runs == nil {
		return nil, errors.New("whether a runner finds no free ticket any more is known only with Options.Runs")
	}
	e := &Engine{options: o, logger: o.Logger, services: make(map[string]*service), cycle: newCycle(o.Logger, o.Once), gap: &gap{logger: o.Logger}}
	if e.runs = o.Runs; e.runs == nil {
		e.runs = forgotten{}
	}
	if err := e.build(d); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) build(d Definition) error {
	if err := e.buildServices(d.Services); err != nil {
		return err
	}
	if d.Root == nil {
		return nil
	}
	root, err := e.bindRoot(d.RootPath, d.Root)
	if err != nil {
		return err
	}
	e.root = root
	e.placeRuns()
	return nil
}

// Service returns what the build function of the service with this id returned, and
// whether the configuration has such a service.
func (e *Engine) Service(id string) (any, bool) {
	s, ok := e.services[id]
	if !ok {
		return nil, false
	}
	return s.instance, true
}

// Start starts each service and pipe that is an [api.Starter], in the order in which they
// were built, and ends at the first error. If it is called again, it continues there.
// Run calls it, so only a host that doesn't run pipes needs to.
func (e *Engine) Start(ctx context.Context) error {
	for ; e.started < len(e.instances); e.started++ {
		i := e.instances[e.started]
		starter, ok := i.value.(api.Starter)
		if !ok {
			continue
		}
		e.doing(Starting, i.use, i.path)
		if err := guard(i.path, func() error { return starter.Start(ctx) }); err != nil {
			return fmt.Errorf("starting %s: %w", i.path, err)
		}
	}
	return nil
}

// Close closes each service and pipe that is an [io.Closer], the last one built first,
// and joins their errors. The engine can't be used afterwards.
func (e *Engine) Close() error {
	var errs []error
	for n := len(e.instances) - 1; n >= 0; n-- {
		i := e.instances[n]
		closer, ok := i.value.(io.Closer)
		if !ok {
			continue
		}
		e.doing(Closing, i.use, i.path)
		if err := guard(i.path, closer.Close); err != nil {
			errs = append(errs, fmt.Errorf("closing %s: %w", i.path, err))
		}
	}
	e.instances = nil
	return errors.Join(errs...)
}
