package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

func listFilters() []*filter {
	return []*filter{
		{signature: signature{name: "length"}, apply: func(_ *state, v any, _ args) (any, error) {
			n, err := length(v)
			return int64(n), err
		}},
		{signature: signature{name: "list"}, apply: func(r *state, v any, _ args) (any, error) {
			list, err := r.elements(v)
			if err == nil {
				err = r.tick(len(list))
			}
			return append([]any{}, list...), err
		}},
		{signature: signature{name: "first"}, apply: firstFilter},
		{signature: signature{name: "last"}, markup: true, apply: lastFilter},
		{signature: signature{name: "random"}, markup: true, apply: randomFilter},
		{signature: signature{name: "join", params: []string{"d", "attribute"}}, apply: joinFilter},
		{signature: signature{name: "reverse"}, markup: true, apply: reverseFilter},
		{signature: signature{name: "batch", params: []string{"linecount", "fill_with"}, required: 1}, apply: batchFilter},
		{signature: signature{name: "slice", params: []string{"slices", "fill_with"}, required: 1}, apply: sliceFilter},
		{signature: signature{name: "items"}, apply: itemsFilter},
		{signature: signature{name: "sum", params: []string{"attribute", "start"}}, apply: sumFilter},
	}
}

func firstFilter(r *state, v any, _ args) (any, error) {
	it, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	first, ok, err := it.next()
	if !ok && err == nil {
		return &undefined{what: "there is no first element: the list is empty"}, nil
	}
	return first, err
}

func lastFilter(r *state, v any, _ args) (any, error) {
	if s, ok := v.(markup); ok && s != "" {
		_, size := utf8.DecodeLastRuneInString(string(s))
		return s[len(s)-size:], nil
	}
	list, err := r.reversible(v)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return &undefined{what: "there is no last element: the list is empty"}, nil
	}
	return list[len(list)-1], nil
}

// reversible are the elements of what can be read from its end.
func (r *state) reversible(v any) ([]any, error) {
	if _, ok := v.(*iterator); ok {
		return nil, errors.New(`a generator has no end: put "| list" before it`)
	}
	return r.elements(v)
}

func randomFilter(r *state, v any, _ args) (any, error) {
	n, err := length(v)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return &undefined{what: "there is no random element: the list is empty"}, nil
	}
	if _, unordered := v.(*view); unordered {
		return nil, fmt.Errorf(`%s has no index: put "| list" before it`, article(typeName(v)))
	}
	return r.subscript(v, int64(rand.IntN(n))) // nothing is kept secret by it
}

