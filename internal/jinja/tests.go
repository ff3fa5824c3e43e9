package jinja

import (
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// typed is a test that only looks at the value.
func typed(name string, holds func(any) bool) *test {
	return &test{signature: signature{name: name}, apply: func(_ *state, v any, _ value.Args) (bool, error) {
		return holds(v), nil
	}}
}

func typeTests() []*test {
	tests := []*test{
		typed("defined", func(v any) bool { return !value.IsUndefined(v) }),
		typed("undefined", value.IsUndefined),
		typed("none", func(v any) bool { return v == nil }),
		typed("true", func(v any) bool { return v == true }),
		typed("false", func(v any) bool { return v == false }),
		typed("boolean", func(v any) bool { _, ok := v.(bool); return ok }),
		typed("integer", value.IsInteger),
		typed("float", func(v any) bool { _, ok := v.(float64); return ok }),
		typed("number", func(v any) bool { return value.Number(v) != nil }),
		typed("string", value.IsText),
		typed("mapping", value.IsMapping),
		typed("sequence", value.IsSequence),
		typed("iterable", value.IsIterable),
		typed("callable", value.IsCallable),
	}
	escaped := typed("escaped", func(v any) bool { _, ok := v.(value.Markup); return ok })
	escaped.markup = true
	return append(tests, escaped)
}

func valueTests() []*test {
	one := func(name, param string, apply func(*state, any, value.Args) (bool, error)) *test {
		return &test{signature: signature{name: name, params: []string{param}, required: 1}, apply: apply}
	}
	compared := func(name string, op value.Operator) *test {
		t := one(name, "other", func(r *state, v any, a value.Args) (bool, error) { return value.Compare(r.Budget, op, v, a.Values[0]) })
		t.unnamed = true
		return t
	}
	return []*test{
		compared("eq", value.OpEqual),
		compared("ne", value.OpNotEqual),
		compared("lt", value.OpLess),
		compared("le", value.OpLessEqual),
		compared("gt", value.OpGreater),
		compared("ge", value.OpGreaterEqual),
		one("in", "seq", func(r *state, v any, a value.Args) (bool, error) { return value.Contains(r.Budget, a.Values[0], v) }),
		one("sameas", "other", func(_ *state, v any, a value.Args) (bool, error) { return value.Is(v, a.Values[0]), nil }),
		one("divisibleby", "num", func(r *state, v any, a value.Args) (bool, error) { return r.leaves(v, a.Values[0], 0) }),
		{signature: signature{name: "even"}, apply: func(r *state, v any, _ value.Args) (bool, error) { return r.leaves(v, int64(2), 0) }},
		{signature: signature{name: "odd"}, apply: func(r *state, v any, _ value.Args) (bool, error) { return r.leaves(v, int64(2), 1) }},
		{signature: signature{name: "lower"}, apply: func(r *state, v any, _ value.Args) (bool, error) {
			s, err := value.Text(r.Budget, v)
			return value.IsLower(s), err
		}},
		{signature: signature{name: "upper"}, apply: func(r *state, v any, _ value.Args) (bool, error) {
			s, err := value.Text(r.Budget, v)
			return value.IsUpper(s), err
		}},
		{signature: signature{name: "filter"}, apply: func(r *state, v any, _ value.Args) (bool, error) {
			name, err := value.HashKey(v)
			s, ok := name.(string)
			return ok && r.lib.filters[s] != nil, err
		}},
		{signature: signature{name: "test"}, apply: func(r *state, v any, _ value.Args) (bool, error) {
			name, err := value.HashKey(v)
			s, ok := name.(string)
			return ok && r.lib.tests[s] != nil, err
		}},
	}
}

// leaves reports whether v divided by n leaves rest.
func (r *state) leaves(v, n any, rest int64) (bool, error) {
	remainder, err := r.binary(value.OpModulo, v, n)
	if err != nil {
		return false, err
	}
	return value.Equal(r.Budget, remainder, rest)
}
