package jinja

import (
	"errors"
	"slices"
)

// listMethods are those of lists and tuples that change nothing.
func listMethods() []*method {
	return []*method{
		{signature{name: "index", params: []string{"value", "start", "stop"}, required: 1}, func(r *state, self any, a args) (any, error) {
			list, _ := asSequence(self)
			from, count, _, err := sliceBounds(a.at(1, nil), a.at(2, nil), nil, len(list))
			if err != nil {
				return nil, err
			}
			for i, element := range list[from : from+count] {
				if same, err := r.equal(element, a.values[0]); same || err != nil {
					return int64(from + i), err
				}
			}
			return nil, errors.New("the value is not in the list")
		}},
		{signature{name: "count", params: []string{"value"}, required: 1}, func(r *state, self any, a args) (any, error) {
			list, _ := asSequence(self)
			found := int64(0)
			for _, element := range list {
				same, err := r.equal(element, a.values[0])
				if err != nil {
					return nil, err
				}
				if same {
					found++
				}
			}
			return found, nil
		}},
		{signature{name: "copy"}, func(r *state, self any, _ args) (any, error) {
			items, ok := asList(self)
			if !ok {
				return nil, errors.New(`a tuple has no "copy"`)
			}
			return slices.Clone(items), r.tick(len(items))
		}},
	}
}

// dictMethods are those of mappings that change nothing.
func dictMethods() []*method {
	return []*method{
		{signature{name: "get", params: []string{"key", "default"}, required: 1}, func(_ *state, self any, a args) (any, error) {
			v, ok, err := member(self, a.values[0])
			if !ok && err == nil {
				return a.at(1, nil), nil
			}
			return v, err
		}},
		{signature{name: "keys"}, func(r *state, self any, _ args) (any, error) {
			keys, _ := mappingKeys(self)
			return &view{"keys", keys}, r.tick(len(keys))
		}},
		{signature{name: "values"}, func(r *state, self any, _ args) (any, error) {
			pairs, _ := pairsOf(self)
			values := make([]any, len(pairs))
			for i, p := range pairs {
				values[i] = p.val
			}
			return &view{"values", values}, r.tick(len(values))
		}},
		{signature{name: "items"}, func(r *state, self any, _ args) (any, error) {
			pairs, _ := pairsOf(self)
			return &view{"items", itemTuples(pairs)}, r.tick(len(pairs))
		}},
		{signature{name: "copy"}, func(r *state, self any, _ args) (any, error) {
			return r.newDict(args{values: []any{self}})
		}},
		{signature{name: "fromkeys", params: []string{"keys", "value"}, required: 1}, func(r *state, _ any, a args) (any, error) {
			keys, err := r.elements(a.values[0])
			if err != nil {
				return nil, err
			}
			d := &Dict{}
			for _, key := range keys {
				if err := d.set(key, a.at(1, nil)); err != nil {
					return nil, err
				}
			}
			return d, r.tick(len(keys))
		}},
	}
}
