package builtins

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Functions are Jinja2's own globals.
func Functions() []*runtime.Function {
	return []*runtime.Function{
		{Signature: runtime.Signature{Name: "range", Params: []string{"start", "stop", "step"}, Required: 1, Unnamed: true}, Apply: rangeFunction},
		{Signature: runtime.Signature{Name: "dict", Params: []string{"mapping"}, Keywords: true}, Apply: dictFunction},
		{Signature: runtime.Signature{Name: "namespace", Params: []string{"mapping"}, Keywords: true}, Apply: namespaceFunction},
		{Signature: runtime.Signature{Name: "cycler", Variadic: true}, Apply: cyclerFunction},
		{Signature: runtime.Signature{Name: "joiner", Params: []string{"sep"}}, Apply: joinerFunction},
		{Signature: runtime.Signature{Name: "lipsum", Variadic: true, Keywords: true}, Apply: func(*runtime.State, value.Args) (any, error) {
			return nil, errors.New("lipsum() makes sample text for web pages and is not offered here")
		}},
	}
}

func rangeFunction(r *runtime.State, a value.Args) (any, error) {
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
		return nil, fmt.Errorf("the range has more elements than the limit of %d", r.Limits.Range)
	}
	return value.Range{Start: start, Stop: stop, Step: step, Count: int64(count)}, nil
}

func dictFunction(r *runtime.State, a value.Args) (any, error) { return value.DictOf(r.Budget, a) }

func namespaceFunction(r *runtime.State, a value.Args) (any, error) {
	d, err := value.DictOf(r.Budget, a)
	return &value.Namespace{Attributes: d}, err
}

// cycler returns its items in turn, across loops.
type cycler struct {
	items []any
	next  int
}

func cyclerFunction(_ *runtime.State, a value.Args) (any, error) {
	if len(a.Values) == 0 {
		return nil, errors.New("cycler needs at least one value")
	}
	return &cycler{items: append([]any{}, a.Values...)}, nil
}

func (c *cycler) TypeName() string { return "cycler" }

func (c *cycler) AttributeNames() []string { return nil }

func (c *cycler) Attribute(name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.next], true
	case "next":
		return &runtime.Function{Signature: runtime.Signature{Name: "cycler.next"}, Apply: func(*runtime.State, value.Args) (any, error) {
			v := c.items[c.next]
			c.next = (c.next + 1) % len(c.items)
			return v, nil
		}}, true
	case "reset":
		return &runtime.Function{Signature: runtime.Signature{Name: "cycler.reset"}, Apply: func(*runtime.State, value.Args) (any, error) {
			c.next = 0
			return nil, nil
		}}, true
	}
	return nil, false
}

func joinerFunction(_ *runtime.State, a value.Args) (any, error) {
	used := false
	return &runtime.Function{Signature: runtime.Signature{Name: "joiner"}, Apply: func(*runtime.State, value.Args) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return a.At(0, ", "), nil
	}}, nil
}
