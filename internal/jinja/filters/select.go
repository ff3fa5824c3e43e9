package filters

import (
	"errors"

	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// choiceFilters yield their elements while they go through a list.
func choiceFilters() []*runtime.Filter {
	anything := func(name string) runtime.Signature {
		return runtime.Signature{Name: name, Variadic: true, Keywords: true}
	}
	return []*runtime.Filter{
		{Signature: anything("map"), Apply: mapFilter},
		{Signature: anything("select"), Apply: chooser(false, true)},
		{Signature: anything("reject"), Apply: chooser(false, false)},
		{Signature: anything("selectattr"), Apply: chooser(true, true)},
		{Signature: anything("rejectattr"), Apply: chooser(true, false)},
	}
}

func mapFilter(r *runtime.State, v any, a value.Args) (any, error) {
	if !value.Truth(v) {
		return value.IterateList(nil), nil
	}
	change, err := mapper(r, a)
	if err != nil {
		return nil, err
	}
	it, err := value.Iterate(r.Budget, v)
	if err != nil {
		return nil, err
	}
	return &value.Iterator{Next: func() (any, bool, error) {
		element, ok, err := it.Next()
		if !ok || err != nil {
			return nil, false, err
		}
		if err := r.Step(1); err != nil {
			return nil, false, err
		}
		element, err = change(element)
		return element, err == nil, err
	}}, nil
}

// mapper is what map does with each element: read an attribute or apply a filter.
func mapper(r *runtime.State, a value.Args) (func(any) (any, error), error) {
	g := value.CallArgs{Positional: a.Values, Named: a.Named}
	if attribute, ok := g.ByName("attribute"); ok && len(a.Values) == 0 {
		otherwise, hasDefault := g.ByName("default")
		for _, n := range a.Named {
			if n.Name != "attribute" && n.Name != "default" {
				return nil, position.Errorf("map takes no argument %s", position.Quote{Text: n.Name})
			}
		}
		get, err := getter(r, attribute)
		if err != nil || !hasDefault || otherwise == nil {
			return get, err
		}
		return func(v any) (any, error) {
			v, err := get(v)
			if _, missing := v.(*value.Undefined); missing {
				return otherwise, nil
			}
			return v, err
		}, nil
	}
	if len(a.Values) == 0 {
		return nil, errors.New("map needs the name of a filter, or an attribute")
	}
	name, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	f := r.Library.Filters[name]
	if f == nil {
		return nil, position.Errorf("there is no filter %s%s", position.Quote{Text: name}, position.Near{To: name, Text: value.DidYouMean(name, r.Library.Filters)})
	}
	g.Positional = g.Positional[1:]
	return func(v any) (any, error) {
		v, err := f.Call(r, v, g)
		return r.Changeable(v), err
	}, nil
}

// chooser is select, reject, selectattr and rejectattr: by an attribute or not, keeping
// what passes the test or what doesn't.
func chooser(byAttribute, keep bool) func(*runtime.State, any, value.Args) (any, error) {
	return func(r *runtime.State, v any, a value.Args) (any, error) {
		if !value.Truth(v) {
			return value.IterateList(nil), nil
		}
		get, err := getter(r, nil)
		if byAttribute {
			if len(a.Values) == 0 {
				return nil, errors.New("the name of the attribute is missing")
			}
			get, err = getter(r, a.Values[0])
			a.Values = a.Values[1:]
		}
		if err != nil {
			return nil, err
		}
		passes, err := predicate(r, a)
		if err != nil {
			return nil, err
		}
		return filtered(r, v, get, func(judged any) (bool, error) {
			holds, err := passes(judged)
			return holds == keep, err
		})
	}
}

// filtered yields those elements of v of which keep accepts what get reads.
func filtered(r *runtime.State, v any, get func(any) (any, error), keep func(any) (bool, error)) (any, error) {
	it, err := value.Iterate(r.Budget, v)
	if err != nil {
		return nil, err
	}
	return &value.Iterator{Next: func() (any, bool, error) {
		for {
			element, ok, err := it.Next()
			if ok && err == nil {
				err = r.Step(1)
			}
			if !ok || err != nil {
				return nil, false, err
			}
			judged, err := get(element)
			if err != nil {
				return nil, false, err
			}
			if kept, err := keep(judged); kept || err != nil {
				return element, err == nil, err
			}
		}
	}}, nil
}

// predicate is the test that the first argument names, or truth without one.
func predicate(r *runtime.State, a value.Args) (func(any) (bool, error), error) {
	if len(a.Values) == 0 {
		return func(v any) (bool, error) { return value.Truth(v), nil }, nil
	}
	name, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	t := r.Library.Tests[name]
	if t == nil {
		return nil, position.Errorf("there is no test %s%s", position.Quote{Text: name}, position.Near{To: name, Text: value.DidYouMean(name, r.Library.Tests)})
	}
	g := value.CallArgs{Positional: a.Values[1:], Named: a.Named}
	return func(v any) (bool, error) { return t.Call(r, v, g) }, nil
}
