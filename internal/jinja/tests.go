package jinja

import (
	"math/big"
)

// typed is a test that only looks at the value.
func typed(name string, holds func(any) bool) *test {
	return &test{signature: signature{name: name}, apply: func(_ *state, v any, _ args) (bool, error) {
		return holds(v), nil
	}}
}

func isUndefined(v any) bool { _, ok := v.(*undefined); return ok }

func isInteger(v any) bool {
	switch v.(type) {
	case int64, int, *big.Int:
		return true
	}
	return false
}

func isText(v any) bool { _, ok := asText(v); return ok }

func isMapping(v any) bool { _, ok := asMapping(v); return ok }

func isCallable(v any) bool {
	switch v.(type) {
	case callable, *undefined: // Jinja2 finds what is missing callable
		return true
	}
	return false
}

func isSequence(v any) bool {
	switch v.(type) {
	case *view:
		return false
	case iterable:
		return false
	}
	_, err := length(v)
	return err == nil
}

func isIterable(v any) bool {
	switch v.(type) {
	case *iterator, *view:
		return true
	}
	return isSequence(v)
}

func typeTests() []*test {
	tests := []*test{
		typed("defined", func(v any) bool { return !isUndefined(v) }),
		typed("undefined", isUndefined),
		typed("none", func(v any) bool { return v == nil }),
		typed("true", func(v any) bool { return v == true }),
		typed("false", func(v any) bool { return v == false }),
		typed("boolean", func(v any) bool { _, ok := v.(bool); return ok }),
		typed("integer", isInteger),
		typed("float", func(v any) bool { _, ok := v.(float64); return ok }),
		typed("number", func(v any) bool { return number(v) != nil }),
		typed("string", isText),
		typed("mapping", isMapping),
		typed("sequence", isSequence),
		typed("iterable", isIterable),
		typed("callable", isCallable),
	}
	escaped := typed("escaped", func(v any) bool { _, ok := v.(markup); return ok })
	escaped.markup = true
	return append(tests, escaped)
}

func valueTests() []*test {
	one := func(name, param string, apply func(*state, any, args) (bool, error)) *test {
		return &test{signature: signature{name: name, params: []string{param}, required: 1}, apply: apply}
	}
	compared := func(name string, op operator) *test {
		t := one(name, "other", func(r *state, v any, a args) (bool, error) { return r.compare(op, v, a.values[0]) })
		t.unnamed = true
		return t
	}
	return []*test{
		compared("eq", opEqual),
		compared("ne", opNotEqual),
		compared("lt", opLess),
		compared("le", opLessEqual),
		compared("gt", opGreater),
		compared("ge", opGreaterEqual),
		one("in", "seq", func(r *state, v any, a args) (bool, error) { return r.contains(a.values[0], v) }),
		one("sameas", "other", func(_ *state, v any, a args) (bool, error) { return same(v, a.values[0]), nil }),
		one("divisibleby", "num", func(r *state, v any, a args) (bool, error) { return r.leaves(v, a.values[0], 0) }),
		{signature: signature{name: "even"}, apply: func(r *state, v any, _ args) (bool, error) { return r.leaves(v, int64(2), 0) }},
		{signature: signature{name: "odd"}, apply: func(r *state, v any, _ args) (bool, error) { return r.leaves(v, int64(2), 1) }},
		{signature: signature{name: "lower"}, apply: func(r *state, v any, _ args) (bool, error) {
			s, err := r.text(v)
			return isLower(s), err
		}},
		{signature: signature{name: "upper"}, apply: func(r *state, v any, _ args) (bool, error) {
			s, err := r.text(v)
			return isUpper(s), err
		}},
		{signature: signature{name: "filter"}, apply: func(r *state, v any, _ args) (bool, error) {
			name, err := hashable(v)
			s, ok := name.(string)
			return ok && r.lib.filters[s] != nil, err
		}},
		{signature: signature{name: "test"}, apply: func(r *state, v any, _ args) (bool, error) {
			name, err := hashable(v)
			s, ok := name.(string)
			return ok && r.lib.tests[s] != nil, err
		}},
	}
}

// leaves reports whether v divided by n leaves rest.
func (r *state) leaves(v, n any, rest int64) (bool, error) {
	remainder, err := r.binary(opModulo, v, n)
	if err != nil {
		return false, err
	}
	return r.equal(remainder, rest)
}

// same is Python's "is", as far as values here have an identity: numbers and text
// are the same when they are equal and of one type, a list only with itself.
func same(v, other any) bool {
	switch a := v.(type) {
	case nil, bool, int64, int, float64, string:
		return typeName(v) == typeName(other) && isScalar(other) && v == other
	case []any:
		b, ok := other.([]any)
		return ok && len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
	case *list:
		b, ok := other.(*list)
		return ok && a == b
	case *Dict:
		b, ok := other.(*Dict)
		return ok && a == b
	}
	return identical(v, other)
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, bool, int64, int, float64, string:
		return true
	}
	return false
}
