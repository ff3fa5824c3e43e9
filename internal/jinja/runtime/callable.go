package runtime

import (
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Signature says which arguments something takes.
type Signature struct {
	Name     string
	Params   []string
	Required int  // how many of params must be given
	Unnamed  bool // takes no argument by its name
	Variadic bool // takes any number of positional arguments
	Keywords bool // takes any named argument
}

type (
	// Function is what a template can call by its name.
	Function struct {
		Signature
		Apply func(r *State, a value.Args) (any, error)
	}
	// Method is what a template can call on a value.
	Method struct {
		Signature
		Apply func(r *State, self any, a value.Args) (any, error)
	}
	// BoundMethod is a method with the value that it is called on.
	BoundMethod struct {
		Self   any
		Method *Method
	}
	// Filter is what follows a "|".
	Filter struct {
		Signature
		Markup  bool // is given escaped text as such
		Formats bool // makes a text of any value
		Apply   func(r *State, v any, a value.Args) (any, error)
	}
	// Test is what follows an "is".
	Test struct {
		Signature
		Markup bool
		Apply  func(r *State, v any, a value.Args) (bool, error)
	}
)

func (*Function) TypeName() string { return "function" }

func (*Function) Callable() {}

func (*BoundMethod) TypeName() string { return "function" }

func (*BoundMethod) Callable() {}

// Bind puts the arguments in order; the error says which one is wrong.
func (s *Signature) Bind(g value.CallArgs) (value.Args, error) {
	if s.Unnamed && len(g.Named) > 0 {
		return value.Args{}, s.wrong(fmt.Sprintf("leave out %q", g.Named[0].Name+"="), "takes no argument by its name%s", position.Near{To: g.Named[0].Name})
	}
	if s.Variadic || s.Keywords {
		return s.bindAny(g)
	}
	if len(g.Positional) > len(s.Params) {
		return value.Args{}, s.wrong("", "takes %s, not %d", atMost(len(s.Params)), len(g.Positional))
	}
	a := value.Args{Values: g.Positional}
	if len(g.Named) > 0 {
		a.Values = make([]any, len(s.Params))
		for i := range a.Values {
			a.Values[i] = value.Absent{}
		}
		copy(a.Values, g.Positional)
	}
	for _, n := range g.Named {
		i := slices.Index(s.Params, n.Name)
		if i < 0 {
			return value.Args{}, s.wrong(s.hint(n.Name), "takes no argument %s", position.Quote{Text: n.Name})
		}
		if !value.IsAbsent(a.Values[i]) {
			return value.Args{}, s.wrong("", "got the argument %s twice", position.Quote{Text: n.Name})
		}
		a.Values[i] = n.Value
	}
	for i := range s.Required {
		if !a.Has(i) {
			return value.Args{}, s.missing(s.Params[i])
		}
	}
	return a, nil
}

func (s *Signature) bindAny(g value.CallArgs) (value.Args, error) {
	if !s.Variadic && len(g.Positional) > len(s.Params) {
		return value.Args{}, s.wrong("", "takes %s, not %d", atMost(len(s.Params)), len(g.Positional))
	}
	if !s.Keywords && len(g.Named) > 0 {
		return value.Args{}, s.wrong("", "takes no argument %s", position.Quote{Text: g.Named[0].Name})
	}
	if len(g.Positional) < s.Required {
		return value.Args{}, s.missing(s.Params[len(g.Positional)])
	}
	return value.Args{Values: g.Positional, Named: g.Named}, nil
}

func (s *Signature) hint(name string) string {
	known := map[string]bool{}
	for _, p := range s.Params {
		known[p] = true
	}
	if near := value.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}

func atMost(n int) string {
	if n == 0 {
		return ArgumentCount(n)
	}
	return "at most " + ArgumentCount(n)
}

// ArgumentCount is a number of arguments in words.
func ArgumentCount(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// Call binds the arguments and applies the filter.
func (f *Filter) Call(r *State, v any, g value.CallArgs) (any, error) {
	v, a, err := f.bindTo(r, v, g, f.Markup)
	if err != nil {
		return nil, err
	}
	return f.Apply(r, v, a)
}

// Call binds the arguments and applies the test.
func (t *Test) Call(r *State, v any, g value.CallArgs) (bool, error) {
	v, a, err := t.bindTo(r, v, g, t.Markup)
	if err != nil {
		return false, err
	}
	return t.Apply(r, v, a)
}

// bindTo binds the arguments of a call on v, and returns v as a plain text if it is
// markup and the callee knows none.
func (s *Signature) bindTo(r *State, v any, g value.CallArgs, markup bool) (any, value.Args, error) {
	a, err := s.Bind(g)
	if err == nil {
		err = value.CountRead(r.Budget, v)
	}
	if m, ok := v.(value.Markup); ok && !markup {
		v = string(m)
	}
	return v, a, err
}
