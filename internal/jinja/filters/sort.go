package filters

import (
	"errors"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// orderFilters compare elements. Case doesn't count unless asked
// for.
func orderFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "sort", Params: []string{"reverse", "case_sensitive", "attribute"}}, Apply: sortFilter},
		{Signature: runtime.Signature{Name: "dictsort", Params: []string{"case_sensitive", "by", "reverse"}}, Apply: dictSortFilter},
		{Signature: runtime.Signature{Name: "unique", Params: []string{"case_sensitive", "attribute"}}, Apply: uniqueFilter},
		{Signature: runtime.Signature{Name: "groupby", Params: []string{"attribute", "default", "case_sensitive"}, Required: 1}, Apply: groupByFilter},
		{Signature: runtime.Signature{Name: "min", Params: []string{"case_sensitive", "attribute"}}, Apply: extreme(value.OpLess)},
		{Signature: runtime.Signature{Name: "max", Params: []string{"case_sensitive", "attribute"}}, Apply: extreme(value.OpGreater)},
	}
}

// folded makes text comparable without regard to case.
func folded(v any, caseSensitive bool) any {
	if s, ok := value.AsText(v); ok && !caseSensitive {
		return strings.ToLower(s)
	}
	return v
}

func keyed(r *runtime.State, list []any, get func(any) (any, error), caseSensitive bool) ([]value.Keyed, error) {
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

func sortFilter(r *runtime.State, v any, a value.Args) (any, error) {
	caseSensitive := a.Truth(1)
	get, err := sortKey(r, a.At(2, nil), caseSensitive)
	if err != nil {
		return nil, err
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	all, err := keyed(r, list, get, true)
	if err != nil {
		return nil, err
	}
	return sorted(r, all, a, 0)
}

// sorted is the values in the order of their keys, reversed if the argument at an index says so.
func sorted(r *runtime.State, all []value.Keyed, a value.Args, reversed int) (any, error) {
	reverse, err := a.Flag(reversed)
	if err != nil {
		return nil, err
	}
	if err := value.SortKeyed(r.Budget, all, reverse); err != nil {
		return nil, err
	}
	return value.KeyedValues(all), nil
}

// sortKey reads one attribute or several: "priority.name,id". The key is a tuple
// in any case, because equal values within a tuple need no order.
func sortKey(r *runtime.State, attribute any, caseSensitive bool) (func(any) (any, error), error) {
	attributes := []any{attribute}
	if path, ok := value.AsText(attribute); ok {
		attributes = value.AnyList(strings.Split(path, ","))
	}
	var getters []func(any) (any, error)
	for _, one := range attributes {
		get, err := getter(r, one)
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

func dictSortFilter(r *runtime.State, v any, a value.Args) (any, error) {
	by, err := a.Text(1, "key")
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, position.Errorf(`dictsort orders by "key" or "value", not %s`, position.Quote{Text: by})
	}
	pairs, ok := value.PairsOf(v)
	if !ok {
		return nil, errors.New("dictsort takes a mapping")
	}
	all, err := keyed(r, value.ItemTuples(pairs), func(item any) (any, error) {
		if by == "value" {
			return item.(value.Tuple)[1], nil
		}
		return item.(value.Tuple)[0], nil
	}, a.Truth(0))
	if err != nil {
		return nil, err
	}
	return sorted(r, all, a, 2)
}

func uniqueFilter(r *runtime.State, v any, a value.Args) (any, error) {
	get, err := getter(r, a.At(1, nil))
	if err != nil {
		return nil, err
	}
	seen := map[any]bool{}
	return filtered(r, v, get, func(key any) (bool, error) {
		hash, err := value.HashKey(folded(key, a.Truth(0)))
		if err != nil || seen[hash] {
			return false, err
		}
		seen[hash] = true
		return true, nil
	})
}

func groupByFilter(r *runtime.State, v any, a value.Args) (any, error) {
	caseSensitive := a.Truth(2)
	list, get, err := elementsBy(r, v, a.Values[0])
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
	all, err := keyed(r, list, plain, caseSensitive)
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
func extreme(better value.Operator) func(*runtime.State, any, value.Args) (any, error) {
	return func(r *runtime.State, v any, a value.Args) (any, error) {
		list, get, err := elementsBy(r, v, a.At(1, nil))
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return &value.Undefined{What: "there is no such element: the list is empty"}, nil
		}
		all, err := keyed(r, list, get, a.Truth(0))
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
