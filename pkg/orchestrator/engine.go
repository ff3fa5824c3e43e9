package orchestrator

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Engine contains all services and pipes of a configuration. [New] makes one. Start, Run
// and Close are called by one goroutine, one after another. Run may be called again: services
// and pipes are then as they were, and what has been started isn't started again.
type Engine struct {
	options    Options
	logger     *slog.Logger
	renderer   api.TemplateRenderer
	rendererOf *owner // nil: it is the host's
	services   map[string]*service
	root       *node
	cycle      *cycle
	others     *outages
	runs       Runs
	gap        *gap
	places     []*place
	fetched    []string                                // keys of results that are fetched tickets
	changes    atomic.Int64                            // claims, and ends of runs that had claimed something
	end        atomic.Pointer[context.CancelCauseFunc] // of the present Run

	// instances in the order in which they were built, for Start and Close
	instances       []*instance
	rendererService *instance
	reporting       sync.Mutex    // one report of Doing at a time
	turn            chan struct{} // of starts: one begins after another
	unstarted       atomic.Int32  // instances whose first Start has not ended
	beside          bool          // they are started beside the work
	tried           atomic.Bool   // each start has ended or failed once, before the present Run
	calls           calls

	crewed sync.Mutex
	crews  []*crew // that Run has made
}

// doing reports to whoever wants to know what the engine is about to do.
func (e *Engine) doing(a Activity, use, path string) {
	if e.options.Doing == nil {
		return
	}
	e.reporting.Lock()
	defer e.reporting.Unlock()
	e.options.Doing(a, use, path)
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
	if o.EmptyPause == 0 {
		o.EmptyPause = time.Second
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = defaultStart
	}
	if o.UntilEmpty && o.Runs == nil {
		return nil, errors.New("whether a runner finds no free ticket any more is known only with Options.Runs")
	}
	e := &Engine{options: o, logger: o.Logger, services: make(map[string]*service), gap: &gap{logger: o.Logger}, calls: calls{logger: o.Logger}, turn: make(chan struct{}, 1)}
	e.others = &outages{users: e.usersOf}
	e.cycle = newCycle(o.Logger, e.others, o.Once)
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
	return e.placeRuns()
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
