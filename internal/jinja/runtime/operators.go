package runtime

import (
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/format"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Binary is left op right, except for comparisons.
func (r *State) Binary(op value.Operator, left, right any) (any, error) {
	if a, ok := left.(int64); ok {
		if b, ok := right.(int64); ok {
			if v, done, err := value.SmallIntegers(op, a, b); done || err != nil {
				return v, err
			}
		}
	}
	x, y := value.Number(left), value.Number(right)
	if x != nil && y != nil {
		return value.Arithmetic(op, x, y)
	}
	if op == value.OpModulo {
		if _, ok := value.AsText(left); ok {
			return format.Percent(r.Budget, left, right)
		}
	}
	for _, v := range [...]any{left, right} {
		switch u := v.(type) {
		case *value.Undefined:
			return nil, u.Err()
		case *value.FailMark:
			return nil, u.Err()
		}
	}
	switch op {
	case value.OpAdd:
		if v, ok, err := r.join(left, right); ok || err != nil {
			return v, err
		}
	case value.OpMultiply:
		if n, ok := value.AsInt(right); ok {
			if v, ok, err := r.repeat(left, n); ok || err != nil {
				return v, err
			}
		} else if n, ok := value.AsInt(left); ok {
			if v, ok, err := r.repeat(right, n); ok || err != nil {
				return v, err
			}
		}
	}
	return nil, fmt.Errorf("%s %s %s does not work: the left is %s, the right %s",
		value.TypeName(left), op, value.TypeName(right), value.WithArticle(value.TypeName(left)), value.WithArticle(value.TypeName(right)))
}

// join is left + right for texts, lists and tuples.
func (r *State) join(left, right any) (any, bool, error) {
	switch a := left.(type) {
	case string, value.Markup:
		return joinTexts(r.Budget, a, right)
	case []any, *value.MutableList:
		items, _ := value.AsList(a)
		if b, ok := value.AsList(right); ok {
			joined, err := joinLists(r.Budget, items, b)
			return r.Changeable(joined), true, err
		}
	case value.Tuple:
		if b, ok := right.(value.Tuple); ok {
			list, err := joinLists(r.Budget, a, b)
			return value.Tuple(list), true, err
		}
	}
	return nil, false, nil
}

// joinTexts escapes plain text that is added to escaped text.
func joinTexts(meter *budget.Budget, left, right any) (any, bool, error) {
	a, _ := value.AsText(left)
	b, ok := value.AsText(right)
	if !ok {
		return nil, false, nil
	}
	_, safeLeft := left.(value.Markup)
	_, safeRight := right.(value.Markup)
	if safeLeft && !safeRight {
		b = value.EscapeHTML(b)
	}
	if safeRight && !safeLeft {
		a = value.EscapeHTML(a)
	}
	if err := meter.Grow(len(a) + len(b)); err != nil {
		return nil, false, err
	}
	if safeLeft || safeRight {
		return value.Markup(a + b), true, nil
	}
	return a + b, true, nil
}

func joinLists(meter *budget.Budget, a, b []any) ([]any, error) {
	if err := meter.Step(len(a) + len(b)); err != nil {
		return nil, err
	}
	return append(append(make([]any, 0, len(a)+len(b)), a...), b...), nil
}

// repeat is v * n for texts, lists and tuples.
func (r *State) repeat(v any, n int64) (any, bool, error) {
	n = max(n, 0)
	count := int(min(n, 1<<31-1))
	switch x := v.(type) {
	case string, value.Markup:
		s, _ := value.AsText(x)
		if err := r.GrowTimes(count, len(s)); err != nil {
			return nil, false, err
		}
		if s == "" {
			count = 0
		}
		return value.KeepMarkup(x, strings.Repeat(s, count)), true, nil
	case []any, *value.MutableList:
		items, _ := value.AsList(x)
		repeated, err := repeatList(r.Budget, items, count)
		return r.Changeable(repeated), true, err
	case value.Tuple:
		repeated, err := repeatList(r.Budget, x, count)
		return value.Tuple(repeated), true, err
	}
	return nil, false, nil
}

func repeatList(meter *budget.Budget, list []any, count int) ([]any, error) {
	if len(list) == 0 || count == 0 {
		return []any{}, nil
	}
	if count > meter.Limits.Steps/len(list) {
		return nil, fmt.Errorf("a list of more than %d elements is too long", meter.Limits.Steps)
	}
	if err := meter.Step(count * len(list)); err != nil {
		return nil, err
	}
	repeated := make([]any, 0, count*len(list))
	for range count {
		repeated = append(repeated, list...)
	}
	return repeated, nil
}
