package jinja

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-ticket-ai/otai/internal/jinja/eval"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// expected is a value as testdata writes it: one of the keys s, i, f, b, n, l and
// d for plain values, u for undefined, o for a Python object, err for an error
// and raw for text that is not a literal.
type expected map[string]json.RawMessage

func (e expected) has(key string) bool { _, ok := e[key]; return ok }

// value is the plain value that e stands for, with mappings as map[string]any.
func (e expected) value(t *testing.T) any {
	t.Helper()
	decode := func(key string, into any) {
		t.Helper()
		if err := json.Unmarshal(e[key], into); err != nil {
			t.Fatal(err)
		}
	}
	var text string
	switch {
	case e.has("s"):
		decode("s", &text)
		return text
	case e.has("i"):
		decode("i", &text)
		n, ok := new(big.Int).SetString(text, 10)
		if !ok {
			t.Fatalf("%q is not an integer", text)
		}
		return value.Shrink(n)
	case e.has("f"):
		decode("f", &text)
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	case e.has("b"):
		var b bool
		decode("b", &b)
		return b
	case e.has("l"):
		var list []expected
		decode("l", &list)
		values := make([]any, len(list))
		for i := range list {
			values[i] = list[i].value(t)
		}
		return values
	case e.has("d"):
		var pairs [][2]expected
		decode("d", &pairs)
		m := map[string]any{}
		for _, p := range pairs {
			m[p[0].value(t).(string)] = p[1].value(t)
		}
		return m
	}
	return nil
}

// plainMaps turns the package's own mappings into Go maps for a comparison.
func plainMaps(v any) any {
	switch x := v.(type) {
	case *value.Dict:
		m := map[string]any{}
		for _, key := range x.Keys() {
			val, _ := x.Get(key)
			m[key] = plainMaps(val)
		}
		return m
	case []any:
		list := make([]any, len(x))
		for i := range x {
			list[i] = plainMaps(x[i])
		}
		return list
	}
	return v
}

func sameValue(a, b any) string {
	return cmp.Diff(a, plainMaps(b), cmp.Comparer(func(x, y *big.Int) bool { return x.Cmp(y) == 0 }))
}

