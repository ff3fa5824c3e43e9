package jinja

import (
	"errors"
	"fmt"
)

// functions are Jinja2's own globals.
func functions() []*function {
	return []*function{
		{signature{name: "range", params: []string{"start", "stop", "step"}, required: 1, unnamed: true}, rangeFunction},
		{signature{name: "dict", params: []string{"mapping"}, keywords: true}, dictFunction},
		{signature{name: "namespace", params: []string{"mapping"}, keywords: true}, namespaceFunction},
		{signature{name: "cycler", variadic: true}, cyclerFunction},
		{signature{name: "joiner", params: []string{"sep"}}, joinerFunction},
		{signature{name: "lipsum", variadic: true, keywords: true}, func(*state, args) (any, error) {
			return nil, errors.New("lipsum() makes sample text for web pages and is not offered here")
		}},
	}
}

func rangeFunction(r *state, a args) (any, error) {
	bounds := [3]int64{0, 0, 1}
	for i, v := range a.values {
		n, ok := integer(v)
		if !ok {
			return nil, fmt.Errorf("range takes integers, not %s", article(typeName(v)))
		}
		bounds[i] = n
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	if len(a.values) == 1 {
		start, stop = 0, start
	}
	if step == 0 {
		return nil, errors.New("the step of range is zero")
	}
	count := uint64(0)
	switch {
	case step > 0 && stop > start:
		count = (uint64(stop)-uint64(start)-1)/uint64(step) + 1
	case step < 0 && stop < start:
		count = (uint64(start)-uint64(stop)-1)/-uint64(step) + 1
	}
	if count > uint64(r.limits.Range) {
		return nil, fmt.Errorf("the range has %d elements, the limit is %d", count, r.limits.Range)
	}
	return span{start, stop, step, int64(count)}, nil
}

func dictFunction(r *state, a args) (any, error) { return r.newDict(a) }

// newDict is a copy of the first argument with the named ones added.
func (r *budget) newDict(a args) (*Dict, error) {
	d := &Dict{}
	if a.has(0) {
		if err := r.fill(d, a.values[0]); err != nil {
			return nil, err
		}
	}
	for _, n := range a.named {
		if err := d.set(n.name, n.value); err != nil {
			return nil, err
		}
	}
	return d, r.tick(d.Len())
}

// fill adds the pairs of a mapping or a list of pairs.
func (r *budget) fill(d *Dict, from any) error {
	if u, missing := from.(*undefined); missing {
		return u.error()
	}
	if pairs, ok := pairsOf(from); ok {
		for _, p := range pairs {
			if err := d.set(p.key, p.val); err != nil {
				return err
			}
		}
		return r.tick(len(pairs))
	}
	list, err := r.elements(from)
	if err != nil {
		return err
	}
	for _, element := range list {
		two, err := r.elements(element)
		if err != nil {
			return err
		}
		if len(two) != 2 {
			return errors.New("a dict is made from pairs")
		}
		if err := d.set(two[0], two[1]); err != nil {
			return err
		}
	}
	return nil
}

func namespaceFunction(r *state, a args) (any, error) {
	d, err := r.newDict(a)
	return &namespace{d}, err
}

// cycler hands out its items in turn, across loops.
type cycler struct {
	items []any
	next  int
}

func cyclerFunction(_ *state, a args) (any, error) {
	if len(a.values) == 0 {
		return nil, errors.New("cycler needs at least one value")
	}
	return &cycler{items: append([]any{}, a.values...)}, nil
}

func (c *cycler) typeName() string         { return "cycler" }
func (c *cycler) attributeNames() []string { return nil }

func (c *cycler) attribute(name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.next], true
	case "next":
		return &function{signature{name: "cycler.next"}, func(*state, args) (any, error) {
			v := c.items[c.next]
			c.next = (c.next + 1) % len(c.items)
			return v, nil
		}}, true
	case "reset":
		return &function{signature{name: "cycler.reset"}, func(*state, args) (any, error) {
			c.next = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

func joinerFunction(_ *state, a args) (any, error) {
	used := false
	return &function{signature{name: "joiner"}, func(*state, args) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return a.at(0, ", "), nil
	}}, nil
}
