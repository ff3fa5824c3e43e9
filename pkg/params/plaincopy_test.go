package params_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// tricky is a mapping of a plugin: what it answers changes.
type tricky struct{ asked int }

func (t *tricky) Len() int       { t.asked++; return t.asked }
func (t *tricky) Keys() []string { t.asked++; return []string{"a"} }
func (t *tricky) Get(string) (any, bool) {
	t.asked++
	return t.asked, true
}

type holder struct {
	Data map[string]any `otai:"data"`
	List []any          `otai:"list"`
}

func TestACopyIsNobodyElses(t *testing.T) {
	inner, list := m{"x": int64(1)}, []any{int64(1), m{"y": "z"}}
	answer := map[string]any{"inner": inner, "list": list, "struct": &holder{Data: inner, List: list}, "ordered": newDict("z", 1), "tricky": &tricky{}}
	copied, err := params.PlainCopy(answer)
	if err != nil {
		t.Fatal(err)
	}
	want := m{
		"inner": m{"x": int64(1)}, "list": []any{int64(1), m{"y": "z"}},
		"struct":  m{"data": m{"x": int64(1)}, "list": []any{int64(1), m{"y": "z"}}},
		"ordered": m{"z": int64(1)}, "tricky": m{"a": int64(2)},
	}
	for range 2 {
		if !reflect.DeepEqual(copied, want) {
			t.Fatalf("got %v, want %v", copied, want)
		}
		inner["x"], list[0], list[1].(m)["y"] = "changed", "changed", "changed"
	}
}

func TestACopyNamesWhatCannotBeCopied(t *testing.T) {
	itself := m{}
	itself["self"] = itself
	twice := m{}
	twice["a"], twice["b"] = m{"c": twice}, twice
	list := []any{nil}
	list[0] = list
	doubled := any("x")
	for range 60 {
		doubled = m{"a": doubled, "b": doubled}
	}
	pointer := &ring{}
	pointer.Next = &ring{Next: pointer}
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"itself":             {m{"data": itself}, "data.self: contains itself"},
		"itself in two ways": {twice, "a.c: contains itself"},
		"a list":             {m{"list": list}, "list[0]: contains itself"},
		"a pointer":          {m{"ring": pointer}, "ring.next.next: contains itself"},
		"without an end":     {doubled, "more than 1048576 values"},
		"a long text":        {m{"text": strings.Repeat("x", 65<<20)}, "text: makes it more than 64 MB"},
		"a long key":         {m{strings.Repeat("x", 65<<20): m{"a": "b"}}, "makes it more than 64 MB"},
		"many values":        {m{"list": make([]any, 2<<20)}, "list: makes it more than 1048576 values"},
		"a channel":          {m{"a": []any{make(chan int)}}, "a[0]: is a chan int, which can't be handed on"},
		"a function":         {m{"a": func() {}}, "a: is a func(), which can't be handed on"},
	} {
		if copied, err := params.PlainCopy(c.v); err == nil || !strings.Contains(err.Error(), c.want) {
			text := "nothing"
			if err != nil {
				text = err.Error()
			}
			t.Errorf("%s: got %.200s, want %q (%T)", name, text, c.want, copied)
		}
	}
}

func BenchmarkPlainCopy(b *testing.B) {
	answer := m{"label": "a", "confidence": 0.5, "scores": []any{m{"label": "a", "confidence": 0.5}, m{"label": "b", "confidence": 0.25}}}
	for name, plain := range map[string]func(any) (any, error){"Plain": params.Plain, "PlainCopy": params.PlainCopy} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := plain(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
