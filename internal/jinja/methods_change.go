package jinja

import (
	"errors"
	"fmt"
	"slices"
)

var errForeign = errors.New("templates can't change values from outside: make a copy, such as a | list or dict(a)")

// onList is a method that changes a list in place; its value is none unless it
// says otherwise.
func onList(name string, params []string, required int, change func(r *state, l *list, a args) (any, error)) *method {
	return &method{signature{name: name, params: params, required: required}, func(r *state, self any, a args) (any, error) {
		l, ok := self.(*list)
		if !ok {
			if _, isTuple := self.(tuple); isTuple {
				return nil, fmt.Errorf("a tuple has no %q", name)
			}
			return nil, errForeign
		}
		if err := r.tick(1); err != nil {
			return nil, err
		}
		return change(r, l, a)
	}}
}

func changingListMethods() []*method {
	return []*method{
		onList("append", []string{"value"}, 1, func(_ *state, l *list, a args) (any, error) {
			l.items = append(l.items, a.values[0])
			return nil, nil
		}),
		onList("extend", []string{"values"}, 1, func(r *state, l *list, a args) (any, error) {
			more, err := r.elements(a.values[0])
			if err == nil {
				err = r.tick(len(more))
			}
			l.items = append(l.items, more...)
			return nil, err
		}),
		onList("insert", []string{"index", "value"}, 2, func(r *state, l *list, a args) (any, error) {
			i, err := a.integer(0, 0)
			if err != nil {
				return nil, err
			}
			if i < 0 {
				i = max(i+len(l.items), 0)
			}
			l.items = slices.Insert(slices.Clone(l.items), min(i, len(l.items)), a.values[1])
			return nil, r.tick(len(l.items))
		}),
		onList("pop", []string{"index"}, 0, func(r *state, l *list, a args) (any, error) {
			index, ok := integer(a.at(0, int64(-1)))
			if !ok {
				return nil, fmt.Errorf("the index is %s and should be an int", article(typeName(a.at(0, nil))))
			}
			i, ok := position(index, len(l.items))
			if !ok {
				return nil, errors.New("there is nothing to pop at that index")
			}
			v := l.items[i]
			l.items = slices.Delete(slices.Clone(l.items), i, i+1)
			return v, r.tick(len(l.items))
		}),
		onList("remove", []string{"value"}, 1, func(r *state, l *list, a args) (any, error) {
			for i, element := range l.items {
				same, err := r.equal(element, a.values[0])
				if err != nil {
					return nil, err
				}
				if same {
					l.items = slices.Delete(slices.Clone(l.items), i, i+1)
					return nil, r.tick(len(l.items))
				}
			}
			return nil, errors.New("the value is not in the list")
		}),
		onList("clear", nil, 0, func(_ *state, l *list, _ args) (any, error) {
			l.items = nil
			return nil, nil
		}),
		onList("reverse", nil, 0, func(r *state, l *list, _ args) (any, error) {
			l.items = slices.Clone(l.items)
			slices.Reverse(l.items)
			return nil, r.tick(len(l.items))
		}),
		{signature{name: "sort", keywords: true}, sortMethod},
	}
}

func sortMethod(r *state, self any, a args) (any, error) {
	l, ok := self.(*list)
	if !ok {
		return nil, errForeign
	}
	reverse := false
	var err error
	for _, n := range a.named {
		switch {
		case n.name == "reverse":
			if reverse, err = asFlag(n.value); err != nil {
				return nil, err
			}
		case n.name != "key" || n.value != nil:
			return nil, fmt.Errorf("sort takes no argument %q here: use the filter sort", n.name)
		}
	}
	all := make([]keyed, len(l.items))
	for i, v := range l.items {
		all[i] = keyed{v, v}
	}
	if err := r.sortKeyed(all, reverse); err != nil {
		return nil, err
	}
	l.items = valuesOf(all)
	return nil, r.tick(len(all))
}

// onDict is a method that changes a mapping in place.
func onDict(s signature, change func(r *state, d *Dict, a args) (any, error)) *method {
	return &method{s, func(r *state, self any, a args) (any, error) {
		d, ok := self.(*Dict)
		if !ok || !r.mutable {
			return nil, errForeign
		}
		if err := r.tick(1); err != nil {
			return nil, err
		}
		return change(r, d, a)
	}}
}

func changingDictMethods() []*method {
	return []*method{
		onDict(signature{name: "update", params: []string{"mapping"}, keywords: true}, func(r *state, d *Dict, a args) (any, error) {
			if len(a.values) > 0 {
				if err := r.fill(d, a.values[0]); err != nil {
					return nil, err
				}
			}
			for _, n := range a.named {
				if err := d.set(n.name, n.value); err != nil {
					return nil, err
				}
			}
			return nil, nil
		}),
		onDict(signature{name: "setdefault", params: []string{"key", "default"}, required: 1}, func(_ *state, d *Dict, a args) (any, error) {
			v, ok, err := member(d, a.values[0])
			if ok || err != nil {
				return v, err
			}
			return a.at(1, nil), d.set(a.values[0], a.at(1, nil))
		}),
		onDict(signature{name: "pop", params: []string{"key", "default"}, required: 1}, func(r *state, d *Dict, a args) (any, error) {
			v, found, err := d.take(a.values[0])
			switch {
			case err != nil:
				return nil, err
			case !found && a.has(1):
				return a.values[1], nil
			case !found:
				return nil, fmt.Errorf("there is no %s to pop", briefly(a.values[0]))
			}
			return v, r.tick(d.Len())
		}),
		onDict(signature{name: "popitem"}, func(r *state, d *Dict, _ args) (any, error) {
			if d.Len() == 0 {
				return nil, errors.New("there is nothing to pop: the dict is empty")
			}
			key, value := d.takeLast()
			return tuple{key, value}, r.tick(d.Len())
		}),
		onDict(signature{name: "clear"}, func(_ *state, d *Dict, _ args) (any, error) {
			d.clear()
			return nil, nil
		}),
	}
}
