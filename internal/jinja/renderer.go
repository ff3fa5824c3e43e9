package jinja

import (
	"fmt"
	"sync"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/builtins"
	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// maxCached bounds the templates that a Renderer keeps parsed. A configuration
// has some dozens; the bound is for a caller who makes sources up.
const maxCached = 1024

// Limits bound one template.
type Limits = budget.Limits

// Dict is a mapping that keeps the order of insertion: what a template writes as
// {'a': 1}.
type Dict = value.Dict

// Options are what templates may ask for beyond their scope.
type Options struct {
	// Env answers get_env; nil means that nothing is set.
	Env func(name string) (string, bool)
	// Variables are further names that every template sees, beside those of the
	// scope. They are plain values and must not be changed.
	Variables map[string]any
	// Limits bound one rendering; zero fields mean the defaults.
	Limits Limits
}

// Renderer parses templates. It is safe for concurrent use.
type Renderer struct {
	environment eval.Environment

	mu     sync.RWMutex
	parsed map[string]*eval.Template
}

var _ api.TemplateRenderer = (*Renderer)(nil)

// New returns a Renderer without cached templates.
func New(o Options) *Renderer {
	return &Renderer{
		environment: eval.Environment{Library: builtins.New(o.Env), Variables: o.Variables, Limits: o.Limits.WithDefaults()},
		parsed:      map[string]*eval.Template{},
	}
}

// HasTemplate reports whether source has anything for the template language in
// it. Without, rendering yields source itself.
func HasTemplate(source string) bool { return params.HasTemplate(source) }

// Parse compiles source, or finds it compiled. A syntax error is an
// [api.TemplateError] with the place in source.
func (r *Renderer) Parse(source string) (api.Template, error) {
	if !HasTemplate(source) {
		return eval.NewPlain(source), nil
	}
	r.mu.RLock()
	t := r.parsed[source]
	r.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, err := r.compile(source)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.parsed) >= maxCached {
		for old := range r.parsed {
			delete(r.parsed, old)
			break
		}
	}
	r.parsed[source] = t
	return t, nil
}

func (r *Renderer) compile(source string) (*eval.Template, error) {
	if len(source) > r.environment.Limits.Source {
		return nil, &api.TemplateError{Line: 1, Column: 1, Err: fmt.Errorf(
			"the template is %d bytes long, the limit is %d: move data out of it into params", len(source), r.environment.Limits.Source)}
	}
	return eval.Compile(syntax.Normalize(source), &r.environment)
}
