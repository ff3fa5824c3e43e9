package jinja

import (
	"math/big"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// library is all that templates can name beside their variables. It is built once
// for a Renderer and never changed.
type library struct {
	globals map[string]any
	filters map[string]*filter
	tests   map[string]*test

	textMethods                                map[string]*method
	markupMethods                              map[string]*method
	integerMethods, floatMethods, rangeMethods map[string]*method
	listMethods                                map[string]*method
	dictMethods                                map[string]*method
}

func newLibrary(env func(string) (string, bool)) *library {
	l := &library{globals: map[string]any{}, tests: map[string]*test{}}
	for _, group := range [][]*function{pipelineFunctions(env), functions()} {
		for _, f := range group {
			l.globals[f.name] = f
		}
	}
	l.filters = allFilters()
	for _, group := range [][]*test{typeTests(), valueTests()} {
		for _, t := range group {
			l.tests[t.name] = t
		}
	}
	for alias, name := range map[string]string{
		"==": "eq", "equalto": "eq", "!=": "ne", ">": "gt", "greaterthan": "gt", ">=": "ge", "<": "lt", "lessthan": "lt", "<=": "le",
	} {
		l.tests[alias] = l.tests[name]
	}
	addMethods(l)
	return l
}

// byName also settles that Python's own methods take no arguments by name, but for
// a few.
func byName(groups ...[]*method) map[string]*method {
	all := map[string]*method{}
	for _, group := range groups {
		for _, m := range group {
			switch m.name {
			case "split", "rsplit", "splitlines", "expandtabs":
			default:
				m.unnamed = !m.keywords
			}
			all[m.name] = m
		}
	}
	return all
}

// method is the method of that name of the object's type, or nil.
func (l *library) method(object any, name string) *method { return l.methods(object)[name] }

// methods are those of the object's type.
func (l *library) methods(object any) map[string]*method {
	switch object.(type) {
	case string:
		return l.textMethods
	case value.Markup:
		return l.markupMethods
	case int64, int, bool, *big.Int:
		return l.integerMethods
	case float64:
		return l.floatMethods
	case value.Range:
		return l.rangeMethods
	case []any, *value.MutableList, value.Tuple:
		return l.listMethods
	case map[string]any, value.Mapping:
		return l.dictMethods
	}
	return nil
}
