package value

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
)

// The values that come from outside are nil, bool, int64 (or int), float64,
// string, []any, map[string]any and Mapping. Those below exist only while a
// template runs; package eval turns them into the former.
type (
	// Tuple is Python's tuple.
	Tuple []any

	// Markup is text that escape has been applied to.
	Markup string

	// Undefined stands for what does not exist. It prints as "" and is false;
	// any other use of it is an error that names it.
	Undefined struct {
		What    string        // what is missing, a format if there are Args
		Args    []any         // values of What, as of a [position.Message]
		Near    func() string // the end of a message: what was probably meant, if any
		At      position.Pos  // where the source names it
		Located bool          // At is set
	}

	// Range is what range() yields: integers that are counted, not stored.
	Range struct{ Start, Stop, Step, Count int64 }

	// DictView is what the items, keys and values of a mapping are.
	DictView struct {
		Kind  string
		Items []any
	}

	// Iterator yields its elements once, as a Python generator does: a filter
	// such as map works only as far as it is asked.
	Iterator struct {
		Next func() (any, bool, error)
	}

	// Namespace is what namespace() yields: only its attributes can be set from within loops.
	Namespace struct{ Attributes *Dict }

	// Group is one element of what groupby yields.
	Group struct {
		Key     any
		Members []any
	}
)

// Object is a value that exists only within a template and that another package
// defines: a function, a macro, a loop. It is a pointer and equal to itself alone.
type Object interface{ TypeName() string }

// iterable is an object with elements.
type iterable interface {
	Object
	Elements() []any
}

// callable is an object that a template can call.
type callable interface {
	Object
	Callable()
}

// Mapping is an ordered mapping of any type.
type Mapping interface {
	Len() int
	Keys() []string
	Get(key string) (any, bool)
}

// sortedMap gives a Go map an order: that of its fields for a ticket or a note,
// else that of its keys.
type sortedMap map[string]any

func (m sortedMap) Len() int { return len(m) }

func (m sortedMap) Keys() []string {
	if order := fieldOrder(m); order != nil {
		return order
	}
	return slices.Sorted(maps.Keys(m))
}

func (m sortedMap) Get(key string) (any, bool) { v, ok := m[key]; return v, ok }

// AsMapping is v as an ordered mapping, where it is one.
func AsMapping(v any) (Mapping, bool) {
	switch m := v.(type) {
	case map[string]any:
		return sortedMap(m), true
	case Mapping:
		return m, true
	}
	return nil, false
}

// AsText is v as a string, where it is one.
func AsText(v any) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case Markup:
		return string(s), true
	}
	return "", false
}

// AsSequence is v as a list, where it has an order and an index.
func AsSequence(v any) ([]any, bool) {
	switch s := v.(type) {
	case Tuple:
		return s, true
	case *Group:
		return []any{s.Key, s.Members}, true
	}
	return AsList(v)
}

// At is the number at an index.
func (s Range) At(i int64) int64 { return s.Start + i*s.Step }

func (s Range) list(meter *budget.Budget) ([]any, error) {
	if err := meter.Step(int(s.Count)); err != nil {
		return nil, err
	}
	list := make([]any, s.Count)
	for i := range list {
		list[i] = s.At(int64(i))
	}
	return list, nil
}

// TypeName names the type of v as the author of a template knows it.
func TypeName(v any) string {
	switch x := v.(type) {
	case nil:
		return "none"
	case bool:
		return "bool"
	case int, int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string, Markup:
		return "string"
	case []any, *MutableList:
		return "list"
	case Tuple, *Group:
		return "tuple"
	case map[string]any, Mapping:
		return "dict"
	case *Undefined:
		return "undefined"
	case Range:
		return "range"
	case *Iterator:
		return "generator"
	case *DictView:
		return "dict view"
	case *Namespace:
		return "namespace"
	case *FailMark:
		return "fail()"
	case Object:
		return x.TypeName()
	}
	return fmt.Sprintf("%T", v)
}

// Err is the error of using u, at the place that names it, which is where to fix it.
func (u *Undefined) Err() error { return u.Errorf("%s") }

