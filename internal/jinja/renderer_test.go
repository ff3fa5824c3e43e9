package jinja

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func variables(v map[string]any) *Renderer { return New(Options{Variables: v}) }

func TestErrorsNameTheirPlace(t *testing.T) {
	r := variables(map[string]any{"d": map[string]any{"a": int64(1)}, "lst": []any{int64(1)}})
	for _, c := range []struct {
		source       string
		line, column int
		message      string
	}{
		{"{{ nope }}", 1, 4, `"nope" is undefined`},
		{"{{ d.b.c }}", 1, 6, `a dict has no "b"`},
		{"ä{{ d.b.c }}", 1, 7, `a dict has no "b"`},
		{"{{ [d.b.c] }}", 1, 7, `a dict has no "b"`},
		{"{% set x = nope %}\n{{ x.y }}", 1, 12, `"nope" is undefined`},
		{"{% set ticket_id = 1 %}\n{{ d.a + tiket_id }}", 2, 10, `"tiket_id" is undefined: did you mean "ticket_id"?`},
		{"{{ 'x'.uper() }}", 1, 8, `a string has no "uper": did you mean "upper"?`},
		{"{{ lst[0] + lst[5] }}", 1, 16, `a list has no 5`},
		{"{{ get_pipe_resul('a') }}", 1, 4, `did you mean "get_pipe_result"?`},
		{"{{ env.HOME }}", 1, 4, `get_env('NAME')`},
		{"{% for x in lst %}{{ loop.idx.y }}{% endfor %}", 1, 27, `a loop has no "idx": did you mean "index"?`},
		{"{{ d && lst }}", 1, 6, `unexpected '&': write "and"`},
		{"{{ d || lst }}", 1, 7, `unexpected "|", expected the name of a filter: write "or" between conditions`},
		{"{{ !d }}", 1, 4, `unexpected '!': write "not"`},
		{"{{ d ? 1 : 2 }}", 1, 6, `unexpected '?': write "a if condition else b"`},
		{"a\r\nb {{ 1 / 0 }}", 2, 8, "division by zero"},
		{"{% if d %}\n  {{ 'a' + 1 }}\n{% endif %}", 2, 10, "string + int"},
		{"{{ lst | sort(atribute='x') }}", 1, 10, `sort takes no argument "atribute": did you mean "attribute"?`},
		{"{{ lst | uper }}", 1, 10, `did you mean "upper"?`},
		{"{{ lst is defind }}", 1, 11, `did you mean "defined"?`},
		{"{{ 1 +", 1, 1, "the tag has no end"},
		{"{{ 1 + }}", 1, 8, "unexpected end of tag, expected an expression"},
		{"{% for x in lst %}{{ x }}", 1, 26, `the for block has no end: add "{% endfor %}"`},
		{"{% fro x in lst %}", 1, 4, `there is no tag "fro": did you mean "for"?`},
		{"{% endif %}", 1, 4, `no block here`},
		{"{% include '/etc/passwd' %}", 1, 4, "can't load another one"},
		{"{{ [1, 2) }}", 1, 9, `unexpected ')', expected ']'`},
		{"{{ 'abc }}", 1, 4, "the string has no end"},
		{"{{ 5 $ 3 }}", 1, 6, "unexpected character '$'"},
		{"{# never", 1, 1, "the comment has no end"},
		{"{% raw %}{{ x }}", 1, 1, "the raw block has no end"},
		{"{{ lst | map('upper') | length }}", 1, 25, `put "| list" before it`},
		{"{{ d.items }}", 1, 4, "call it with ()"},
		{"{{ [nope] }}", 1, 5, `"nope" is undefined`},
		{"{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", 1, 35, "takes at most one argument, not 2"},
		{"{% set a, b = [1] %}", 1, 8, "1 values can't be unpacked into 2 names"},
	} {
		_, err := render(r, api.Scope{}, c.source)
		var placed *api.TemplateError
		if !errors.As(err, &placed) {
			t.Errorf("%q: %v, want an error with its place", c.source, err)
			continue
		}
		if placed.Line != c.line || placed.Column != c.column || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%q: %v, want %d:%d: …%s…", c.source, err, c.line, c.column, c.message)
		}
	}
}

