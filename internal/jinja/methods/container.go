package methods

import (
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// listMethods are those of lists and tuples that don't change them.
func listMethods() []*runtime.Method {
	return []*runtime.Method{
		{Signature: runtime.Signature{Name: "index", Params: []string{"value", "start", "stop"}, Required: 1}, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
			list, _ := value.AsSequence(self)
			from, count, _, err := value.SliceBounds(a.At(1, nil), a.At(2, nil), nil, len(list))
			if err != nil {
				return nil, err
			}
			for i, element := range list[from : from+count] {
				if same, err := value.Equal(r.Budget, element, a.Values[0]); same || err != nil {
					return int64(from + i), err
				}
			}
			return nil, errors.New("the value is not in the list")
		}},
		{Signature: runtime.Signature{Name: "count", Params: []string{"value"}, Required: 1}, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
			list, _ := value.AsSequence(self)
			found := int64(0)
			for _, element := range list {
				same, err := value.Equal(r.Budget, element, a.Values[0])
				if err != nil {
					return nil, err
				}
				if same {
					found++
				}
			}
			return found, nil
		}},
		{Signature: runtime.Signature{Name: "copy"}, Apply: func(r *runtime.State, self any, _ value.Args) (any, error) {
			items, ok := value.AsList(self)
			if !ok {
				return nil, errors.New(`a tuple has no "copy"`)
			}
			return slices.Clone(items), r.Step(len(items))
		}},
	}
}

// dictMethods are those of mappings that don't change them.
func dictMethods() []*runtime.Method {
	return []*runtime.Method{
		{Signature: runtime.Signature{Name: "get", Params: []string{"key", "default"}, Required: 1}, Apply: func(_ *runtime.State, self any, a value.Args) (any, error) {
			v, ok, err := value.Member(self, a.Values[0])
			if !ok && err == nil {
				return a.At(1, nil), nil
			}
			return v, err
		}},
		{Signature: runtime.Signature{Name: "keys"}, Apply: func(r *runtime.State, self any, _ value.Args) (any, error) {
			keys, _ := value.MappingKeys(self)
			return &value.DictView{Kind: "keys", Items: keys}, r.Step(len(keys))
		}},
		{Signature: runtime.Signature{Name: "values"}, Apply: func(r *runtime.State, self any, _ value.Args) (any, error) {
			pairs, _ := value.PairsOf(self)
			values := make([]any, len(pairs))
			for i, p := range pairs {
				values[i] = p.Value
			}
			return &value.DictView{Kind: "values", Items: values}, r.Step(len(values))
		}},
		{Signature: runtime.Signature{Name: "items"}, Apply: func(r *runtime.State, self any, _ value.Args) (any, error) {
			pairs, _ := value.PairsOf(self)
			return &value.DictView{Kind: "items", Items: value.ItemTuples(pairs)}, r.Step(len(pairs))
		}},
		{Signature: runtime.Signature{Name: "copy"}, Apply: func(r *runtime.State, self any, _ value.Args) (any, error) {
			return value.DictOf(r.Budget, value.Args{Values: []any{self}})
		}},
		{Signature: runtime.Signature{Name: "fromkeys", Params: []string{"keys", "value"}, Required: 1}, Apply: func(r *runtime.State, _ any, a value.Args) (any, error) {
			keys, err := value.Elements(r.Budget, a.Values[0])
			if err != nil {
				return nil, err
			}
			d := &value.Dict{}
			for _, key := range keys {
				if err := d.Put(key, a.At(1, nil)); err != nil {
					return nil, err
				}
			}
			return d, r.Step(len(keys))
		}},
	}
}
