package methods

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

var errForeign = errors.New("templates can't change values from outside: make a copy, such as a | list or dict(a)")

// onList is a method that changes a list in place; its value is none unless change
// returns one.
func onList(name string, params []string, required int, change func(r *runtime.State, l *value.MutableList, a value.Args) (any, error)) *runtime.Method {
	return &runtime.Method{Signature: runtime.Signature{Name: name, Params: params, Required: required}, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
		l, ok := self.(*value.MutableList)
		if !ok {
			if _, isTuple := self.(value.Tuple); isTuple {
				return nil, fmt.Errorf("a tuple has no %q", name)
			}
			return nil, errForeign
		}
		if err := r.Step(1); err != nil {
			return nil, err
		}
		return change(r, l, a)
	}}
}

func changingListMethods() []*runtime.Method {
	return []*runtime.Method{
		onList("append", []string{"value"}, 1, func(_ *runtime.State, l *value.MutableList, a value.Args) (any, error) {
			l.Items = append(l.Items, a.Values[0])
			return nil, nil
		}),
		onList("extend", []string{"values"}, 1, func(r *runtime.State, l *value.MutableList, a value.Args) (any, error) {
			more, err := value.Elements(r.Budget, a.Values[0])
			if err == nil {
				err = r.Step(len(more))
			}
			l.Items = append(l.Items, more...)
			return nil, err
		}),
		onList("insert", []string{"index", "value"}, 2, func(r *runtime.State, l *value.MutableList, a value.Args) (any, error) {
			i, err := a.Integer(0, 0)
			if err != nil {
				return nil, err
			}
			if i < 0 {
				i = max(i+len(l.Items), 0)
			}
			l.Items = slices.Insert(slices.Clone(l.Items), min(i, len(l.Items)), a.Values[1])
			return nil, r.Step(len(l.Items))
		}),
		onList("pop", []string{"index"}, 0, func(r *runtime.State, l *value.MutableList, a value.Args) (any, error) {
			index, ok := value.AsInt(a.At(0, int64(-1)))
			if !ok {
				return nil, fmt.Errorf("the index is %s and should be an int", value.WithArticle(value.TypeName(a.At(0, nil))))
			}
			i, ok := value.Index(index, len(l.Items))
			if !ok {
				return nil, errors.New("there is nothing to pop at that index")
			}
			v := l.Items[i]
			l.Items = slices.Delete(slices.Clone(l.Items), i, i+1)
			return v, r.Step(len(l.Items))
		}),
		onList("remove", []string{"value"}, 1, func(r *runtime.State, l *value.MutableList, a value.Args) (any, error) {
			for i, element := range l.Items {
				same, err := value.Equal(r.Budget, element, a.Values[0])
				if err != nil {
					return nil, err
				}
				if same {
					l.Items = slices.Delete(slices.Clone(l.Items), i, i+1)
					return nil, r.Step(len(l.Items))
				}
			}
			return nil, errors.New("the value is not in the list")
		}),
		onList("clear", nil, 0, func(_ *runtime.State, l *value.MutableList, _ value.Args) (any, error) {
			l.Items = nil
			return nil, nil
		}),
		onList("reverse", nil, 0, func(r *runtime.State, l *value.MutableList, _ value.Args) (any, error) {
			l.Items = slices.Clone(l.Items)
			slices.Reverse(l.Items)
			return nil, r.Step(len(l.Items))
		}),
		{Signature: runtime.Signature{Name: "sort", Keywords: true}, Apply: sortMethod},
	}
}

func sortMethod(r *runtime.State, self any, a value.Args) (any, error) {
	l, ok := self.(*value.MutableList)
	if !ok {
		return nil, errForeign
	}
	reverse := false
	var err error
	for _, n := range a.Named {
		switch {
		case n.Name == "reverse":
			if reverse, err = value.AsFlag(n.Value); err != nil {
				return nil, err
			}
		case n.Name != "key" || n.Value != nil:
			return nil, position.Errorf("sort takes no argument %s here: use the filter sort", position.Quote{Text: n.Name})
		}
	}
	all := make([]value.Keyed, len(l.Items))
	for i, v := range l.Items {
		all[i] = value.Keyed{Key: v, Value: v}
	}
	if err := value.SortKeyed(r.Budget, all, reverse); err != nil {
		return nil, err
	}
	l.Items = value.KeyedValues(all)
	return nil, r.Step(len(all))
}

// onDict is a method that changes a mapping in place.
func onDict(s runtime.Signature, change func(r *runtime.State, d *value.Dict, a value.Args) (any, error)) *runtime.Method {
	return &runtime.Method{Signature: s, Apply: func(r *runtime.State, self any, a value.Args) (any, error) {
		d, ok := self.(*value.Dict)
		if !ok || !r.Mutable {
			return nil, errForeign
		}
		if err := r.Step(1); err != nil {
			return nil, err
		}
		return change(r, d, a)
	}}
}

func changingDictMethods() []*runtime.Method {
	return []*runtime.Method{
		onDict(runtime.Signature{Name: "update", Params: []string{"mapping"}, Keywords: true}, func(r *runtime.State, d *value.Dict, a value.Args) (any, error) {
			if len(a.Values) > 0 {
				if err := value.FillDict(r.Budget, d, a.Values[0]); err != nil {
					return nil, err
				}
			}
			for _, n := range a.Named {
				if err := d.Put(n.Name, n.Value); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}),
		onDict(runtime.Signature{Name: "setdefault", Params: []string{"key", "default"}, Required: 1}, func(_ *runtime.State, d *value.Dict, a value.Args) (any, error) {
			v, ok, err := value.Member(d, a.Values[0])
			if ok || err != nil {
				return v, err
			}
			return a.At(1, nil), d.Put(a.Values[0], a.At(1, nil))
		}),
		onDict(runtime.Signature{Name: "pop", Params: []string{"key", "default"}, Required: 1}, func(r *runtime.State, d *value.Dict, a value.Args) (any, error) {
			v, found, err := d.Take(a.Values[0])
			switch {
			case err != nil:
				return nil, err
			case !found && a.Has(1):
				return a.Values[1], nil
			case !found:
				return nil, position.Errorf("there is no %s to pop", position.Quote{Text: value.Briefly(a.Values[0]), Bare: true})
			}
			return v, r.Step(d.Len())
		}),
		onDict(runtime.Signature{Name: "popitem"}, func(r *runtime.State, d *value.Dict, _ value.Args) (any, error) {
			if d.Len() == 0 {
				return nil, errors.New("there is nothing to pop: the dict is empty")
			}
			key, val := d.TakeLast()
			return value.Tuple{key, val}, r.Step(d.Len())
		}),
		onDict(runtime.Signature{Name: "clear"}, func(_ *runtime.State, d *value.Dict, _ value.Args) (any, error) {
			d.Clear()
			return nil, nil
		}),
	}
}
