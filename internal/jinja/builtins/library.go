package builtins

import (
	"github.com/open-ticket-ai/otai/internal/jinja/filters"
	"github.com/open-ticket-ai/otai/internal/jinja/methods"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

// New returns the library of a renderer. env answers get_env; it may be nil.
func New(env func(string) (string, bool)) *runtime.Library {
	l := &runtime.Library{Globals: map[string]any{}, Tests: map[string]*runtime.Test{}}
	for _, group := range [][]*runtime.Function{PipelineFunctions(env), Functions()} {
		for _, f := range group {
			l.Globals[f.Name] = f
		}
	}
	l.Filters = filters.All()
	for _, group := range [][]*runtime.Test{typeTests(), valueTests()} {
		for _, t := range group {
			l.Tests[t.Name] = t
		}
	}
	for alias, name := range map[string]string{
		"==": "eq", "equalto": "eq", "!=": "ne", ">": "gt", "greaterthan": "gt", ">=": "ge", "<": "lt", "lessthan": "lt", "<=": "le",
	} {
		l.Tests[alias] = l.Tests[name]
	}
	methods.AddTo(l)
	return l
}
