package jinja

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func addSources(f *testing.F) {
	f.Helper()
	s, _, _ := suiteRenderer(f)
	for i, c := range s.Cases {
		if i%5 == 0 {
			f.Add(c.T)
		}
	}
	f.Add("{% raw -%} {{ }} {%- endraw +%}")
	f.Add("{% macro m(a, b=[1, *c]) %}{{ caller(varargs, kwargs) }}{% endmacro %}")
	f.Add("{{ '%(a)-5.2f' % {'a': 1} ~ '{0[a]:>{w}}'.format(d, w=9) }}")
}

func FuzzParse(f *testing.F) {
	addSources(f)
	r := New(Options{})
	f.Fuzz(func(t *testing.T, source string) {
		parsed, err := r.Parse(source)
		var placed *api.TemplateError
		if err != nil && !errors.As(err, &placed) {
			t.Fatalf("%q: %v has no place", source, err)
		}
		if err == nil && parsed == nil {
			t.Fatalf("%q: neither a template nor an error", source)
		}
	})
}

func FuzzRender(f *testing.F) {
	addSources(f)
	_, full, scope := suiteRenderer(f)
	r := New(Options{
		Variables: full.environment.Variables,
		Limits:    Limits{Steps: 20_000, Output: 1 << 18, Range: 1000, Time: time.Second},
	})
	f.Fuzz(func(t *testing.T, source string) {
		parsed, err := r.Parse(source)
		if err != nil {
			return
		}
		start := time.Now()
		out, err := parsed.Render(context.Background(), scope)
		if took := time.Since(start); took > time.Minute { // a second, and what a busy machine adds
			t.Fatalf("%q took %s", source, took)
		}
		var placed *api.TemplateError
		if err != nil && !errors.As(err, &placed) {
			t.Fatalf("%q: %v has no place", source, err)
		}
		if err == nil {
			mustBePlain(t, out.Value)
		}
	})
}

// mustBePlain fails for values that must not leave a template.
func mustBePlain(t *testing.T, v any) {
	t.Helper()
	switch x := v.(type) {
	case []any:
		for _, element := range x {
			mustBePlain(t, element)
		}
	case *value.Dict:
		for _, key := range x.Keys() {
			element, ok := x.Get(key)
			if !ok {
				t.Fatalf("the key %q has no value", key)
			}
			mustBePlain(t, element)
		}
	case nil, bool, float64, string:
	default:
		if value.TypeName(v) != "dict" && !value.IsInteger(v) {
			t.Fatalf("%T is not plain", v)
		}
	}
}
