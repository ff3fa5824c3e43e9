package jinja

import (
	"fmt"
	"slices"
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
		apply func(r *state, a args) (any, error)
	}
	method struct {
		signature
		apply func(r *state, self any, a args) (any, error)
	}
	boundMethod struct {
		self   any
		method *method
	}
	filter struct {
		signature
		markup  bool // sees escaped text as such
		formats bool // makes a text of any value
		apply   func(r *state, v any, a args) (any, error)
	}
	test struct {
		signature
		markup bool
		apply  func(r *state, v any, a args) (bool, error)
	}
)

func (*function) typeName() string    { return "function" }
func (*function) callable()           {}
func (*boundMethod) typeName() string { return "function" }
func (*boundMethod) callable()        {}

// given are the arguments of one call, as they stand in the template.
type given struct {
	positional []any
	named      []namedValue
}

type namedValue struct {
	name  string
	value any
}

func (g given) byName(name string) (any, bool) {
	for _, n := range g.named {
		if n.name == name {
			return n.value, true
		}
	}
	return nil, false
}

// absent stands for an argument that was not given.
type absent struct{}

// args are arguments in the order of the parameters; with a variadic signature
// all positional ones, and with keywords the named ones apart.
type args struct {
	values []any
	named  []namedValue
}

// bind orders the arguments, or says which one is wrong.
func (s *signature) bind(g given) (args, error) {
	if s.unnamed && len(g.named) > 0 {
		return args{}, fmt.Errorf("%s takes no argument by its name: leave out %q", s.name, g.named[0].name+"=")
	}
	if s.variadic || s.keywords {
		return s.bindAny(g)
	}
	if len(g.positional) > len(s.params) {
		return args{}, fmt.Errorf("%s takes %s, not %d", s.name, atMost(len(s.params)), len(g.positional))
	}
	a := args{values: g.positional}
	if len(g.named) > 0 {
		a.values = make([]any, len(s.params))
		for i := range a.values {
			a.values[i] = absent{}
		}
		copy(a.values, g.positional)
	}
	for _, n := range g.named {
		i := slices.Index(s.params, n.name)
		if i < 0 {
			return args{}, fmt.Errorf("%s takes no argument %q%s", s.name, n.name, s.hint(n.name))
		}
		if !isAbsent(a.values[i]) {
			return args{}, fmt.Errorf("%s got the argument %q twice", s.name, n.name)
		}
		a.values[i] = n.value
	}
	for i := range s.required {
		if !a.has(i) {
			return args{}, fmt.Errorf("%s needs the argument %q", s.name, s.params[i])
		}
	}
	return a, nil
}

func (s *signature) bindAny(g given) (args, error) {
	if !s.variadic && len(g.positional) > len(s.params) {
		return args{}, fmt.Errorf("%s takes %s, not %d", s.name, atMost(len(s.params)), len(g.positional))
	}
	if !s.keywords && len(g.named) > 0 {
		return args{}, fmt.Errorf("%s takes no argument %q", s.name, g.named[0].name)
	}
	if len(g.positional) < s.required {
		return args{}, fmt.Errorf("%s needs the argument %q", s.name, s.params[len(g.positional)])
	}
	return args{values: g.positional, named: g.named}, nil
}

func (s *signature) hint(name string) string {
	known := map[string]bool{}
	for _, p := range s.params {
		known[p] = true
	}
	return nearest(name, known)
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

func isAbsent(v any) bool { _, ok := v.(absent); return ok }

func (a args) has(i int) bool { return i < len(a.values) && !isAbsent(a.values[i]) }

// at is the argument at i, or otherwise where it was not given.
func (a args) at(i int, otherwise any) any {
	if a.has(i) {
		return a.values[i]
	}
	return otherwise
}

func (a args) truth(i int) bool { return truth(a.at(i, false)) }

// flag is the argument at i as what Python takes for a switch: a bool or an int.
func (a args) flag(i int) (bool, error) { return asFlag(a.at(i, false)) }

func asFlag(v any) (bool, error) {
	n, ok := integer(v)
	if !ok {
		return false, fmt.Errorf("it is %s and should be true or false", article(typeName(v)))
	}
	return n != 0, nil
}

// integer is the argument at i as an int.
func (a args) integer(i int, otherwise int) (int, error) {
	if !a.has(i) {
		return otherwise, nil
	}
	v := a.values[i]
	n, ok := integer(v)
	if !ok {
		return 0, fmt.Errorf("argument %d is %s and should be an int", i+1, article(typeName(v)))
	}
	return int(min(max(n, -1<<31), 1<<31)), nil
}

// integerOrNone is integer where none counts as not given.
func (a args) integerOrNone(i int, otherwise int) (int, error) {
	if a.at(i, nil) == nil {
		return otherwise, nil
	}
	return a.integer(i, otherwise)
}

// text is the argument at i as a string.
func (a args) text(i int, otherwise string) (string, error) {
	v := a.at(i, otherwise)
	s, ok := asText(v)
	if !ok {
		return "", fmt.Errorf("argument %d is %s and should be a string", i+1, article(typeName(v)))
	}
	return s, nil
}

// use binds the arguments and applies the filter.
func (f *filter) use(r *state, v any, g given) (any, error) {
	a, err := f.bind(g)
	if err == nil {
		err = r.look(v)
	}
	if err != nil {
		return nil, err
	}
	if m, ok := v.(markup); ok && !f.markup {
		v = string(m)
	}
	return f.apply(r, v, a)
}

// use binds the arguments and applies the test.
func (t *test) use(r *state, v any, g given) (bool, error) {
	a, err := t.bind(g)
	if err == nil {
		err = r.look(v)
	}
	if err != nil {
		return false, err
	}
	if m, ok := v.(markup); ok && !t.markup {
		v = string(m)
	}
	return t.apply(r, v, a)
}
