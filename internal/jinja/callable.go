package jinja

import (
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// signature says which arguments something takes.
type signature struct {
	name     string
	params   []string
	required int  // how many of params must be given
	unnamed  bool // takes no argument by its name
	variadic bool // takes any number of positional arguments
	keywords bool // takes any named argument
}

type (
	function struct {
		signature
		apply func(r *state, a value.Args) (any, error)
	}
	method struct {
		signature
		apply func(r *state, self any, a value.Args) (any, error)
	}
	boundMethod struct {
		self   any
		method *method
	}
	filter struct {
		signature
		markup  bool // sees escaped text as such
		formats bool // makes a text of any value
		apply   func(r *state, v any, a value.Args) (any, error)
	}
	test struct {
		signature
		markup bool
		apply  func(r *state, v any, a value.Args) (bool, error)
	}
)

func (*function) TypeName() string { return "function" }

func (*function) Callable() {}

func (*boundMethod) TypeName() string { return "function" }

func (*boundMethod) Callable() {}

// bind orders the arguments, or says which one is wrong.
func (s *signature) bind(g value.CallArgs) (value.Args, error) {
	if s.unnamed && len(g.Named) > 0 {
		return value.Args{}, fmt.Errorf("%s takes no argument by its name: leave out %q", s.name, g.Named[0].Name+"=")
	}
	if s.variadic || s.keywords {
		return s.bindAny(g)
	}
	if len(g.Positional) > len(s.params) {
		return value.Args{}, fmt.Errorf("%s takes %s, not %d", s.name, atMost(len(s.params)), len(g.Positional))
	}
	a := value.Args{Values: g.Positional}
	if len(g.Named) > 0 {
		a.Values = make([]any, len(s.params))
		for i := range a.Values {
			a.Values[i] = value.Absent{}
		}
		copy(a.Values, g.Positional)
	}
	for _, n := range g.Named {
		i := slices.Index(s.params, n.Name)
		if i < 0 {
			return value.Args{}, fmt.Errorf("%s takes no argument %q%s", s.name, n.Name, s.hint(n.Name))
		}
		if !value.IsAbsent(a.Values[i]) {
			return value.Args{}, fmt.Errorf("%s got the argument %q twice", s.name, n.Name)
		}
		a.Values[i] = n.Value
	}
	for i := range s.required {
		if !a.Has(i) {
			return value.Args{}, fmt.Errorf("%s needs the argument %q", s.name, s.params[i])
		}
	}
	return a, nil
}

func (s *signature) bindAny(g value.CallArgs) (value.Args, error) {
	if !s.variadic && len(g.Positional) > len(s.params) {
		return value.Args{}, fmt.Errorf("%s takes %s, not %d", s.name, atMost(len(s.params)), len(g.Positional))
	}
	if !s.keywords && len(g.Named) > 0 {
		return value.Args{}, fmt.Errorf("%s takes no argument %q", s.name, g.Named[0].Name)
	}
	if len(g.Positional) < s.required {
		return value.Args{}, fmt.Errorf("%s needs the argument %q", s.name, s.params[len(g.Positional)])
	}
	return value.Args{Values: g.Positional, Named: g.Named}, nil
}

func (s *signature) hint(name string) string {
	known := map[string]bool{}
	for _, p := range s.params {
		known[p] = true
	}
	return value.DidYouMean(name, known)
}

func atMost(n int) string {
	if n == 0 {
		return count(n)
	}
	return "at most " + count(n)
}

func count(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// use binds the arguments and applies the filter.
func (f *filter) use(r *state, v any, g value.CallArgs) (any, error) {
	a, err := f.bind(g)
	if err == nil {
		err = value.CountRead(r.Budget, v)
	}
	if err != nil {
		return nil, err
	}
	if m, ok := v.(value.Markup); ok && !f.markup {
		v = string(m)
	}
	return f.apply(r, v, a)
}

// use binds the arguments and applies the test.
func (t *test) use(r *state, v any, g value.CallArgs) (bool, error) {
	a, err := t.bind(g)
	if err == nil {
		err = value.CountRead(r.Budget, v)
	}
	if err != nil {
		return false, err
	}
	if m, ok := v.(value.Markup); ok && !t.markup {
		v = string(m)
	}
	return t.apply(r, v, a)
}
