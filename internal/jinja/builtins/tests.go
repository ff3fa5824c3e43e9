package builtins

import (
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// typed is a test without arguments.
func typed(name string, holds func(any) bool) *runtime.Test {
	return &runtime.Test{Signature: runtime.Signature{Name: name}, Apply: func(_ *runtime.State, v any, _ value.Args) (bool, error) {
		return holds(v), nil
	}}
}

func typeTests() []*runtime.Test {
	tests := []*runtime.Test{
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
	escaped.Markup = true
	return append(tests, escaped)
}

func valueTests() []*runtime.Test {
	one := func(name, param string, apply func(*runtime.State, any, value.Args) (bool, error)) *runtime.Test {
		return &runtime.Test{Signature: runtime.Signature{Name: name, Params: []string{param}, Required: 1}, Apply: apply}
	}
	compared := func(name string, op value.Operator) *runtime.Test {
		t := one(name, "other", func(r *runtime.State, v any, a value.Args) (bool, error) {
			return value.Compare(r.Budget, op, v, a.Values[0])
		})
		t.Unnamed = true
		return t
	}
	return []*runtime.Test{
		compared("eq", value.OpEqual),
		compared("ne", value.OpNotEqual),
		compared("lt", value.OpLess),
		compared("le", value.OpLessEqual),
		compared("gt", value.OpGreater),
		compared("ge", value.OpGreaterEqual),
		one("in", "seq", func(r *runtime.State, v any, a value.Args) (bool, error) {
			return value.Contains(r.Budget, a.Values[0], v)
		}),
		one("sameas", "other", func(_ *runtime.State, v any, a value.Args) (bool, error) { return value.Is(v, a.Values[0]), nil }),
		one("divisibleby", "num", func(r *runtime.State, v any, a value.Args) (bool, error) { return leaves(r, v, a.Values[0], 0) }),
		{Signature: runtime.Signature{Name: "even"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) { return leaves(r, v, int64(2), 0) }},
		{Signature: runtime.Signature{Name: "odd"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) { return leaves(r, v, int64(2), 1) }},
		{Signature: runtime.Signature{Name: "lower"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) {
			s, err := value.Text(r.Budget, v)
			return value.IsLower(s), err
		}},
		{Signature: runtime.Signature{Name: "upper"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) {
			s, err := value.Text(r.Budget, v)
			return value.IsUpper(s), err
		}},
		{Signature: runtime.Signature{Name: "filter"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) {
			name, err := value.HashKey(v)
			s, ok := name.(string)
			return ok && r.Library.Filters[s] != nil, err
		}},
		{Signature: runtime.Signature{Name: "test"}, Apply: func(r *runtime.State, v any, _ value.Args) (bool, error) {
			name, err := value.HashKey(v)
			s, ok := name.(string)
			return ok && r.Library.Tests[s] != nil, err
		}},
	}
}

// leaves reports whether the remainder of v divided by n is rest.
func leaves(r *runtime.State, v, n any, rest int64) (bool, error) {
	remainder, err := r.Binary(value.OpModulo, v, n)
	if err != nil {
		return false, err
	}
	return value.Equal(r.Budget, remainder, rest)
}
