package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// attributed is an object of the language with attributes of its own.
type attributed interface {
	attribute(name string) (any, bool)
	attributeNames() []string // for messages
}

// attribute is object.name: a method or attribute of the object's type first,
// then an element of that name.
func (r *state) attribute(object any, name string) (any, error) {
	if v, ok, err := r.ownAttribute(object, name); ok || err != nil {
		return v, err
	}
	v, ok, err := element(object, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return r.missing(object, name), nil
	}
	return v, nil
}

// ownAttribute is what an object offers beside its elements.
func (r *state) ownAttribute(object any, name string) (any, bool, error) {
	switch o := object.(type) {
	case *undefined:
		return nil, false, o.error()
	case *failure:
		return nil, false, o.error()
	case attributed:
		v, ok := o.attribute(name)
		return v, ok, nil
	case *namespace:
		v, ok := o.attributes.lookup(name)
		return v, ok, nil
	case int64, int, bool, float64, *big.Int:
		if v, ok := numberAttribute(o, name); ok {
			return v, true, nil
		}
	case span:
		if v, ok := rangeAttribute(o, name); ok {
			return v, true, nil
		}
	case *group:
		switch name {
		case "grouper":
			return o.key, true, nil
		case "list":
			return o.members, true, nil
		}
	}
	if m := r.lib.method(object, name); m != nil {
		return &boundMethod{self: object, method: m}, true, nil
	}
	return nil, false, nil
}

// subscript is object[key]: an element first, then an attribute of that name.
func (r *state) subscript(object, key any) (any, error) {
	v, ok, err := element(object, key)
	if ok || err != nil {
		return v, err
	}
	if name, text := asText(key); text {
		if v, ok, err := r.ownAttribute(object, name); ok || err != nil {
			return v, err
		}
	}
	return r.missing(object, key), nil
}

// missing is what an object has under a key that it has not.
func (r *state) missing(object, key any) *undefined {
	name, text := asText(key)
	shown := briefly(key)
	if text && len(name) < 100 {
		shown = strconv.Quote(name)
	}
	u := &undefined{what: fmt.Sprintf("%s has no %s", article(typeName(object)), shown)}
	if text {
		u.near = func() string { return nearest(name, r.names(object)) }
	}
	return u
}

// names are those that could follow a dot behind object.
func (r *state) names(object any) map[string]bool {
	names := map[string]bool{}
	if m, ok := asMapping(object); ok {
		for _, key := range m.Keys() {
			names[key] = true
		}
	}
	for name := range r.lib.methods(object) {
		names[name] = true
	}
	if o, ok := object.(attributed); ok {
		for _, name := range o.attributeNames() {
			names[name] = true
		}
	}
	return names
}

// element is object[key] without attributes.
func element(object, key any) (any, bool, error) {
	switch o := object.(type) {
	case *undefined:
		return nil, false, o.error()
	case *failure:
		return nil, false, o.error()
	case map[string]any:
		if name, ok := key.(string); ok {
			v, ok := o[name]
			return v, ok, nil
		}
	case []any:
		i, ok := position(key, len(o))
		if !ok {
			return nil, false, nil
		}
		return o[i], true, nil
	case *list:
		return element(o.items, key)
	case tuple:
		i, ok := position(key, len(o))
		if !ok {
			return nil, false, nil
		}
		return o[i], true, nil
	case *group:
		return element(tuple{o.key, o.members}, key)
	case span:
		i, ok := position(key, int(o.count))
		if !ok {
			return nil, false, nil
		}
		return o.at(int64(i)), true, nil
	case string:
		return character(o, key)
	case markup:
		v, ok, err := character(string(o), key)
		return marked(v), ok, err
	}
	if _, ok := asMapping(object); ok {
		v, ok, err := member(object, key)
		if err != nil {
			return nil, false, nil // Jinja2 takes a key that can't be one for a missing one
		}
		return v, ok, nil
	}
	return nil, false, nil
}