func readTestdata(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// ordered decodes JSON into the values that templates see, mappings in their order.
func ordered(t testing.TB, data []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var next func() any
	next = func() any {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case json.Delim:
			list, d := []any{}, &value.Dict{}
			for decoder.More() {
				if x == '[' {
					list = append(list, next())
				} else if err := d.Put(next(), next()); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := decoder.Token(); err != nil {
				t.Fatal(err)
			}
			if x == '[' {
				return list
			}
			return d
		case json.Number:
			if n, err := x.Int64(); err == nil {
				return n
			}
			f, err := x.Float64()
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		return token
	}
	return next()
}

// goMap is a mapping of which only the first level is a Go map.
func goMap(v any) map[string]any {
	m := map[string]any{}
	pairs, _ := value.PairsOf(v)
	for _, p := range pairs {
		m[p.Key.(string)] = p.Value
	}
	return m
}

type suite struct {
	Ctx   json.RawMessage `json:"ctx"`
	Cases []struct {
		Cat    string   `json:"cat"`
		T      string   `json:"t"`
		Native expected `json:"native"`
		Plain  expected `json:"plain"`
	} `json:"cases"`
}

// suiteRenderer is a renderer and a scope with what the recorded cases saw.
func suiteRenderer(t testing.TB) (suite, *Renderer, api.Scope) {
	t.Helper()
	var s suite
	readTestdata(t, "suite.json", &s)
	variables := goMap(ordered(t, s.Ctx))
	scope := api.Scope{}.Enter(goMap(variables["parent_params"])).Enter(goMap(variables["params"]))
	for id, v := range goMap(variables["pipe_results"]) {
		m := goMap(v)
		status := api.Failed
		if m["succeeded"] == true {
			status = api.Succeeded
		} else if m["was_skipped"] == true {
			status = api.Skipped
		}
		scope = scope.WithResult(id, api.PipeResult{Status: status, Message: m["message"].(string), Data: goMap(m["data"])})
	}
	env := map[string]string{"MY_ENV": "envval", "NUM": "42"}
	r := New(Options{Variables: variables, Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	return s, r, scope
}

// differences are the recorded cases that this package answers otherwise on
// purpose, with the reason.
var differences = map[string]string{
	"...":  "Ellipsis is not a plain value: the text stays",
	"b'x'": "bytes are not a plain value: the text stays",

	"{{ (1e3[1:3] | sum(attribute='score')) }}": "Jinja2 folds constants and finds nothing; with a variable it is an error there too",
}

// textDifferences are cases whose text differs from that of a Jinja2 without
// native values, which escapes.
var textDifferences = map[string]string{
	"{% autoescape true %}{{ html }}{% endautoescape %}": "native values are not escaped",
}

func TestAnswersAsJinja2(t *testing.T) {
	s, r, scope := suiteRenderer(t)
	for _, c := range s.Cases {
		t.Run(c.Cat, func(t *testing.T) {
			out, err := render(r, scope, c.T)
			mustAnswer(t, c.T, c.Native, out, err)
			if err == nil && textDifferences[c.T] == "" && c.Plain.value(t) != any(out.Text) {
				t.Errorf("%q: text %q, want %s", c.T, out.Text, c.Plain["s"])
			}
		})
	}
}

func TestAnswersAsJinja2ToFurtherTemplates(t *testing.T) {
	var cases []struct {
		T      string   `json:"t"`
		Native expected `json:"native"`
	}
	readTestdata(t, "recorded.json", &cases)
	_, r, scope := suiteRenderer(t)
	for _, c := range cases {
		out, err := render(r, scope, c.T)
		mustAnswer(t, c.T, c.Native, out, err)
	}
}

// mustAnswer fails when a template's answer is not the recorded one.
func mustAnswer(t *testing.T, source string, want expected, out api.Rendered, err error) {
	t.Helper()
	var placed *api.TemplateError
	var failed *api.FailError
	switch {
	case differences[source] != "":
		if err == nil && sameValue(want.value(t), out.Value) == "" || err != nil && !errors.As(err, &placed) {
			t.Errorf("%q = %#v, %v; want a difference, because %s", source, out.Value, err, differences[source])
		}
	case want.has("err"), want.has("u"): // a template whose value is missing is an error here
		if !errors.As(err, &placed) {
			t.Errorf("%q = %#v, %v; want an error with its place", source, out.Value, err)
		}
	case want.has("o"):
		if !errors.As(err, &failed) {
			t.Errorf("%q = %#v, %v; want the failure", source, out.Value, err)
		}
	case err != nil:
		t.Errorf("%q: %v", source, err)
	default:
		if diff := sameValue(want.value(t), out.Value); diff != "" {
			t.Errorf("%q: value (-Jinja2 +ours)\n%s", source, diff)
		}
	}
}

func render(r *Renderer, scope api.Scope, source string) (api.Rendered, error) {
	parsed, err := r.Parse(source)
	if err != nil {
		return api.Rendered{}, err
	}
	out, err := parsed.Render(context.Background(), scope)
	for _, m := range Misuses(parsed) {
		if m.Certain && err == nil {
			return out, fmt.Errorf("it answers, and should not: %s", m.Err.Error())
		}
	}
	return out, err
}

func TestReadsLiteralsAsPython(t *testing.T) {
	var cases [][2]json.RawMessage
	readTestdata(t, "literals.json", &cases)
	for _, c := range cases {
		var text string
		var want expected
		if err := json.Unmarshal(c[0], &text); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c[1], &want); err != nil {
			t.Fatal(err)
		}
		v, ok := value.ParseLiteral(text)
		switch {
		case want.has("raw"), want.has("o"), want.has("typeerr"):
			// Sets and bytes have no plain value, so that they stay text
			// too; "{[1]:2}" is a TypeError in Python, which is not a literal here.
			if ok {
				t.Errorf("%q = %#v, want that it stays text", text, v)
			}
		case !ok:
			t.Errorf("%q stays text, want %s", text, c[1])
		default:
			out, err := eval.NewPlain(text).Render(context.Background(), api.Scope{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := sameValue(want.value(t), out.Value); diff != "" {
				t.Errorf("%q (-Python +ours)\n%s", text, diff)
			}
		}
	}
}
