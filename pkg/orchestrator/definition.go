package orchestrator

import (
	"log/slog"
	"time"

	"github.com/open-ticket-ai/otai/pkg/registry"
)

// Definition is what a configuration describes, checked before.
type Definition struct {
	Services []Service
	Root     map[string]any // the root pipe: id, use, injects, params; nil: services only
	RootPath string         // its place in the configuration, such as "orchestrator"
}

// Service is one service of the configuration.
type Service struct {
	ID, Use string
	Injects map[string]string // injection name to service id
	Params  map[string]any
	Path    string // place in the configuration, such as "services.otobo"
}

// Registry finds the injectable that a use names.
type Registry interface {
	Find(use string) (registry.Entry, bool)
}

// Options are what the host gives to the engine. Registry is needed, the rest
// has defaults.
type Options struct {
	Registry Registry
	Logger   *slog.Logger
	Env      func(name string) (string, bool)
	Redact   func(secret string)

	// Locate returns where in the configuration's files the value at path stands, as
	// file:line:column; where err is an [api.TemplateError], the place in the
	// template's text. If it is nil or returns "", errors name the path alone.
	Locate func(path string, err error) string
	// ConfigDir returns the folder to which a relative path is relative that stands at
	// path in the configuration. A component asks for it by Env; see
	// [ConfigDirVariable]. If it is nil, the variable is like any other.
	ConfigDir func(path string) string
	// DefaultRenderer is used when no service is a template renderer.
	DefaultRenderer string
	// Wrap may replace a service before it is injected, as a dry run does.
	Wrap func(use string, service any) any
	// Once ends Run after one cycle, with the errors of that cycle.
	Once bool
	// Grace is how long a running child may go on after a stop before its context
	// ends, and again how long it may then take to return. 0 means 2 s.
	Grace time.Duration
}

// ConfigDirVariable is how a component asks its host for the folder of the
// configuration file that it stands in. Followed by a dot and a place in its params,
// as in OTAI_CONFIG_DIR.model_name, it asks for that of the file which has this value.
const ConfigDirVariable = "OTAI_CONFIG_DIR"

// Pacer is found on the params of a root pipe that runs its children one after
// another: pause is the time between two cycles, retry the first pause after an
// error, and a keep of false ends the run at the first error.
type Pacer interface {
	Pace() (pause, retry time.Duration, keep bool)
}