func joinFilter(r *state, v any, a args) (any, error) {
	between, err := r.text(a.at(0, ""))
	if err != nil {
		return nil, err
	}
	get, err := r.getter(a.at(1, nil))
	if err != nil {
		return nil, err
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	if r.autoescape {
		return r.joinEscaped(a.at(0, ""), list, get)
	}
	var b strings.Builder
	for i, element := range list {
		if element, err = get(element); err != nil {
			return nil, err
		}
		s, err := r.text(element)
		if err == nil {
			err = r.grow(len(s) + len(between))
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(s)
	}
	return b.String(), r.tick(len(list))
}

func reverseFilter(r *state, v any, _ args) (any, error) {
	if s, ok := asText(v); ok {
		runes := []rune(s)
		reversed := make([]rune, 0, len(runes))
		for i := len(runes) - 1; i >= 0; i-- {
			reversed = append(reversed, runes[i])
		}
		return keepMarkup(v, string(reversed)), r.grow(len(s))
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	reversed := make([]any, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		reversed = append(reversed, list[i])
	}
	if _, generator := v.(*iterator); generator {
		return reversed, r.tick(len(list))
	}
	return iterateList(reversed), r.tick(len(list))
}

func batchFilter(r *state, v any, a args) (any, error) {
	size, err := batchSize(a)
	if err != nil {
		return nil, err
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	var batches []any
	if size == 0 && len(list) > 0 {
		batches = append(batches, r.own([]any{})) // as Jinja2 has it: an empty batch, then all
	}
	for len(list) > 0 {
		n := len(list)
		if size > 0 {
			n = min(size, n)
		}
		batch := append([]any{}, list[:n]...)
		list = list[n:]
		if fill := a.at(1, nil); fill != nil && n < size {
			if err := r.width("the size of a batch", size); err != nil {
				return nil, err
			}
			for len(batch) < size {
				batch = append(batch, fill)
			}
		}
		batches = append(batches, r.own(batch))
	}
	return iterateList(batches), r.tick(len(batches))
}

// batchSize is the first argument. What no number of elements can be equal to,
// such as a text, makes one batch of all.
func batchSize(a args) (int, error) {
	if f, ok := a.values[0].(float64); ok {
		if f == math.Trunc(f) && math.Abs(f) < 1<<31 {
			return int(f), nil
		}
		return -1, nil
	}
	if number(a.values[0]) != nil {
		return a.integer(0, 0)
	}
	if a.at(1, nil) != nil {
		return 0, fmt.Errorf("the size of a batch is %s and should be an int", article(typeName(a.values[0])))
	}
	return -1, nil
}

// sliceFilter deals the elements out into columns; the first ones get what does
// not come out even.
func sliceFilter(r *state, v any, a args) (any, error) {
	slices, err := a.integer(0, 0)
	if err != nil {
		return nil, err
	}
	if slices == 0 {
		return nil, errors.New("there is at least one slice")
	}
	if err := r.width("the number of slices", slices); err != nil {
		return nil, err
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	if slices < 0 {
		return iterateList(nil), nil
	}
	each, extra := len(list)/slices, len(list)%slices
	columns := make([]any, 0, slices)
	for i := range slices {
		n := each
		if i < extra {
			n++
		}
		column := append([]any{}, list[:n]...)
		list = list[n:]
		if fill := a.at(1, nil); fill != nil && i >= extra {
			column = append(column, fill)
		}
		columns = append(columns, r.own(column))
	}
	return iterateList(columns), r.tick(slices)
}

func itemsFilter(r *state, v any, _ args) (any, error) {
	if _, missing := v.(*undefined); missing {
		return iterateList(nil), nil
	}
	pairs, ok := pairsOf(v)
	if !ok {
		return nil, fmt.Errorf("%s has no items: only a mapping has", article(typeName(v)))
	}
	return iterateList(itemTuples(pairs)), r.tick(len(pairs))
}

func itemTuples(pairs []pair) []any {
	items := make([]any, len(pairs))
	for i, p := range pairs {
		items[i] = tuple{p.key, p.val}
	}
	return items
}

func sumFilter(r *state, v any, a args) (any, error) {
	get, err := r.getter(a.at(0, nil))
	if err != nil {
		return nil, err
	}
	total := a.at(1, int64(0))
	if _, text := asText(total); text {
		return nil, errors.New("texts have no sum: use join")
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	for _, element := range list {
		if element, err = get(element); err != nil {
			return nil, err
		}
		if total, err = r.binary(opAdd, total, element); err != nil {
			return nil, err
		}
		if err := r.tick(1); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// getter reads an attribute such as "priority.name" or 0 of elements; without
// one it yields them as they are.
func (r *state) getter(attribute any) (func(any) (any, error), error) {
	if attribute == nil {
		return func(v any) (any, error) { return v, nil }, nil
	}
	steps := []any{attribute}
	if path, ok := asText(attribute); ok {
		if utf8.RuneCountInString(path) > 1000 {
			return nil, errors.New("the attribute is too long")
		}
		steps = steps[:0]
		for step := range strings.SplitSeq(path, ".") {
			if i, ok := pathIndex(step); ok {
				steps = append(steps, i)
			} else {
				steps = append(steps, step)
			}
		}
	}
	return func(v any) (any, error) {
		for _, step := range steps {
			if err := r.tick(1); err != nil {
				return nil, err
			}
			next, err := r.subscript(v, step)
			if err != nil {
				return nil, err
			}
			v = next
		}
		return v, nil
	}, nil
}