func TestValuesKeepTheirTypes(t *testing.T) {
	huge, _ := new(big.Int).SetString("1180591620717411303424", 10)
	r := variables(map[string]any{
		"n":    7, // an int from Go code
		"list": []any{1, "a"},
		"map":  map[string]any{"b": int64(2), "a": nil},
		"text": "12345",
	})
	for _, c := range []struct {
		source string
		text   string
		value  any
	}{
		{"", "", nil},
		{"\n", "", nil},
		{"{% if false %}x{% endif %}", "", nil},
		{"plain", "plain", "plain"},
		{"12", "12", int64(12)},
		{"{{ text }}", "12345", int64(12345)},
		{"No. {{ text }}", "No. 12345", "No. 12345"},
		{"{{ nope }}, please", ", please", ", please"},
		{"{{ none }}", "None", nil},
		{"{{ n }}", "7", int64(7)},
		{"{{ n + 1 }}", "8", int64(8)},
		{"{{ n == 7 and n in [7] and {7: 'x'}[n] == 'x' }}", "True", true},
		{"{{ list }}", "[1, 'a']", []any{int64(1), "a"}},
		{"{{ map }}", "{'a': None, 'b': 2}", map[string]any{"a": nil, "b": int64(2)}},
		{"{{ {'z': 1, 'a': (1, 2)} }}", "{'z': 1, 'a': (1, 2)}", map[string]any{"z": int64(1), "a": []any{int64(1), int64(2)}}},
		{"{{ map.items() }}", "dict_items([('a', None), ('b', 2)])", []any{[]any{"a", nil}, []any{"b", int64(2)}}},
		{"{{ range(3) }}", "range(0, 3)", []any{int64(0), int64(1), int64(2)}},
		{"{{ list | map('string') }}", "['1', 'a']", []any{"1", "a"}},
		{"{{ '<' | e }}", "&lt;", "&lt;"},
		{"{{ ['<' | e] }}", "[Markup('&lt;')]", []any{"&lt;"}},
		{"{{ 2 ** 70 }}", "1180591620717411303424", huge},
		{"{{ -9223372036854775808 - 1 + 1 }}", "-9223372036854775808", int64(-9223372036854775808)},
		{"{{ 9223372036854775807 + 1 - 1 }}", "9223372036854775807", int64(9223372036854775807)},
	} {
		out, err := render(r, api.Scope{}, c.source)
		if err != nil {
			t.Errorf("%q: %v", c.source, err)
			continue
		}
		if diff := sameValue(c.value, out.Value); diff != "" || out.Text != c.text {
			t.Errorf("%q: text %q, want %q; value (-want +got)\n%s", c.source, out.Text, c.text, diff)
		}
		parsed, err := r.Parse(c.source)
		if err != nil {
			t.Fatal(err)
		}
		if alone, ok := parsed.(*eval.Template); ok { // a plain text is none
			got, err := alone.RenderValue(t.Context(), api.Scope{})
			if diff := sameValue(c.value, got); diff != "" || err != nil {
				t.Errorf("%q: without its text, error %v (-want +got)\n%s", c.source, err, diff)
			}
		}
	}
}

func TestDictLiteralsKeepTheirOrder(t *testing.T) {
	out, err := render(New(Options{}), api.Scope{}, "{{ {'z': 1, 'a': {'y': 2, 'b': 3}, 5: 'five'} }}")
	if err != nil {
		t.Fatal(err)
	}
	d, ok := out.Value.(*value.Dict)
	if !ok {
		t.Fatalf("%T, want a *Dict", out.Value)
	}
	if got := strings.Join(d.Keys(), " "); got != "z a 5" || d.Len() != 3 {
		t.Errorf("keys %q, length %d", got, d.Len())
	}
	if v, ok := d.Get("5"); !ok || v != "five" {
		t.Errorf(`Get("5") = %v, %v`, v, ok)
	}
	if _, ok := d.Get("nope"); ok {
		t.Error(`Get("nope") found something`)
	}
	inner, _ := d.Get("a")
	if got := strings.Join(inner.(*value.Dict).Keys(), " "); got != "y b" {
		t.Errorf("inner keys %q", got)
	}
}

