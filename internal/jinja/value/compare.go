package value

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// Compare is left op right for one comparison.
func Compare(meter *budget.Budget, op Operator, left, right any) (bool, error) {
	switch op {
	case OpEqual:
		return Equal(meter, left, right)
	case OpNotEqual:
		same, err := Equal(meter, left, right)
		return !same, err
	case OpIn:
		return Contains(meter, right, left)
	case OpNotIn:
		found, err := Contains(meter, right, left)
		return !found, err
	}
	c, err := order(meter, op, left, right)
	switch op {
	case OpLess:
		return c == -1, err
	case OpLessEqual:
		return c == -1 || c == 0, err
	case OpGreater:
		return c == 1, err
	}
	return c == 1 || c == 0, err
}

// unordered is the order of two floats if one is NaN.
const unordered = 2

// order is -1, 0, 1 or unordered.
func order(meter *budget.Budget, op Operator, left, right any) (int, error) {
	if err := meter.Step(1); err != nil {
		return 0, err
	}
	if x, y := Number(left), Number(right); x != nil && y != nil {
		return orderNumbers(x, y), nil
	}
	if a, ok := AsText(left); ok {
		if b, ok := AsText(right); ok {
			return strings.Compare(a, b), nil
		}
	}
	a, ok := AsSequence(left)
	b, ok2 := AsSequence(right)
	_, list := AsList(left)
	_, list2 := AsList(right)
	if ok && ok2 && list == list2 {
		return orderLists(meter, op, a, b)
	}
	for _, v := range [...]any{left, right} {
		switch u := v.(type) {
		case *Undefined:
			return 0, u.Err()
		case *FailMark:
			return 0, u.Err()
		}
	}
	return 0, fmt.Errorf("%s %s %s does not work: they have no order", TypeName(left), op, TypeName(right))
}

func orderLists(meter *budget.Budget, op Operator, a, b []any) (int, error) {
	if err := meter.Enter("a comparison"); err != nil {
		return 0, err
	}
	defer meter.Leave()
	for i := range min(len(a), len(b)) {
		same, err := Equal(meter, a[i], b[i])
		if err != nil {
			return 0, err
		}
		if !same {
			return order(meter, op, a[i], b[i])
		}
	}
	return orderNumbers(int64(len(a)), int64(len(b))), nil
}

func orderNumbers(x, y any) int {
	if a, ok := x.(int64); ok {
		if b, ok := y.(int64); ok {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
	}
	a, b := exact(x), exact(y)
	if a == nil || b == nil {
		return unordered
	}
	return a.Cmp(b)
}

// exact is a number without rounding, or nil for NaN.
func exact(n any) *big.Float {
	switch x := n.(type) {
	case float64:
		if math.IsNaN(x) {
			return nil
		}
		return big.NewFloat(x)
	case int64:
		return new(big.Float).SetInt64(x)
	case *big.Int:
		return new(big.Float).SetInt(x)
	}
	return nil
}

// Equal is Python's ==, which never fails: what can't be compared differs.
func Equal(meter *budget.Budget, left, right any) (bool, error) {
	switch a := left.(type) {
	case string:
		if b, ok := right.(string); ok {
			return a == b, nil
		}
	case nil:
		return right == nil, nil
	}
	if err := meter.Step(1); err != nil {
		return false, err
	}
	if x := Number(left); x != nil {
		if y := Number(right); y != nil {
			return orderNumbers(x, y) == 0, nil
		}
		return false, nil
	}
	if a, ok := AsText(left); ok {
		b, ok := AsText(right)
		return ok && a == b, nil
	}
	if a, ok := AsSequence(left); ok {
		b, ok := AsSequence(right)
		_, list := AsList(left)
		_, list2 := AsList(right)
		if !ok || list != list2 || len(a) != len(b) {
			return false, nil
		}
		return equalLists(meter, a, b)
	}
	if a, ok := AsMapping(left); ok {
		b, ok := AsMapping(right)
		if !ok || a.Len() != b.Len() {
			return false, nil
		}
		return equalMappings(meter, left, right)
	}
	switch a := left.(type) {
	case *Undefined:
		_, ok := right.(*Undefined)
		return ok, nil
	case *DictView:
		if b, ok := right.(*DictView); ok && a.Kind != "values" && b.Kind != "values" {
			return equalViews(meter, a, b)
		}
	case Range:
		b, ok := right.(Range)
		return ok && a.Count == b.Count && (a.Count == 0 || a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)), nil
	}
	return identical(left, right), nil
}

func equalLists(meter *budget.Budget, a, b []any) (bool, error) {
	if err := meter.Enter("a comparison"); err != nil {
		return false, err
	}
	defer meter.Leave()
	for i := range a {
		if same, err := Equal(meter, a[i], b[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func equalMappings(meter *budget.Budget, left, right any) (bool, error) {
	if err := meter.Enter("a comparison"); err != nil {
		return false, err
	}
	defer meter.Leave()
	pairs, _ := PairsOf(left)
	for _, p := range pairs {
		v, ok, err := Member(right, p.Key)
		if !ok || err != nil {
			return false, nil // what can't be a key is in no mapping
		}
		if same, err := Equal(meter, p.Value, v); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// equalViews compares the keys or the items of two mappings, which are sets.
func equalViews(meter *budget.Budget, a, b *DictView) (bool, error) {
	if len(a.Items) != len(b.Items) {
		return false, nil
	}
	for _, v := range a.Items {
		if found, err := Contains(meter, b, v); !found || err != nil {
			return false, err
		}
	}
	return true, nil
}

// identical compares objects that exist only within a template: each is equal to
// itself alone.
func identical(left, right any) bool {
	switch a := left.(type) {
	case *Iterator:
		b, ok := right.(*Iterator)
		return ok && a == b
	case *Namespace:
		b, ok := right.(*Namespace)
		return ok && a == b
	case *FailMark:
		b, ok := right.(*FailMark)
		return ok && a == b
	case *MutableList:
		b, ok := right.(*MutableList)
		return ok && a == b
	case *DictView:
		b, ok := right.(*DictView)
		return ok && a == b
	case Object:
		return left == right
	}
	return false
}

// Contains is Python's "v in container".
func Contains(meter *budget.Budget, container, v any) (bool, error) {
	if s, ok := AsText(container); ok {
		part, ok := AsText(v)
		if !ok {
			return false, fmt.Errorf("only a string can be in a string, not %s", WithArticle(TypeName(v)))
		}
		return strings.Contains(s, part), CountRead(meter, s)
	}
	if _, ok := AsMapping(container); ok {
		_, found, err := Member(container, v)
		return found, err
	}
	if keys, ok := container.(*DictView); ok && keys.Kind == "keys" {
		if _, err := HashKey(v); err != nil {
			return false, err
		}
	}
	it, err := Iterate(meter, container)
	if err != nil {
		return false, err
	}
	for {
		element, ok, err := it.Next()
		if !ok || err != nil {
			return false, err
		}
		if same, err := Equal(meter, element, v); same || err != nil {
			return same, err
		}
	}
}
