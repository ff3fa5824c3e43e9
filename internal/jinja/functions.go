package jinja

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// functions are Jinja2's own globals.
func functions() []*function {
	return []*function{
		{signature{name: "range", params: []string{"start", "stop", "step"}, required: 1, unnamed: true}, rangeFunction},
		{signature{name: "dict", params: []string{"mapping"}, keywords: true}, dictFunction},
		{signature{name: "namespace", params: []string{"mapping"}, keywords: true}, namespaceFunction},
		{signature{name: "cycler", variadic: true}, cyclerFunction},
		{signature{name: "joiner", params: []string{"sep"}}, joinerFunction},
		{signature{name: "lipsum", variadic: true, keywords: true}, func(*state, value.Args) (any, error) {
			return nil, errors.New("lipsum() makes sample text for web pages and is not offered here")
		}},
	}
}

func rangeFunction(r *state, a value.Args) (any, error) {
	bounds := [3]int64{0, 0, 1}
	for i, v := range a.Values {
		n, ok := value.AsInt(v)
		if !ok {
			return nil, fmt.Errorf("range takes integers, not %s", value.WithArticle(value.TypeName(v)))
		}
		bounds[i] = n
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	if len(a.Values) == 1 {
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
	if count > uint64(r.Limits.Range) {
		return nil, fmt.Errorf("the range has %d elements, the limit is %d", count, r.Limits.Range)
	}
	return value.Range{Start: start, Stop: stop, Step: step, Count: int64(count)}, nil
}

func dictFunction(r *state, a value.Args) (any, error) { return value.DictOf(r.Budget, a) }

func namespaceFunction(r *state, a value.Args) (any, error) {
	d, err := value.DictOf(r.Budget, a)
	return &value.Namespace{Attributes: d}, err
}

// cycler hands out its items in turn, across loops.
type cycler struct {
	items []any
	next  int
}

func cyclerFunction(_ *state, a value.Args) (any, error) {
	if len(a.Values) == 0 {
		return nil, errors.New("cycler needs at least one value")
	}
	return &cycler{items: append([]any{}, a.Values...)}, nil
}

func (c *cycler) TypeName() string { return "cycler" }

func (c *cycler) attributeNames() []string { return nil }

func (c *cycler) attribute(name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.next], true
	case "next":
		return &function{signature{name: "cycler.next"}, func(*state, value.Args) (any, error) {
			v := c.items[c.next]
			c.next = (c.next + 1) % len(c.items)
			return v, nil
		}}, true
	case "reset":
		return &function{signature{name: "cycler.reset"}, func(*state, value.Args) (any, error) {
			c.next = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

func joinerFunction(_ *state, a value.Args) (any, error) {
	used := false
	return &function{signature{name: "joiner"}, func(*state, value.Args) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return a.At(0, ", "), nil
	}}, nil
}
