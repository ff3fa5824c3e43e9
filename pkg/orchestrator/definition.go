package orchestrator

import (
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Definition is what a configuration describes: services and a root pipe. The caller has
// checked it; whatever is still wrong is an error of [New].
type Definition struct {
	Services []Service      // in any order; ids are unique
	Root     map[string]any // the root pipe, with the keys id, use, injects and params; nil for services without pipes
	RootPath string         // the root pipe's place in the configuration, such as "orchestrator"
}

// Service is one service of the configuration.
type Service struct {
	ID      string            // the name by which pipes and other services refer to it
	Use     string            // its name in the registry, such as "otobo-znuny:OTOBOZnunyTicketSystemService"
	Injects map[string]string // the ids of the services that it needs, by the name of the injection
	Params  map[string]any    // raw, as in the configuration; may contain templates
	Path    string            // its place in the configuration, such as "services.otobo"
	// Allows says what may be done by it, in any form that is equal where it is the same; "" for
	// anything. Runs whose pipes use it begin anew where it is another.
	Allows string
	// Bounded makes it an error if a field gets its instance past Wrap, which sees to that.
	Bounded bool
}

// Registry finds the service or pipe with the name that a configuration has under use.
// [registry.Registry] implements it.
type Registry interface {
	Find(use string) (registry.Entry, bool)
}

// Options are what the host provides to the engine. Only Registry is required.
type Options struct {
	Registry Registry                         // the services and pipes that there are
	Logger   *slog.Logger                     // for the engine and, with more attributes, for plugins; nil is silent
	Env      func(name string) (string, bool) // answers [api.Host.Env]; nil knows no variables
	Redact   func(secret string)              // is called with each secret that must not be shown; nil ignores them

	// File returns the name of a plugin's file, for log lines; nil knows none.
	File func(plugin string) string
	// Locate returns the place of the value at path in the configuration's files, as
	// file:line:column. If err is an [api.TemplateError], it is the place inside the
	// template. If Locate is nil or returns "", errors have only the path.
	Locate func(path string, err error) string
	// ConfigDir returns the folder to which a relative file name that is the value at path
	// in the configuration is relative. A service or pipe asks for it through Env; see
	// [ConfigDirVariable]. If ConfigDir is nil, that variable is like any other.
	ConfigDir func(path string) string
	// Named reads a file that belongs to the configuration, by its path; what it can't, and nil, leaves
	// that to the engine.
	Named func(path string) ([]byte, error)
	// DefaultRenderer is the registry name of the template renderer that is used if no
	// configured service is one.
	DefaultRenderer string
	// Wrap returns what is injected instead of the instance of a service, or the instance
	// itself. A field of an interface that only the instance has gets the instance, unless
	// Strict makes that an error. nil injects the instances themselves.
	Wrap func(s Service, instance any) any
	// Strict makes it an error if a field gets an instance past Wrap.
	Strict bool
	// May reports whether code of a service or pipe may run, beside what builds it; nil: all
	// may. One that may not isn't started. A pipe that may not, or that is given such a
	// service, isn't called: its error is a [*NotTriedError]. A template renderer always may,
	// and so may a ticket system, before which Wrap stands.
	May func(registry.Entry) bool
	// Workers is how many runs there may be at each place at least, whatever the
	// configuration says; 0 leaves it to that.
	Workers int
	// Runs keeps runs. nil forgets them: what an end of the process interrupts begins anew.
	Runs Runs
	// Once makes Run end by itself and return the errors that there were. Each child of the
	// root is called once, one after another, and each of their workers begins at most one
	// run; what Runs has kept of an earlier process is finished, too.
	Once bool
	// UntilEmpty makes Run call every runner again and again without asking its trigger, and
	// end when none claims a ticket any more and no run goes on by itself soon. It
	// needs Runs.
	UntilEmpty bool
	// EmptyPause is, with UntilEmpty, how long a runner whose search has found nothing waits
	// before it looks whether others have made work for it; 0 means 1 s.
	EmptyPause time.Duration
	// Doing is called before code of a plugin runs that belongs to no run: with what it does
	// there, its use, and its place in the configuration. nil: nobody wants to know.
	Doing func(a Activity, use, path string)
	// Calls returns what counts the calls of the pipe at a place that are running; nil counts
	// none. uses are its own and those of the services that it is given. Calls is called by New
	// alone, and may be nil.
	Calls func(path string, uses []string) *atomic.Int32
	// Lives returns what counts the build functions, Starts and Closes of a plugin that are running,
	// those that are given up, too; nil counts none. It may be nil.
	Lives func(plugin string) *atomic.Int32
	// StartTimeout is how long a build function or one Start may take; 0 means a minute. The
	// context of a Start ends with it.
	StartTimeout time.Duration
	// Around is called before a Start or a Close with the name of the plugin, and what it returns
	// after that has returned; nil: it isn't.
	Around func(a Activity, plugin string) (ended func())
	// Stop is closed when the process is to end: New waits for a build function that doesn't
	// return for the grace only from then on, and its error is [context.Canceled]. nil: never.
	Stop <-chan struct{}
	// Grace is how long a running child of the root may continue after a stop before its
	// context ends, and how long it may then take to return. 0 means 2 s.
	Grace time.Duration
}

// Activity is what the engine is about to do with a service or pipe.
type Activity string

// The activities, in their order.
const (
	Building Activity = "building" // its params are read and it is made
	Starting Activity = "starting" // its Start
	Working  Activity = "working"  // no longer one of these: each has been started, or its start has failed once
	Closing  Activity = "closing"  // its Close
)

// ConfigDirVariable is the variable whose value, by [api.Host.Env], is the folder of the
// configuration file that defines the service or pipe that asks. With a dot and a place
// in its params, as in OTAI_CONFIG_DIR.model_name, it is the folder of the file that has
// this value. See [Options.ConfigDir].
const ConfigDirVariable = "OTAI_CONFIG_DIR"

// Pacer is optional on the params struct of a root pipe that runs its children one after
// another, as base:SimpleSequentialOrchestrator does. The engine calls it before each
// cycle.
type Pacer interface {
	// Pace returns the pause between two cycles and the first pause after an error. With
	// keep, the other children continue after an error; without it, the first error ends
	// [Engine.Run].
	Pace() (pause, retry time.Duration, keep bool)
}
