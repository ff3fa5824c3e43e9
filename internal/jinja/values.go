package jinja

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"unicode/utf8"
)

// The values that come from outside are nil, bool, int64 (or int), float64,
// string, []any, map[string]any and mapping. Those below exist only while a
// template runs; output.go turns them into the former.
type (
	tuple []any

	// markup is text that escape has been applied to.
	markup string

	// undefined stands for what does not exist. It prints as "" and is false;
	// whatever else is done with it is an error that names it.
	undefined struct {
		what string
		near func() string // the end of a message: what was probably meant, if any
		at   pos           // of what names it in the source
		told bool          // at is set
	}

	// span is what range() yields: integers that are counted, not stored.
	span struct{ start, stop, step, count int64 }

	// view is what the items, keys and values of a mapping are.
	view struct {
		kind  string
		items []any
	}

	// iterator yields its elements once, as a Python generator does: a filter
	// such as map works only as far as somebody asks.
	iterator struct {
		next func() (any, bool, error)
	}

	namespace struct{ attributes *Dict }

	// group is one element of what groupby yields.
	group struct {
		key     any
		members []any
	}
)

// object is a value that exists only within a template and is defined elsewhere: a
// function, a macro, a loop. It is a pointer, and equal to nothing but itself.
type object interface{ typeName() string }

// iterable is an object with elements.
type iterable interface {
	object
	elements() []any
}

// callable is an object that a template can call.
type callable interface {
	object
	callable()
}

// mapping is an ordered mapping of whatever type.
type mapping interface {
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

func asMapping(v any) (mapping, bool) {
	switch m := v.(type) {
	case map[string]any:
		return sortedMap(m), true
	case mapping:
		return m, true
	}
	return nil, false
}

// asText is v as a string, where it is one.
func asText(v any) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case markup:
		return string(s), true
	}
	return "", false
}

// asSequence is v as a list, where it has an order and an index.
func asSequence(v any) ([]any, bool) {
	switch s := v.(type) {
	case []any:
		return s, true
	case *list:
		return s.items, true
	case tuple:
		return s, true
	case *group:
		return []any{s.key, s.members}, true
	}
	return nil, false
}

func (s span) at(i int64) int64 { return s.start + i*s.step }

func (s span) list(r *budget) ([]any, error) {
	if err := r.tick(int(s.count)); err != nil {
		return nil, err
	}
	list := make([]any, s.count)
	for i := range list {
		list[i] = s.at(int64(i))
	}
	return list, nil
}

// typeName says what v is, in the words of a template's author.
func typeName(v any) string {
	switch x := v.(type) {
	case nil:
		return "none"
	case bool:
		return "bool"
	case int, int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string, markup:
		return "string"
	case []any, *list:
		return "list"
	case tuple, *group:
		return "tuple"
	case map[string]any, mapping:
		return "dict"
	case *undefined:
		return "undefined"
	case span:
		return "range"
	case *iterator:
		return "generator"
	case *view:
		return "dict view"
	case *namespace:
		return "namespace"
	case *failure:
		return "fail()"
	case object:
		return x.typeName()
	}
	return fmt.Sprintf("%T", v)
}

// error is what is wrong with using u, at the place that names it: that is where to
// mend it.
func (u *undefined) error() error { return u.errorf("%s") }

// errorf is error with a format around the message.
func (u *undefined) errorf(format string) error {
	message := u.what
	if u.near != nil {
		message += u.near()
	}
	err := fmt.Errorf(format, message)
	if u.told {
		return u.at.fault(err)
	}
	return err
}

// tell sets the place of what is missing, unless it was missing before.
func tell(v any, at pos) any {
	if u, missing := v.(*undefined); missing && !u.told {
		u.at, u.told = at, true
	}
	return v
}

func article(noun string) string {
	switch noun[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + noun
	}
	if noun == "none" {
		return noun
	}
	return "a " + noun
}

func truth(v any) bool {
	switch x := v.(type) {
	case nil, *undefined:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case markup:
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
	case *list:
		return len(x.items) > 0
	case tuple:
		return len(x) > 0
	case map[string]any:
		return len(x) > 0
	case mapping:
		return x.Len() > 0
	case span:
		return x.count > 0
	case *view:
		return len(x.items) > 0
	}
	return true
}

// length is the number of elements, or an error where v has none.
func length(v any) (int, error) {
	switch x := v.(type) {
	case string:
		return utf8.RuneCountInString(x), nil
	case markup:
		return utf8.RuneCountInString(string(x)), nil
	case []any:
		return len(x), nil
	case *list:
		return len(x.items), nil
	case tuple:
		return len(x), nil
	case *group:
		return 2, nil
	case map[string]any:
		return len(x), nil
	case mapping:
		return x.Len(), nil
	case span:
		return int(x.count), nil
	case *view:
		return len(x.items), nil
	case *undefined:
		return 0, nil
	case iterable:
		return len(x.elements()), nil
	case *iterator:
		return 0, fmt.Errorf("a generator has no length: put \"| list\" before it")
	}
	return 0, fmt.Errorf("%s has no length", article(typeName(v)))
}

// elements is all that iterating over v yields.
func (r *budget) elements(v any) ([]any, error) {
	switch x := v.(type) {
	case []any:
		return x, nil
	case *list:
		return x.items, nil
	case tuple:
		return x, nil
	case *group:
		return []any{x.key, x.members}, nil
	case *view:
		return x.items, nil
	case span:
		return x.list(r)
	case *undefined:
		return nil, nil
	case *iterator:
		var list []any
		for {
			v, ok, err := x.next()
			if !ok || err != nil {
				return list, err
			}
			if err := r.tick(1); err != nil {
				return nil, err
			}
			list = append(list, v)
		}
	case iterable:
		return x.elements(), nil
	}
	if s, ok := asText(v); ok {
		if err := r.tick(len(s)); err != nil {
			return nil, err
		}
		list := make([]any, 0, len(s))
		for _, c := range s {
			list = append(list, string(c))
		}
		return list, nil
	}
	if keys, ok := mappingKeys(v); ok {
		return keys, r.tick(len(keys))
	}
	return nil, fmt.Errorf("%s can't be iterated over", article(typeName(v)))
}

// iterate is like elements, but asks for them one after the other.
func (r *budget) iterate(v any) (*iterator, error) {
	if it, ok := v.(*iterator); ok {
		return it, nil
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	return iterateList(list), nil
}

func iterateList(list []any) *iterator {
	i := 0
	return &iterator{func() (any, bool, error) {
		if i >= len(list) {
			return nil, false, nil
		}
		i++
		return list[i-1], true, nil
	}}
}
