package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strings"
)

// compare is left op right for one comparison.
func (r *budget) compare(op operator, left, right any) (bool, error) {
	switch op {
	case opEqual:
		return r.equal(left, right)
	case opNotEqual:
		same, err := r.equal(left, right)
		return !same, err
	case opIn:
		return r.contains(right, left)
	case opNotIn:
		found, err := r.contains(right, left)
		return !found, err
	}
	c, err := r.order(op, left, right)
	switch op {
	case opLess:
		return c == -1, err
	case opLessEqual:
		return c == -1 || c == 0, err
	case opGreater:
		return c == 1, err
	}
	return c == 1 || c == 0, err
}

// unordered is the order of two floats one of which is not a number.
const unordered = 2

// order is -1, 0, 1 or unordered.
func (r *budget) order(op operator, left, right any) (int, error) {
	if err := r.tick(1); err != nil {
		return 0, err
	}
	if x, y := number(left), number(right); x != nil && y != nil {
		return orderNumbers(x, y), nil
	}
	if a, ok := asText(left); ok {
		if b, ok := asText(right); ok {
			return strings.Compare(a, b), nil
		}
	}
	a, ok := asSequence(left)
	b, ok2 := asSequence(right)
	_, list := asList(left)
	_, list2 := asList(right)
	if ok && ok2 && list == list2 {
		return r.orderLists(op, a, b)
	}
	for _, v := range [...]any{left, right} {
		switch u := v.(type) {
		case *undefined:
			return 0, u.error()
		case *failure:
			return 0, u.error()
		}
	}
	return 0, fmt.Errorf("%s %s %s does not work: they have no order", typeName(left), op, typeName(right))
}

func (r *budget) orderLists(op operator, a, b []any) (int, error) {
	if err := r.enter("a comparison"); err != nil {
		return 0, err
	}
	defer r.leave()
	for i := range min(len(a), len(b)) {
		same, err := r.equal(a[i], b[i])
		if err != nil {
			return 0, err
		}
		if !same {
			return r.order(op, a[i], b[i])
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

// exact is a number without rounding, or nil for what is not a number.
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

// equal is Python's ==, which never fails: what can't be compared differs.
func (r *budget) equal(left, right any) (bool, error) {
	switch a := left.(type) {
	case string:
		if b, ok := right.(string); ok {
			return a == b, nil
		}
	case nil:
		return right == nil, nil
	}
	if err := r.tick(1); err != nil {
		return false, err
	}
	if x := number(left); x != nil {
		if y := number(right); y != nil {
			return orderNumbers(x, y) == 0, nil
		}
		return false, nil
	}
	if a, ok := asText(left); ok {
		b, ok := asText(right)
		return ok && a == b, nil
	}
	if a, ok := asSequence(left); ok {
		b, ok := asSequence(right)
		_, list := asList(left)
		_, list2 := asList(right)
		if !ok || list != list2 || len(a) != len(b) {
			return false, nil
		}
		return r.equalLists(a, b)
	}
	if a, ok := asMapping(left); ok {
		b, ok := asMapping(right)
		if !ok || a.Len() != b.Len() {
			return false, nil
		}
		return r.equalMappings(left, right)
	}
	switch a := left.(type) {
	case *undefined:
		_, ok := right.(*undefined)
		return ok, nil
	case *view:
		if b, ok := right.(*view); ok && a.kind != "values" && b.kind != "values" {
			return r.equalViews(a, b)
		}
	case span:
		b, ok := right.(span)
		return ok && a.count == b.count && (a.count == 0 || a.start == b.start && (a.count == 1 || a.step == b.step)), nil
	}
	return identical(left, right), nil
}

func (r *budget) equalLists(a, b []any) (bool, error) {
	if err := r.enter("a comparison"); err != nil {
		return false, err
	}
	defer r.leave()
	for i := range a {
		if same, err := r.equal(a[i], b[i]); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *budget) equalMappings(left, right any) (bool, error) {
	if err := r.enter("a comparison"); err != nil {
		return false, err
	}
	defer r.leave()
	pairs, _ := pairsOf(left)
	for _, p := range pairs {
		v, ok, err := member(right, p.key)
		if !ok || err != nil {
			return false, nil // a key that can't be one is in no mapping
		}
		if same, err := r.equal(p.val, v); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

// equalViews compares the keys or the items of two mappings, which are sets.
func (r *budget) equalViews(a, b *view) (bool, error) {
	if len(a.items) != len(b.items) {
		return false, nil
	}
	for _, v := range a.items {
		if found, err := r.contains(b, v); !found || err != nil {
			return false, err
		}
	}
	return true, nil
}

// identical compares the objects that exist only within a template: each is its
// own.
func identical(left, right any) bool {
	switch a := left.(type) {
	case *iterator:
		b, ok := right.(*iterator)
		return ok && a == b
	case *namespace:
		b, ok := right.(*namespace)
		return ok && a == b
	case *failure:
		b, ok := right.(*failure)
		return ok && a == b
	case *list:
		b, ok := right.(*list)
		return ok && a == b
	case *view:
		b, ok := right.(*view)
		return ok && a == b
	case object:
		return left == right
	}
	return false
}

// contains is Python's "v in container".
func (r *budget) contains(container, v any) (bool, error) {
	if s, ok := asText(container); ok {
		part, ok := asText(v)
		if !ok {
			return false, fmt.Errorf("only a string can be in a string, not %s", article(typeName(v)))
		}
		return strings.Contains(s, part), r.look(s)
	}
	if _, ok := asMapping(container); ok {
		_, found, err := member(container, v)
		return found, err
	}
	if keys, ok := container.(*view); ok && keys.kind == "keys" {
		if _, err := hashable(v); err != nil {
			return false, err
		}
	}
	it, err := r.iterate(container)
	if err != nil {
		return false, err
	}
	for {
		element, ok, err := it.next()
		if !ok || err != nil {
			return false, err
		}
		if same, err := r.equal(element, v); same || err != nil {
			return same, err
		}
	}
}
