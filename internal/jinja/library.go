package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
)

func newLibrary(env func(string) (string, bool)) *runtime.Library {
	l := &runtime.Library{Globals: map[string]any{}, Tests: map[string]*runtime.Test{}}
	for _, group := range [][]*runtime.Function{pipelineFunctions(env), functions()} {
		for _, f := range group {
			l.Globals[f.Name] = f
		}
	}
	l.Filters = allFilters()
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
	addMethods(l)
	return l
}

// byName also settles that Python's own methods take no arguments by name, but for
// a few.
func byName(groups ...[]*runtime.Method) map[string]*runtime.Method {
	all := map[string]*runtime.Method{}
	for _, group := range groups {
		for _, m := range group {
			switch m.Name {
			case "split", "rsplit", "splitlines", "expandtabs":
			default:
				m.Unnamed = !m.Keywords
			}
			all[m.Name] = m
		}
	}
	return all
}