func TestLargeDictsFindTheirKeys(t *testing.T) {
	d := &value.Dict{}
	for i := range 100 {
		for range 2 {
			if err := d.Put(int64(i), i); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v, ok := d.Lookup(int64(73)); d.Len() != 100 || !ok || v != 73 {
		t.Errorf("length %d, element 73 is %v", d.Len(), v)
	}
}

func TestPlainStringsSkipTheEngine(t *testing.T) {
	r := New(Options{})
	for _, source := range []string{"", "text", "{ not }", "{", "100 %", "}}{"} {
		if HasTemplate(source) {
			t.Errorf("HasTemplate(%q)", source)
		}
		if _, err := r.Parse(source); err != nil {
			t.Errorf("%q: %v", source, err)
		}
	}
	if len(r.parsed) != 0 {
		t.Errorf("%d plain strings are cached", len(r.parsed))
	}
	for _, source := range []string{"{{ x }}", "a {% x", "{# c #}", "{{{"} {
		if !HasTemplate(source) {
			t.Errorf("not HasTemplate(%q)", source)
		}
	}
}

func TestParsedTemplatesAreKeptWithinABound(t *testing.T) {
	r := New(Options{})
	first, err := r.Parse("{{ 1 }}")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := r.Parse("{{ 1 }}"); again != first {
		t.Error("the same source was parsed twice")
	}
	for i := range maxCached + 50 {
		if _, err := r.Parse(fmt.Sprintf("{{ %d }}", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.parsed) != maxCached {
		t.Errorf("%d templates are kept, want %d", len(r.parsed), maxCached)
	}
}

func TestOneTemplateServesManyAtOnce(t *testing.T) {
	s, r, scope := suiteRenderer(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, c := range s.Cases {
				out, err := render(r, scope, c.T)
				if err == nil && c.Native.has("s") {
					if diff := sameValue(c.Native.value(t), out.Value); diff != "" {
						t.Errorf("%q: %s", c.T, diff)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestTemplatesReachNoGoValue(t *testing.T) {
	type ticket struct{ Secret string }
	r := variables(map[string]any{"t": &ticket{"s3cret"}, "s": ticket{"s3cret"}})
	for _, source := range []string{"{{ t.Secret }}", "{{ t['Secret'] }}", "{{ s.Secret }}x", "{{ t ~ s }}", "{{ t | attr('Secret') }}x", "{{ t | list }}", "{{ t | tojson }}"} {
		if out, err := render(r, api.Scope{}, source); strings.Contains(out.Text, "s3cret") || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q = %q, %v", source, out.Text, err)
		}
	}
}

func TestTheScopeStaysAsItIs(t *testing.T) {
	list := []any{int64(3), int64(1)}
	data := map[string]any{"value": list}
	scope := api.Scope{}.WithResult("p", api.Success(data))
	for _, source := range []string{
		"{{ get_pipe_result('p') | sort }}", "{{ get_pipe_result('p') | reverse | list }}",
		"{{ get_pipe_result('p') + [5] }}", "{{ get_pipe_result('p') | batch(1) | list }}",
		"{% set x = get_pipe_result('p') %}{% set x = x + x %}{{ x }}", "{{ dict(pipe_results.p.data, value=1) }}",
	} {
		if _, err := render(New(Options{}), scope, source); err != nil {
			t.Errorf("%q: %v", source, err)
		}
	}
	if diff := sameValue(map[string]any{"value": []any{int64(3), int64(1)}}, data); diff != "" {
		t.Error(diff)
	}
}

func TestCancelledContextsEndTemplates(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	parsed, err := New(Options{}).Parse("{{ 1 }}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Render(ctx, api.Scope{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was canceled", err)
	}
}
