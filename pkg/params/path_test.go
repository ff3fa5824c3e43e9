package params_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestPathIsWrittenInOneFormAndReadBack(t *testing.T) {
	for want, path := range map[string]params.Path{
		"":                    nil,
		"limit":               params.Keys("limit"),
		"note.subject":        params.Keys("note", "subject"),
		"steps[2].id":         params.Keys("steps").Index(2).Key("id"),
		"[0][1]":              params.Path{}.Index(0).Index(1),
		`[""]`:                params.Keys(""),
		`a[""].b`:             params.Keys("a", "", "b"),
		`services["a.b"].use`: params.Keys("services", "a.b", "use"),
		`["a[0]"]`:            params.Keys("a[0]"),
		`["1.5"]`:             params.Keys("1.5"),
		`["max. Anzahl"]`:     params.Keys("max. Anzahl"),
		`["a b"]`:             params.Keys("a b"),
		`["say \"a\""]`:       params.Keys(`say "a"`),
		`["a\nb"]`:            params.Keys("a\nb"),
		`["\xff"]`:            params.Keys("\xff"),
		`ключ.a\b`:            params.Keys("ключ", `a\b`),
		"a\u00a0b":            params.Keys("a\u00a0b"),
		"fields.'x'.2":        params.Keys("fields", "'x'", "2"),
	} {
		if got := path.String(); got != want {
			t.Errorf("written as %s, want %s", got, want)
		}
		if back, err := params.ParsePath(want); err != nil || !back.Equal(path) {
			t.Errorf("%s is read as %#v, %v", want, back, err)
		}
	}
}

func TestParsePathAcceptsUnquotedKeys(t *testing.T) {
	for text, want := range map[string]params.Path{
		"fields.First name": params.Keys("fields", "First name"),
		`a:b.say "x"`:       params.Keys("a:b", `say "x"`),
	} {
		if got, err := params.ParsePath(text); err != nil || !got.Equal(want) {
			t.Errorf("%s is read as %#v, %v", text, got, err)
		}
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, text := range []string{".", ".a", "a.", "a..b", "a]", "a[", "a[]", "a[-1]", "a[01]", "a[+1]", "a[x]", `a["x]`, `a["x"`, `a["x"b]`, "a[1]b", "a.[1]", `["\q"]`, "[99999999999999999999]"} {
		if got, err := params.ParsePath(text); err == nil {
			t.Errorf("%s is read as %#v", text, got)
		}
	}
}

func TestPathsShareNoStepsThatChange(t *testing.T) {
	steps := params.Keys("a", "b", "c").Parent()
	first, second := steps.Key("x"), steps.Index(1)
	third := steps.Join(params.Keys("y", "z"))
	if first.String() != "a.b.x" || second.String() != "a.b[1]" || third.String() != "a.b.y.z" {
		t.Errorf("%s, %s, %s", first, second, third)
	}
}

func TestPathRelations(t *testing.T) {
	a, ab, ac := params.Keys("a"), params.Keys("a", "b"), params.Keys("ac")
	if !ab.HasPrefix(a) || !ab.HasPrefix(ab) || !ab.HasPrefix(nil) || ac.HasPrefix(a) || a.HasPrefix(ab) {
		t.Error("HasPrefix")
	}
	if params.Keys("0").Equal(params.Path{}.Index(0)) || params.Keys("a").Index(0).HasPrefix(params.Keys("a", "")) {
		t.Error("an element is taken for a key")
	}
	if !params.Path(nil).Parent().Equal(nil) || !ab.Parent().Equal(a) || ab.LastKey() != "b" || a.Index(3).LastKey() != "" {
		t.Error("Parent or LastKey")
	}
	if _, ok := params.Path(nil).Last(); ok {
		t.Error("the empty path has a last step")
	}
	last, _ := a.Index(3).Last()
	if i, ok := last.Index(); !ok || i != 3 || last.String() != "[3]" {
		t.Error(last)
	}
	if _, ok := last.Key(); ok {
		t.Error("an element has a key")
	}
	if a.Compare(ab) >= 0 || ab.Compare(a) <= 0 || ab.Compare(params.Keys("a", "b")) != 0 || a.Index(2).Compare(a.Index(10)) >= 0 {
		t.Error("Compare")
	}
}

func TestPathAsJSON(t *testing.T) {
	for _, path := range []params.Path{nil, params.Keys("a.b", "\xff").Index(2)} {
		content, err := json.Marshal(map[string]params.Path{"path": path})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]params.Path
		if err := json.Unmarshal(content, &back); err != nil || !back["path"].Equal(path) {
			t.Errorf("%s is read as %v, %v", content, back, err)
		}
	}
}

// Whatever the keys are, a path says which they are.
func FuzzPath(f *testing.F) {
	for _, key := range []string{"", "a", "a.b", "a[0]", "1.5", " ", "max. Anzahl", `"`, "\n", "\xff", "]", `\`, `a"]["b`, "\u2028", "\x00"} {
		f.Add(key, "b", 0)
		f.Add("a", key, 17)
	}
	f.Fuzz(func(t *testing.T, first, second string, index int) {
		if index < 0 || index == math.MaxInt {
			index = 0
		}
		paths := []params.Path{
			params.Keys(first), params.Keys(first, second), params.Keys(first).Index(index), params.Path{}.Index(index).Key(first).Key(second),
		}
		for i, path := range paths {
			text := path.String()
			back, err := params.ParsePath(text)
			if err != nil || !back.Equal(path) {
				t.Fatalf("%s is read as %#v, %v", text, back, err)
			}
			for _, other := range paths[:i] {
				if other.String() == text {
					t.Fatalf("%#v and %#v are both %s", path, other, text)
				}
			}
		}
	})
}
