package value

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// InOrder returns pairs sorted by their keys, as far as those have an order.
func InOrder(pairs []Pair) []Pair {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b Pair) int {
		x, y := Number(a.Key), Number(b.Key)
		if x != nil && y != nil {
			return orderNumbers(x, y)
		}
		s, text := AsText(a.Key)
		t, text2 := AsText(b.Key)
		if text && text2 {
			return strings.Compare(s, t)
		}
		return strings.Compare(pythonType(a.Key), pythonType(b.Key))
	})
	return pairs
}

// pythonType is what Python calls the type of a key.
func pythonType(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case string:
		return "str"
	}
	return TypeName(v)
}

// Keyed is an element with what it is ordered by.
type Keyed struct{ Key, Value any }

// SortKeyed orders stably, also in reverse.
func SortKeyed(meter *budget.Budget, all []Keyed, reverse bool) error {
	var failed error
	slices.SortStableFunc(all, func(a, b Keyed) int {
		if failed != nil {
			return 0
		}
		c, err := order(meter, OpLess, a.Key, b.Key)
		if err != nil {
			failed = err
			return 0
		}
		if c == unordered {
			return 0
		}
		if reverse {
			return -c
		}
		return c
	})
	return failed
}

// KeyedValues are the elements without what they are ordered by.
func KeyedValues(all []Keyed) []any {
	values := make([]any, len(all))
	for i, k := range all {
		values[i] = k.Value
	}
	return values
}
