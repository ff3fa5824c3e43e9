package jinja

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// orderFilters compare elements. Text counts without regard to case unless asked
// otherwise.
func orderFilters() []*filter {
	return []*filter{
		{signature: signature{name: "sort", params: []string{"reverse", "case_sensitive", "attribute"}}, apply: sortFilter},
		{signature: signature{name: "dictsort", params: []string{"case_sensitive", "by", "reverse"}}, apply: dictSortFilter},
		{signature: signature{name: "unique", params: []string{"case_sensitive", "attribute"}}, apply: uniqueFilter},
		{signature: signature{name: "groupby", params: []string{"attribute", "default", "case_sensitive"}, required: 1}, apply: groupByFilter},
		{signature: signature{name: "min", params: []string{"case_sensitive", "attribute"}}, apply: extreme(value.OpLess)},
		{signature: signature{name: "max", params: []string{"case_sensitive", "attribute"}}, apply: extreme(value.OpGreater)},
	}
}

// folded makes text comparable without regard to case.
func folded(v any, caseSensitive bool) any {
	if s, ok := value.AsText(v); ok && !caseSensitive {
		return strings.ToLower(s)
	}
	return v
}

func (r *state) keyed(list []any, get func(any) (any, error), caseSensitive bool) ([]value.Keyed, error) {
	all := make([]value.Keyed, len(list))
	for i, element := range list {
		key, err := get(element)
		if err != nil {
			return nil, err
		}
		all[i] = value.Keyed{Key: folded(key, caseSensitive), Value: element}
	}
	return all, r.Step(len(list))
}

func sortFilter(r *state, v any, a value.Args) (any, error) {
	caseSensitive := a.Truth(1)
	get, err := r.sortKey(a.At(2, nil), caseSensitive)
	if err != nil {
		return nil, err
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	all, err := r.keyed(list, get, true)
	if err != nil {
		return nil, err
	}
	reverse, err := a.Flag(0)
	if err != nil {
		return nil, err
	}
	if err := value.SortKeyed(r.Budget, all, reverse); err != nil {
		return nil, err
	}
	return value.KeyedValues(all), nil
}

// sortKey reads one attribute or several: "priority.name,id". The key is a tuple
// in any case, because within one equal values need no order.
func (r *state) sortKey(attribute any, caseSensitive bool) (func(any) (any, error), error) {
	attributes := []any{attribute}
	if path, ok := value.AsText(attribute); ok {
		attributes = value.AnyList(strings.Split(path, ","))
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
		keys := make(value.Tuple, len(getters))
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

func dictSortFilter(r *state, v any, a value.Args) (any, error) {
	by, err := a.Text(1, "key")
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, fmt.Errorf(`dictsort orders by "key" or "value", not %q`, by)
	}
	pairs, ok := value.PairsOf(v)
	if !ok {
		return nil, errors.New("dictsort takes a mapping")
	}
	all, err := r.keyed(value.ItemTuples(pairs), func(item any) (any, error) {
		if by == "value" {
			return item.(value.Tuple)[1], nil
		}
		return item.(value.Tuple)[0], nil
	}, a.Truth(0))
	if err != nil {
		return nil, err
	}
	reverse, err := a.Flag(2)
	if err != nil {
		return nil, err
	}
	if err := value.SortKeyed(r.Budget, all, reverse); err != nil {
		return nil, err
	}
	return value.KeyedValues(all), nil
}

func uniqueFilter(r *state, v any, a value.Args) (any, error) {
	get, err := r.getter(a.At(1, nil))
	if err != nil {
		return nil, err
	}
	it, err := value.Iterate(r.Budget, v)
	if err != nil {
		return nil, err
	}
	seen := map[any]bool{}
	return &value.Iterator{Next: func() (any, bool, error) {
		for {
			element, ok, err := it.Next()
			if !ok || err != nil {
				return nil, false, err
			}
			if err := r.Step(1); err != nil {
				return nil, false, err
			}
			key, err := get(element)
			if err != nil {
				return nil, false, err
			}
			hash, err := value.HashKey(folded(key, a.Truth(0)))
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

func groupByFilter(r *state, v any, a value.Args) (any, error) {
	caseSensitive := a.Truth(2)
	get, err := r.getter(a.Values[0])
	if err != nil {
		return nil, err
	}
	plain := func(v any) (any, error) {
		key, err := get(v)
		if _, missing := key.(*value.Undefined); missing && a.At(1, nil) != nil {
			return a.Values[1], nil
		}
		return key, err
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	all, err := r.keyed(list, plain, caseSensitive)
	if err != nil {
		return nil, err
	}
	if err := value.SortKeyed(r.Budget, all, false); err != nil {
		return nil, err
	}
	groups := []any{}
	for i, k := range all {
		if i > 0 {
			same, err := value.Equal(r.Budget, all[i-1].Key, k.Key)
			if err != nil {
				return nil, err
			}
			if same {
				last := groups[len(groups)-1].(*value.Group)
				last.Members = append(last.Members, k.Value)
				continue
			}
		}
		key, err := plain(k.Value)
		if err != nil {
			return nil, err
		}
		groups = append(groups, &value.Group{Key: key, Members: []any{k.Value}})
	}
	return groups, nil
}

// extreme is the least or the greatest element.
func extreme(better value.Operator) func(*state, any, value.Args) (any, error) {
	return func(r *state, v any, a value.Args) (any, error) {
		get, err := r.getter(a.At(1, nil))
		if err != nil {
			return nil, err
		}
		list, err := value.Elements(r.Budget, v)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return &value.Undefined{What: "there is no such element: the list is empty"}, nil
		}
		all, err := r.keyed(list, get, a.Truth(0))
		if err != nil {
			return nil, err
		}
		best := all[0]
		for _, k := range all[1:] {
			wins, err := value.Compare(r.Budget, better, k.Key, best.Key)
			if err != nil {
				return nil, err
			}
			if wins {
				best = k
			}
		}
		return best.Value, nil
	}
}