// Errorf is Err with a format around the message.
func (u *Undefined) Errorf(format string) error {
	message := position.Message{Format: u.What, Args: u.Args}
	if u.Near != nil {
		message = position.Message{Format: "%s%s", Args: []any{message, u.near()}}
	}
	err := position.Errorf(format, message)
	if u.Located {
		return u.At.Wrap(err)
	}
	return err
}

// near is what was probably meant by the last of the quotes, or by a name in the template.
func (u *Undefined) near() any {
	if n := len(u.Args); n > 0 {
		if quote, computed := u.Args[n-1].(position.Quote); computed {
			return position.Near{To: quote.Text, Text: u.Near()}
		}
	}
	return u.Near()
}

// LocateUndefined sets the place of an Undefined that has none yet.
func LocateUndefined(v any, at position.Pos) any {
	if u, missing := v.(*Undefined); missing && !u.Located {
		u.At, u.Located = at, true
	}
	return v
}

// WithArticle puts "a" or "an" before a noun of a message.
func WithArticle(noun string) string {
	switch noun[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + noun
	}
	if noun == "none" {
		return noun
	}
	return "a " + noun
}

// Truth is Python's bool(v).
func Truth(v any) bool {
	switch x := v.(type) {
	case nil, *Undefined:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case Markup:
		return x != ""
	case int64:
		return x != 0
	case int:
		return x != 0
	case float64:
		return x != 0
	case *big.Int:
		return x.Sign() != 0
	case []any:
		return len(x) > 0
	case *MutableList:
		return len(x.Items) > 0
	case Tuple:
		return len(x) > 0
	case map[string]any:
		return len(x) > 0
	case Mapping:
		return x.Len() > 0
	case Range:
		return x.Count > 0
	case *DictView:
		return len(x.Items) > 0
	}
	return true
}

// Length is the number of elements, or an error if v has none.
func Length(v any) (int, error) {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case Markup:
		return utf8.RuneCountInString(string(x)), nil
	case []any:
		return len(x), nil
	case *MutableList:
		return len(x.Items), nil
	case Tuple:
		return len(x), nil
	case *Group:
		return 2, nil
	case map[string]any:
		return len(x), nil
	case Mapping:
		return x.Len(), nil
	case Range:
		return int(x.Count), nil
	case *DictView:
		return len(x.Items), nil
	case *Undefined:
		return 0, nil
	case iterable:
		return len(x.Elements()), nil
	case *Iterator:
		return 0, errors.New("a generator has no length: put \"| list\" before it")
	}
	return 0, fmt.Errorf("%s has no length", WithArticle(TypeName(v)))
}

// Elements returns all that iterating over v yields.
func Elements(meter *budget.Budget, v any) ([]any, error) {
	if list, ok := AsSequence(v); ok {
		return list, nil
	}
	switch x := v.(type) {
	case *DictView:
		return x.Items, nil
	case Range:
		return x.list(meter)
	case *Undefined:
		return nil, nil
	case *Iterator:
		var list []any
		for {
			v, ok, err := x.Next()
			if !ok || err != nil {
				return list, err
			}
			if err := meter.Step(1); err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	case iterable:
		return x.Elements(), nil
	}
	if s, ok := AsText(v); ok {
		if err := meter.Step(len(s)); err != nil {
			return nil, err
		}
		list := make([]any, 0, len(s))
		for _, c := range s {
			list = append(list, string(c))
		}
		return list, nil
	}
	if keys, ok := MappingKeys(v); ok {
		return keys, meter.Step(len(keys))
	}
	return nil, fmt.Errorf("%s can't be iterated over", WithArticle(TypeName(v)))
}

// Iterate is Elements, one after the other.
func Iterate(meter *budget.Budget, v any) (*Iterator, error) {
	if it, ok := v.(*Iterator); ok {
		return it, nil
	}
	list, err := Elements(meter, v)
	if err != nil {
		return nil, err
	}
	return IterateList(list), nil
}

// IterateList yields the elements of a list.
func IterateList(list []any) *Iterator {
	i := 0
	return &Iterator{func() (any, bool, error) {
		if i >= len(list) {
			return nil, false, nil
		}
		i++
		return list[i-1], true, nil
	}}
}