func character(s string, key any) (any, bool, error) {
	if _, ok := integer(key); !ok {
		return nil, false, nil
	}
	i, ok := position(key, utf8.RuneCountInString(s))
	if !ok {
		return nil, false, nil
	}
	for _, c := range s {
		if i == 0 {
			return string(c), true, nil
		}
		i--
	}
	return nil, false, nil
}

// position is an index counted from either end, where it is within length.
func position(key any, length int) (int, bool) {
	i, ok := integer(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(length)
	}
	return int(i), i >= 0 && i < int64(length)
}

// integer is v as an index or a count: an int or a bool.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case bool:
		if n {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// slice is object[start:stop:step].
func (r *state) slice(object, start, stop, step any) (any, error) {
	size := 0
	switch o := object.(type) {
	case *undefined:
		return nil, o.error()
	case []any, *list, tuple, string, markup, span, *group:
		size, _ = length(o)
	default:
		return nil, fmt.Errorf("%s can't be sliced", article(typeName(object)))
	}
	from, count, by, err := sliceBounds(start, stop, step, size)
	if err != nil {
		return nil, err
	}
	if err := r.tick(count); err != nil {
		return nil, err
	}
	if err := r.look(object); err != nil {
		return nil, err
	}
	switch o := object.(type) {
	case span:
		first, last, _, err := sliceIndices(start, stop, step, size)
		return span{start: o.at(int64(first)), stop: o.at(int64(last)), step: o.step * int64(by), count: int64(count)}, err
	case string, markup:
		s, _ := asText(o)
		part, err := r.sliceText(s, from, count, by)
		if err != nil {
			return nil, err
		}
		return keepMarkup(o, part), nil
	}
	list, _ := asSequence(object)
	part := make([]any, count)
	for i := range part {
		part[i] = list[from+i*by]
	}
	if _, ok := asList(object); ok {
		return r.own(part), nil
	}
	return tuple(part), nil
}

func (r *budget) sliceText(s string, from, count, by int) (string, error) {
	if err := r.grow(len(s)); err != nil {
		return "", err
	}
	runes := []rune(s)
	if by == 1 {
		return string(runes[from : from+count]), nil
	}
	part := make([]rune, count)
	for i := range part {
		part[i] = runes[from+i*by]
	}
	return string(part), nil
}

// sliceBounds is which elements a slice takes: count of them, from one on, by a
// step of by.
func sliceBounds(start, stop, step any, size int) (from, count, by int, err error) {
	first, last, by, err := sliceIndices(start, stop, step, size)
	if err != nil {
		return 0, 0, 0, err
	}
	switch {
	case by > 0 && last > first:
		count = (last - first + by - 1) / by
	case by < 0 && last < first:
		count = (first - last - by - 1) / -by
	}
	return first, count, by, nil
}

// sliceIndices are the bounds of a slice within size elements, as Python's
// slice.indices has them.
func sliceIndices(start, stop, step any, size int) (first, last, by int, err error) {
	bound := func(v any, otherwise int64) int64 {
		if v == nil {
			return otherwise
		}
		n, ok := integer(v)
		if !ok {
			err = errors.New("slice indices are integers or left out")
		}
		return n
	}
	step64 := bound(step, 1)
	if err != nil {
		return 0, 0, 0, err
	}
	if step64 == 0 {
		return 0, 0, 0, errors.New("the step of a slice is zero")
	}
	step64 = min(max(step64, -math.MaxInt32), math.MaxInt32)
	n := int64(size)
	low, high := int64(0), n
	if step64 < 0 {
		low, high = -1, n-1
	}
	clamp := func(i int64) int64 {
		if i < 0 {
			return max(i+n, low)
		}
		return min(i, high)
	}
	from, to := low, high
	if step64 < 0 {
		from, to = high, low
	}
	if start != nil {
		from = clamp(bound(start, 0))
	}
	if stop != nil {
		to = clamp(bound(stop, 0))
	}
	if err != nil {
		return 0, 0, 0, err
	}
	return int(from), int(to), int(step64), nil
}
