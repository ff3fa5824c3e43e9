package value

import (
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// CallArgs are the arguments of one call, as written in the template.
type CallArgs struct {
	Positional []any
	Named      []NamedValue
}

// NamedValue is a named argument.
type NamedValue struct {
	Name  string
	Value any
}

// ByName is the named argument of that name.
func (g CallArgs) ByName(name string) (any, bool) {
	for _, n := range g.Named {
		if n.Name == name {
			return n.Value, true
		}
	}
	return nil, false
}

// Absent stands for an argument that was not given.
type Absent struct{}

// Args are arguments in the order of the parameters; for a variadic signature
// all positional ones, and with keywords the named ones beside them.
type Args struct {
	Values []any
	Named  []NamedValue
}

// IsAbsent reports whether v stands for an argument that was not given.
func IsAbsent(v any) bool { _, ok := v.(Absent); return ok }

// Has reports whether the argument at i was given.
func (a Args) Has(i int) bool { return i < len(a.Values) && !IsAbsent(a.Values[i]) }

// At is the argument at i, or otherwise if it was not given.
func (a Args) At(i int, otherwise any) any {
	if a.Has(i) {
		return a.Values[i]
	}
	return otherwise
}

// Truth is the argument at i as a condition, false where it was not given.
func (a Args) Truth(i int) bool { return Truth(a.At(i, false)) }

// Flag is the argument at i as what Python takes for a switch: a bool or an int.
func (a Args) Flag(i int) (bool, error) { return AsFlag(a.At(i, false)) }

// AsFlag is v as what Python takes for a switch.
func AsFlag(v any) (bool, error) {
	n, ok := AsInt(v)
	if !ok {
		return false, fmt.Errorf("it is %s and should be true or false", WithArticle(TypeName(v)))
	}
	return n != 0, nil
}

// Integer is the argument at i as an int.
func (a Args) Integer(i int, otherwise int) (int, error) {
	if !a.Has(i) {
		return otherwise, nil
	}
	v := a.Values[i]
	n, ok := AsInt(v)
	if !ok {
		return 0, fmt.Errorf("argument %d is %s and should be an int", i+1, WithArticle(TypeName(v)))
	}
	return int(min(max(n, -1<<31), 1<<31)), nil
}

// IntegerOrNone is Integer, except that none counts as not given.
func (a Args) IntegerOrNone(i int, otherwise int) (int, error) {
	if a.At(i, nil) == nil {
		return otherwise, nil
	}
	return a.Integer(i, otherwise)
}

// Text is the argument at i as a string.
func (a Args) Text(i int, otherwise string) (string, error) {
	v := a.At(i, otherwise)
	s, ok := AsText(v)
	if !ok {
		return "", fmt.Errorf("argument %d is %s and should be a string", i+1, WithArticle(TypeName(v)))
	}
	return s, nil
}

// DictOf is a copy of the first argument with the named ones added.
func DictOf(meter *budget.Budget, a Args) (*Dict, error) {
	d := &Dict{}
	if a.Has(0) {
		if err := FillDict(meter, d, a.Values[0]); err != nil {
			return nil, err
		}
	}
	for _, n := range a.Named {
		if err := d.Put(n.Name, n.Value); err != nil {
			return nil, err
		}
	}
	return d, meter.Step(d.Len())
}
