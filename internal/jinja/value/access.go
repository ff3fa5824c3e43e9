package value

import (
	"errors"
	"math"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// Element is object[key] without attributes.
func Element(object, key any) (any, bool, error) {
	switch o := object.(type) {
	case *Undefined:
		return nil, false, o.Err()
	case *FailMark:
		return nil, false, o.Err()
	case map[string]any:
		if name, ok := key.(string); ok {
			v, ok := o[name]
			return v, ok, nil
		}
	case []any:
		i, ok := Index(key, len(o))
		if !ok {
			return nil, false, nil
		}
		return o[i], true, nil
	case *MutableList:
		return Element(o.Items, key)
	case Tuple:
		i, ok := Index(key, len(o))
		if !ok {
			return nil, false, nil
		}
		return o[i], true, nil
	case *Group:
		return Element(Tuple{o.Key, o.Members}, key)
	case Range:
		i, ok := Index(key, int(o.Count))
		if !ok {
			return nil, false, nil
		}
		return o.At(int64(i)), true, nil
	case string:
		return character(o, key)
	case Markup:
		v, ok, err := character(string(o), key)
		return AsMarkup(v), ok, err
	}
	if _, ok := AsMapping(object); ok {
		v, ok, err := Member(object, key)
		if err != nil {
			return nil, false, nil // to Jinja2, a key that can't be one is a missing one
		}
		return v, ok, nil
	}
	return nil, false, nil
}

func character(s string, key any) (any, bool, error) {
	if _, ok := AsInt(key); !ok {
		return nil, false, nil
	}
	i, ok := Index(key, utf8.RuneCountInString(s))
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

// Index is key as an index within length; a negative one counts from the end.
func Index(key any, length int) (int, bool) {
	i, ok := AsInt(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(length)
	}
	return int(i), i >= 0 && i < int64(length)
}

// AsInt is v as an index or a count: an int or a bool.
func AsInt(v any) (int64, bool) {
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

// SliceText is a slice of the characters of s, with what SliceBounds returned.
func SliceText(meter *budget.Budget, s string, from, count, by int) (string, error) {
	if err := meter.Grow(len(s)); err != nil {
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

// SliceBounds returns which elements a slice takes: count of them, starting at from,
// in steps of by.
func SliceBounds(start, stop, step any, size int) (from, count, by int, err error) {
	first, last, by, err := SliceIndices(start, stop, step, size)
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

// SliceIndices is Python's slice.indices.
func SliceIndices(start, stop, step any, size int) (first, last, by int, err error) {
	bound := func(v any, otherwise int64) int64 {
		if v == nil {
			return otherwise
		}
		n, ok := AsInt(v)
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

// PathIndex is a step of a path as an index, if it is one.
func PathIndex(step string) (int64, bool) {
	if step == "" || len(step) > 9 {
		return 0, false
	}
	n := int64(0)
	for i := range len(step) {
		if !IsDigit(step[i]) {
			return 0, false
		}
		n = n*10 + int64(step[i]-'0')
	}
	return n, true
}
