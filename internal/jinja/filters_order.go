package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// orderFilters compare elements. Text counts without regard to case unless asked
// otherwise.
func orderFilters() []*filter {
	return []*filter{
		{signature: signature{name: "sort", params: []string{"reverse", "case_sensitive", "attribute"}}, apply: sortFilter},
		{signature: signature{name: "dictsort", params: []string{"case_sensitive", "by", "reverse"}}, apply: dictSortFilter},
		{signature: signature{name: "unique", params: []string{"case_sensitive", "attribute"}}, apply: uniqueFilter},
		{signature: signature{name: "groupby", params: []string{"attribute", "default", "case_sensitive"}, required: 1}, apply: groupByFilter},
		{signature: signature{name: "min", params: []string{"case_sensitive", "attribute"}}, apply: extreme(opLess)},
		{signature: signature{name: "max", params: []string{"case_sensitive", "attribute"}}, apply: extreme(opGreater)},
	}
}

// folded makes text comparable without regard to case.
func folded(v any, caseSensitive bool) any {
	if s, ok := asText(v); ok && !caseSensitive {
		return strings.ToLower(s)
	}
	return v
}

// keyed is an element with what it is ordered by.
type keyed struct{ key, value any }

func (r *state) keyed(list []any, get func(any) (any, error), caseSensitive bool) ([]keyed, error) {
	all := make([]keyed, len(list))
	for i, element := range list {
		key, err := get(element)
		if err != nil {
			return nil, err
		}
		all[i] = keyed{folded(key, caseSensitive), element}
	}
	return all, r.tick(len(list))
}

// sortKeyed orders stably, also in reverse.
func (r *budget) sortKeyed(all []keyed, reverse bool) error {
	var failed error
	slices.SortStableFunc(all, func(a, b keyed) int {
		if failed != nil {
			return 0
		}
		c, err := r.order(opLess, a.key, b.key)
		if err != nil {
			failed = err
			return 0
		}
		if c == unordered {
			return 0
		}
		if reverse {
			return -c
		}
		return c
	})
	return failed
}

func valuesOf(all []keyed) []any {
	values := make([]any, len(all))
	for i, k := range all {
		values[i] = k.value
	}
	return values
}

func sortFilter(r *state, v any, a args) (any, error) {
	caseSensitive := a.truth(1)
	get, err := r.sortKey(a.at(2, nil), caseSensitive)
	if err != nil {
		return nil, err
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	all, err := r.keyed(list, get, true)
	if err != nil {
		return nil, err
	}
	reverse, err := a.flag(0)
	if err != nil {
		return nil, err
	}
	if err := r.sortKeyed(all, reverse); err != nil {
		return nil, err
	}
	return valuesOf(all), nil
}

// sortKey reads one attribute or several: "priority.name,id". The key is a tuple
// in any case, because within one equal values need no order.
func (r *state) sortKey(attribute any, caseSensitive bool) (func(any) (any, error), error) {
	attributes := []any{attribute}
	if path, ok := asText(attribute); ok {
		attributes = anyList(strings.Split(path, ","))
	}
	var getters []func(any) (any, error)
	for _, one := range attributes {
		get, err := r.getter(one)
		if err != nil {
			return nil, err
		}
		getters = append(getters, get)
	}
	return func(v any) (any, error) {
		keys := make(tuple, len(getters))
		for i, get := range getters {
			key, err := get(v)
			if err != nil {
				return nil, err
			}
			keys[i] = folded(key, caseSensitive)
		}
		return keys, nil
	}, nil
}

func dictSortFilter(r *state, v any, a args) (any, error) {
	by, err := a.text(1, "key")
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, fmt.Errorf(`dictsort orders by "key" or "value", not %q`, by)
	}
	pairs, ok := pairsOf(v)
	if !ok {
		return nil, errors.New("dictsort takes a mapping")
	}
	all, err := r.keyed(itemTuples(pairs), func(item any) (any, error) {
		if by == "value" {
			return item.(tuple)[1], nil
		}
		return item.(tuple)[0], nil
	}, a.truth(0))
	if err != nil {
		return nil, err
	}
	reverse, err := a.flag(2)
	if err != nil {
		return nil, err
	}
	if err := r.sortKeyed(all, reverse); err != nil {
		return nil, err
	}
	return valuesOf(all), nil
}

func uniqueFilter(r *state, v any, a args) (any, error) {
	get, err := r.getter(a.at(1, nil))
	if err != nil {
		return nil, err
	}
	it, err := r.iterate(v)
	if err != nil {
		return nil, err
	}
	seen := map[any]bool{}
	return &iterator{func() (any, bool, error) {
		for {
			element, ok, err := it.next()
			if !ok || err != nil {
				return nil, false, err
			}
			if err := r.tick(1); err != nil {
				return nil, false, err
			}
			key, err := get(element)
			if err != nil {
				return nil, false, err
			}
			hash, err := hashable(folded(key, a.truth(0)))
			if err != nil {
				return nil, false, err
			}
			if !seen[hash] {
				seen[hash] = true
				return element, true, nil
			}
		}
	}}, nil
}

func groupByFilter(r *state, v any, a args) (any, error) {
	caseSensitive := a.truth(2)
	get, err := r.getter(a.values[0])
	if err != nil {
		return nil, err
	}
	plain := func(v any) (any, error) {
		key, err := get(v)
		if _, missing := key.(*undefined); missing && a.at(1, nil) != nil {
			return a.values[1], nil
		}
		return key, err
	}
	list, err := r.elements(v)
	if err != nil {
		return nil, err
	}
	all, err := r.keyed(list, plain, caseSensitive)
	if err != nil {
		return nil, err
	}
	if err := r.sortKeyed(all, false); err != nil {
		return nil, err
	}
	groups := []any{}
	for i, k := range all {
		if i > 0 {
			same, err := r.equal(all[i-1].key, k.key)
			if err != nil {
				return nil, err
			}
			if same {
				last := groups[len(groups)-1].(*group)
				last.members = append(last.members, k.value)
				continue
			}
		}
		key, err := plain(k.value)
		if err != nil {
			return nil, err
		}
		groups = append(groups, &group{key, []any{k.value}})
	}
	return groups, nil
}

// extreme is the least or the greatest element.
func extreme(better operator) func(*state, any, args) (any, error) {
	return func(r *state, v any, a args) (any, error) {
		get, err := r.getter(a.at(1, nil))
		if err != nil {
			return nil, err
		}
		list, err := r.elements(v)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return &undefined{what: "there is no such element: the list is empty"}, nil
		}
		all, err := r.keyed(list, get, a.truth(0))
		if err != nil {
			return nil, err
		}
		best := all[0]
		for _, k := range all[1:] {
			wins, err := r.compare(better, k.key, best.key)
			if err != nil {
				return nil, err
			}
			if wins {
				best = k
			}
		}
		return best.value, nil
	}
}
