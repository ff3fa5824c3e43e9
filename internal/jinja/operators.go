package jinja

import (
	"fmt"
	"math/big"
	"strings"
)

// binary is left op right for all but comparisons.
func (r *state) binary(op operator, left, right any) (any, error) {
	if a, ok := left.(int64); ok {
		if b, ok := right.(int64); ok {
			if v, done, err := smallIntegers(op, a, b); done || err != nil {
				return v, err
			}
		}
	}
	x, y := number(left), number(right)
	if x != nil && y != nil {
		return arithmetic(op, x, y)
	}
	if op == opModulo {
		if _, ok := asText(left); ok {
			return r.percentFormat(left, right)
		}
	}
	for _, v := range [...]any{left, right} {
		switch u := v.(type) {
		case *undefined:
			return nil, u.error()
		case *failure:
			return nil, u.error()
		}
	}
	switch op {
	case opAdd:
		if v, ok, err := r.join(left, right); ok || err != nil {
			return v, err
		}
	case opMultiply:
		if n, ok := integer(right); ok {
			if v, ok, err := r.repeat(left, n); ok || err != nil {
				return v, err
			}
		} else if n, ok := integer(left); ok {
			if v, ok, err := r.repeat(right, n); ok || err != nil {
				return v, err
			}
		}
	}
	return nil, fmt.Errorf("%s %s %s does not work: the left is %s, the right %s",
		typeName(left), op, typeName(right), article(typeName(left)), article(typeName(right)))
}

// join is left + right for texts, lists and tuples.
func (r *state) join(left, right any) (any, bool, error) {
	switch a := left.(type) {
	case string, markup:
		return r.joinTexts(a, right)
	case []any, *list:
		items, _ := asList(a)
		if b, ok := asList(right); ok {
			joined, err := r.joinLists(items, b)
			return r.own(joined), true, err
		}
	case tuple:
		if b, ok := right.(tuple); ok {
			list, err := r.joinLists(a, b)
			return tuple(list), true, err
		}
	}
	return nil, false, nil
}

// joinTexts escapes plain text that is added to escaped text.
func (r *budget) joinTexts(left, right any) (any, bool, error) {
	a, _ := asText(left)
	b, ok := asText(right)
	if !ok {
		return nil, false, nil
	}
	_, safeLeft := left.(markup)
	_, safeRight := right.(markup)
	if safeLeft && !safeRight {
		b = escapeHTML(b)
	}
	if safeRight && !safeLeft {
		a = escapeHTML(a)
	}
	if err := r.grow(len(a) + len(b)); err != nil {
		return nil, false, err
	}
	if safeLeft || safeRight {
		return markup(a + b), true, nil
	}
	return a + b, true, nil
}

func (r *budget) joinLists(a, b []any) ([]any, error) {
	if err := r.tick(len(a) + len(b)); err != nil {
		return nil, err
	}
	return append(append(make([]any, 0, len(a)+len(b)), a...), b...), nil
}

// repeat is v * n for texts, lists and tuples.
func (r *state) repeat(v any, n int64) (any, bool, error) {
	n = max(n, 0)
	count := int(min(n, 1<<31-1))
	switch x := v.(type) {
	case string, markup:
		s, _ := asText(x)
		if err := r.growTimes(count, len(s)); err != nil {
			return nil, false, err
		}
		if s == "" {
			count = 0
		}
		return keepMarkup(x, strings.Repeat(s, count)), true, nil
	case []any, *list:
		items, _ := asList(x)
		repeated, err := r.repeatList(items, count)
		return r.own(repeated), true, err
	case tuple:
		repeated, err := r.repeatList(x, count)
		return tuple(repeated), true, err
	}
	return nil, false, nil
}

func (r *budget) repeatList(list []any, count int) ([]any, error) {
	if len(list) == 0 || count == 0 {
		return []any{}, nil
	}
	if count > r.limits.Steps/len(list) {
		return nil, fmt.Errorf("a list of more than %d elements is too long", r.limits.Steps)
	}
	if err := r.tick(count * len(list)); err != nil {
		return nil, err
	}
	repeated := make([]any, 0, count*len(list))
	for range count {
		repeated = append(repeated, list...)
	}
	return repeated, nil
}

// signed is +v or -v.
func signedValue(v any, minus bool) (any, error) {
	switch n := number(v).(type) {
	case int64:
		if !minus {
			return n, nil
		}
		if n == -n && n != 0 {
			return new(big.Int).Neg(big.NewInt(n)), nil
		}
		return -n, nil
	case float64:
		if minus {
			return -n, nil
		}
		return n, nil
	case *big.Int:
		if minus {
			return shrink(new(big.Int).Neg(n)), nil
		}
		return n, nil
	}
	if u, ok := v.(*undefined); ok {
		return nil, u.error()
	}
	return nil, fmt.Errorf("%s has no sign: it is no number", article(typeName(v)))
}
