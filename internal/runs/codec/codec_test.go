package codec

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/jinja/value"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func dict(pairs ...any) *value.Dict {
	d := value.NewDict(0)
	for i := 0; i < len(pairs); i += 2 {
		_ = d.Put(pairs[i], pairs[i+1])
	}
	return d
}

func beyond64() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 90) }

func TestValuesComeBackAsTheyWere(t *testing.T) {
	for name, v := range map[string]any{
		"nil":                    nil,
		"whole float":            2.0,
		"int64":                  int64(2),
		"int":                    2,
		"beyond 2^53":            int64(1<<53 + 1),
		"smallest":               int64(math.MinInt64),
		"unsigned":               uint64(math.MaxUint64),
		"beyond 64 bits":         beyond64(),
		"infinite":               math.Inf(-1),
		"negative zero":          math.Copysign(0, -1),
		"text":                   "ä\x00\xff",
		"markup":                 value.Markup("<b>"),
		"number of JSON":         json.Number("1.50"),
		"bytes":                  []byte{0, 255},
		"empty list":             []any{},
		"nil list":               []any(nil),
		"texts":                  []string{"a", ""},
		"nil texts":              []string(nil),
		"tuple":                  value.Tuple{int64(1), "x"},
		"empty map":              map[string]any{},
		"nil map":                map[string]any(nil),
		"nil is not absent":      map[string]any{"a": nil},
		"order of a dict":        dict("z", int64(1), "a", dict("y", 1.0, "b", nil)),
		"keys that are not text": dict(int64(1), "one", 2.5, "two and a half", nil, "none", value.Tuple{"t"}, true),
		"many keys":              dict(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10),
		"duration":               90 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			if got := around(t, v); !reflect.DeepEqual(got, v) {
				t.Errorf("%#v became %#v", v, got)
			}
		})
	}
}

func TestNaNAndTimesComeBack(t *testing.T) {
	if got, ok := around(t, math.NaN()).(float64); !ok || !math.IsNaN(got) {
		t.Error(got)
	}
	at := time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.FixedZone("", 3600))
	got, ok := around(t, at).(time.Time)
	if !ok || !got.Equal(at) || got.Format(time.RFC3339Nano) != at.Format(time.RFC3339Nano) {
		t.Error(got)
	}
}

func TestWhatIsNotPlainIsRefused(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	var notPlain *NotPlainError
	for _, v := range []any{func() {}, make(chan int), struct{}{}, &struct{}{}, loop, []any{int8(1)}} {
		if _, err := Encode(v); !errors.As(err, &notPlain) {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func around(t *testing.T, v any) any {
	t.Helper()
	b, err := Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func FuzzDecode(f *testing.F) {
	for _, v := range []any{nil, map[string]any{"a": []any{1.5, "x", beyond64()}}, dict("a", time.Unix(1, 2)), value.Tuple{}} {
		b, _ := Encode(v)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Decode(b)
		if err != nil {
			return
		}
		if _, err := Encode(v); err != nil {
			t.Errorf("%#v was read, and can't be written: %v", v, err)
		}
	})
}

// templates look at a value from all sides.
var templates = []string{
	"{{ v }}", "{{ v | tojson }}", "{{ v is mapping }}{{ v is sequence }}{{ v is integer }}{{ v is float }}{{ v is none }}",
	"{% for x in v %}{{ x }},{{ loop.index }};{% endfor %}", "{{ v | length }}", "{{ v == 2 }}{{ v + 1 }}", "{{ v * 2 }}{{ v / 2 }}",
	"{% for k, x in v.items() %}{{ k }}={{ x }};{% endfor %}", "{{ v.a }}|{{ v.a is defined }}|{{ v.a is none }}", "{{ v | list | first }}",
	"{{ v ~ '' }}", "{{ '%s %r' | format(v, v) }}", "{{ v | string | length }}", "{{ v | dictsort }}", "{{ [v, v] | unique | list }}",
}

func FuzzTemplatesSeeNoDifference(f *testing.F) {
	for _, seed := range []string{"", "i2", "d2", "l3i1d1s\x01a", "o2s\x01ani5", "D3i1i2d1s\x01xn", "b", "Ttfn", "m\x03<b>", "l9oDlTib"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, recipe []byte) {
		v := grow(&recipe, 0)
		b, err := Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b)
		if err != nil {
			t.Fatalf("%#v: %v", v, err)
		}
		for _, source := range templates {
			if want, got := render(t, source, v), render(t, source, back); want != got {
				t.Errorf("%s of %#v is %s, after it was stored %s", source, v, want, got)
			}
		}
	})
}

func render(t *testing.T, source string, v any) string {
	parsed, err := jinja.New(jinja.Options{
		Variables: map[string]any{"v": v}, Limits: jinja.Limits{Steps: 20_000, Output: 1 << 16, Range: 1000, Time: time.Minute},
	}).Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	out, err := parsed.Render(context.Background(), api.Scope{})
	if err != nil {
		return "error: " + err.Error()
	}
	return out.Text
}

// grow makes a value by a recipe.
func grow(recipe *[]byte, depth int) any {
	next := func() byte {
		if len(*recipe) == 0 {
			return 0
		}
		b := (*recipe)[0]
		*recipe = (*recipe)[1:]
		return b
	}
	size := func() int { return int(next()) % 12 }
	kind := next()
	if depth > 6 {
		kind = 'i'
	}
	switch kind {
	case 't', 'f':
		return kind == 't'
	case 'i':
		return int64(int8(next())) << (next() % 64)
	case 'I':
		return int(int8(next()))
	case 'b':
		return new(big.Int).Lsh(big.NewInt(int64(int8(next()))), 60)
	case 'd':
		return float64(int8(next())) / float64(next()%4)
	case 's', 'm':
		n := min(size(), len(*recipe))
		text := string((*recipe)[:n])
		*recipe = (*recipe)[n:]
		if kind == 'm' {
			return value.Markup(text)
		}
		return text
	case 'l', 'T':
		list := []any{}
		for range size() {
			list = append(list, grow(recipe, depth+1))
		}
		if kind == 'T' {
			return value.Tuple(list)
		}
		return list
	case 'o':
		m := map[string]any{}
		for range size() {
			m[string(rune('a'+next()%26))] = grow(recipe, depth+1)
		}
		return m
	case 'D':
		d := value.NewDict(0)
		for range size() {
			key, v := grow(recipe, depth+1), grow(recipe, depth+1)
			_ = d.Put(key, v) // not all can be keys
		}
		return d
	}
	return nil
}
