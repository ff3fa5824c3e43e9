package filters

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

func listFilters() []*runtime.Filter {
	return []*runtime.Filter{
		{Signature: runtime.Signature{Name: "length"}, Apply: func(_ *runtime.State, v any, _ value.Args) (any, error) {
			n, err := value.Length(v)
			return int64(n), err
		}},
		{Signature: runtime.Signature{Name: "list"}, Apply: func(r *runtime.State, v any, _ value.Args) (any, error) {
			list, err := value.Elements(r.Budget, v)
			if err == nil {
				err = r.Step(len(list))
			}
			return append([]any{}, list...), err
		}},
		{Signature: runtime.Signature{Name: "first"}, Apply: firstFilter},
		{Signature: runtime.Signature{Name: "last"}, Markup: true, Apply: lastFilter},
		{Signature: runtime.Signature{Name: "random"}, Markup: true, Apply: randomFilter},
		{Signature: runtime.Signature{Name: "join", Params: []string{"d", "attribute"}}, Apply: joinFilter},
		{Signature: runtime.Signature{Name: "reverse"}, Markup: true, Apply: reverseFilter},
		{Signature: runtime.Signature{Name: "batch", Params: []string{"linecount", "fill_with"}, Required: 1}, Apply: batchFilter},
		{Signature: runtime.Signature{Name: "slice", Params: []string{"slices", "fill_with"}, Required: 1}, Apply: sliceFilter},
		{Signature: runtime.Signature{Name: "items"}, Apply: itemsFilter},
		{Signature: runtime.Signature{Name: "sum", Params: []string{"attribute", "start"}}, Apply: sumFilter},
	}
}

func firstFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	it, err := value.Iterate(r.Budget, v)
	if err != nil {
		return nil, err
	}
	first, ok, err := it.Next()
	if !ok && err == nil {
		return &value.Undefined{What: "there is no first element: the list is empty"}, nil
	}
	return first, err
}

func lastFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	if s, ok := v.(value.Markup); ok && s != "" {
		_, size := utf8.DecodeLastRuneInString(string(s))
		return s[len(s)-size:], nil
	}
	list, err := reversible(r, v)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return &value.Undefined{What: "there is no last element: the list is empty"}, nil
	}
	return list[len(list)-1], nil
}

// reversible returns the elements of a value that can be read from its end.
func reversible(r *runtime.State, v any) ([]any, error) {
	if _, ok := v.(*value.Iterator); ok {
		return nil, errors.New(`a generator has no end: put "| list" before it`)
	}
	return value.Elements(r.Budget, v)
}

func randomFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	n, err := value.Length(v)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return &value.Undefined{What: "there is no random element: the list is empty"}, nil
	}
	if _, unordered := v.(*value.DictView); unordered {
		return nil, fmt.Errorf(`%s has no index: put "| list" before it`, value.WithArticle(value.TypeName(v)))
	}
	return r.Subscript(v, int64(rand.IntN(n))) // no secret depends on it
}

func joinFilter(r *runtime.State, v any, a value.Args) (any, error) {
	between, err := value.Text(r.Budget, a.At(0, ""))
	if err != nil {
		return nil, err
	}
	list, get, err := elementsBy(r, v, a.At(1, nil))
	if err != nil {
		return nil, err
	}
	if r.Autoescape {
		return value.JoinEscaped(r.Budget, a.At(0, ""), list, get)
	}
	var b strings.Builder
	for i, element := range list {
		if element, err = get(element); err != nil {
			return nil, err
		}
		s, err := value.Text(r.Budget, element)
		if err == nil {
			err = r.Grow(len(s) + len(between))
		}
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(s)
	}
	return b.String(), r.Step(len(list))
}

func reverseFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	if s, ok := value.AsText(v); ok {
		runes := []rune(s)
		reversed := make([]rune, 0, len(runes))
		for i := len(runes) - 1; i >= 0; i-- {
			reversed = append(reversed, runes[i])
		}
		return value.KeepMarkup(v, string(reversed)), r.Grow(len(s))
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	reversed := make([]any, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		reversed = append(reversed, list[i])
	}
	if _, generator := v.(*value.Iterator); generator {
		return reversed, r.Step(len(list))
	}
	return value.IterateList(reversed), r.Step(len(list))
}

func batchFilter(r *runtime.State, v any, a value.Args) (any, error) {
	size, err := batchSize(a)
	if err != nil {
		return nil, err
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	var batches []any
	if size == 0 && len(list) > 0 {
		batches = append(batches, r.Changeable([]any{})) // as Jinja2 has it: an empty batch, then all
	}
	for len(list) > 0 {
		n := len(list)
		if size > 0 {
			n = min(size, n)
		}
		batch := append([]any{}, list[:n]...)
		list = list[n:]
		if fill := a.At(1, nil); fill != nil && n < size {
			if err := r.CheckWidth("the size of a batch", size); err != nil {
				return nil, err
			}
			for len(batch) < size {
				batch = append(batch, fill)
			}
		}
		batches = append(batches, r.Changeable(batch))
	}
	return value.IterateList(batches), r.Step(len(batches))
}

// batchSize is the first argument. With what can't equal a number of
// elements, such as a text, all make one batch.
func batchSize(a value.Args) (int, error) {
	if f, ok := a.Values[0].(float64); ok {
		if f == math.Trunc(f) && math.Abs(f) < 1<<31 {
			return int(f), nil
		}
		return -1, nil
	}
	if value.Number(a.Values[0]) != nil {
		return a.Integer(0, 0)
	}
	if a.At(1, nil) != nil {
		return 0, fmt.Errorf("the size of a batch is %s and should be an int", value.WithArticle(value.TypeName(a.Values[0])))
	}
	return -1, nil
}

// sliceFilter deals the elements out into columns; the first ones get the remainder.
func sliceFilter(r *runtime.State, v any, a value.Args) (any, error) {
	slices, err := a.Integer(0, 0)
	if err != nil {
		return nil, err
	}
	if slices == 0 {
		return nil, errors.New("there is at least one slice")
	}
	if err := r.CheckWidth("the number of slices", slices); err != nil {
		return nil, err
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	if slices < 0 {
		return value.IterateList(nil), nil
	}
	each, extra := len(list)/slices, len(list)%slices
	columns := make([]any, 0, slices)
	for i := range slices {
		n := each
		if i < extra {
			n++
		}
		column := append([]any{}, list[:n]...)
		list = list[n:]
		if fill := a.At(1, nil); fill != nil && i >= extra {
			column = append(column, fill)
		}
		columns = append(columns, r.Changeable(column))
	}
	return value.IterateList(columns), r.Step(slices)
}

func itemsFilter(r *runtime.State, v any, _ value.Args) (any, error) {
	if _, missing := v.(*value.Undefined); missing {
		return value.IterateList(nil), nil
	}
	pairs, ok := value.PairsOf(v)
	if !ok {
		return nil, fmt.Errorf("%s has no items: only a mapping has", value.WithArticle(value.TypeName(v)))
	}
	return value.IterateList(value.ItemTuples(pairs)), r.Step(len(pairs))
}

func sumFilter(r *runtime.State, v any, a value.Args) (any, error) {
	get, err := getter(r, a.At(0, nil))
	if err != nil {
		return nil, err
	}
	total := a.At(1, int64(0))
	if _, text := value.AsText(total); text {
		return nil, errors.New("texts have no sum: use join")
	}
	list, err := value.Elements(r.Budget, v)
	if err != nil {
		return nil, err
	}
	for _, element := range list {
		if element, err = get(element); err != nil {
			return nil, err
		}
		if total, err = r.Binary(value.OpAdd, total, element); err != nil {
			return nil, err
		}
		if err := r.Step(1); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// elementsBy returns the elements of v, and what reads an attribute of each.
func elementsBy(r *runtime.State, v, attribute any) (list []any, get func(any) (any, error), err error) {
	if get, err = getter(r, attribute); err != nil {
		return nil, nil, err
	}
	list, err = value.Elements(r.Budget, v)
	return list, get, err
}

// getter reads an attribute such as "priority.name" or 0 of elements; without
// one it returns them as they are.
func getter(r *runtime.State, attribute any) (func(any) (any, error), error) {
	if attribute == nil {
		return func(v any) (any, error) { return v, nil }, nil
	}
	steps := []any{attribute}
	if path, ok := value.AsText(attribute); ok {
		if utf8.RuneCountInString(path) > 1000 {
			return nil, errors.New("the attribute is too long")
		}
		steps = steps[:0]
		for step := range strings.SplitSeq(path, ".") {
			if i, ok := value.PathIndex(step); ok {
				steps = append(steps, i)
			} else {
				steps = append(steps, step)
			}
		}
	}
	return func(v any) (any, error) {
		for _, step := range steps {
			if err := r.Step(1); err != nil {
				return nil, err
			}
			next, err := r.Subscript(v, step)
			if err != nil {
				return nil, err
			}
			v = next
		}
		return v, nil
	}, nil
}
