package params_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type rendered struct {
	Text    string                   `otai:"text"`
	Wait    *time.Duration           `otai:"wait"`
	Since   time.Time                `otai:"since"`
	Count   int                      `otai:"count"`
	Any     any                      `otai:"any"`
	Names   []string                 `otai:"names"`
	Numbers map[string]int           `otai:"numbers"`
	Note    api.Note                 `otai:"note"`
	Steps   []api.ChildPipe          `otai:"steps"`
	Named   map[string]api.ChildPipe `otai:"named"`
	Run     api.ChildPipe            `otai:"run"`
	Rest    map[string]any           `otai:",rest"`
}

func mark(source string, wantText bool) (any, error) {
	if wantText {
		return "text " + source, nil
	}
	return "value " + source, nil
}

func TestRenderAsksForTextOrValueByTheKindOfTheField(t *testing.T) {
	child := m{"use": "x", "params": m{"a": "{{ b }}"}}
	raw := m{
		"text": "a", "wait": "b", "since": "c", "count": "d", "any": m{"k": []any{"e", 1, nil}}, "names": []any{"f"},
		"numbers": m{"g": "h"}, "note": m{"subject": "i", "visible_to_customer": "j", "unknown": "k"},
		"steps": []any{child}, "named": m{"x": child}, "run": child, "more": []any{"l"},
	}
	want := m{
		"text": "text a", "wait": "text b", "since": "text c", "count": "value d", "any": m{"k": []any{"value e", 1, nil}}, "names": []any{"text f"},
		"numbers": m{"g": "value h"}, "note": m{"subject": "text i", "visible_to_customer": "value j", "unknown": "k"},
		"steps": []any{child}, "named": m{"x": child}, "run": child, "more": []any{"value l"},
	}
	s := describe[rendered](t)
	for name, s := range map[string]*params.Spec{"described here": s, "from another process": throughJSON(t, s)} {
		t.Run(name, func(t *testing.T) {
			got, err := params.Render(s, raw, mark)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
			if raw["text"] != "a" || raw["any"].(m)["k"].([]any)[0] != "e" {
				t.Error("the raw params were changed")
			}
		})
	}
}

func TestRenderKeepsTextsOfAFieldThatSaysSo(t *testing.T) {
	type target struct {
		Queue any `otai:"queue,text"`
	}
	text := func(source string, wantText bool) (any, error) {
		switch {
		case wantText:
			return source, nil
		case source == "{{ queue }}":
			return m{"id": 5}, nil
		case source == "{{ none }}":
			return nil, nil
		}
		return 7, nil
	}
	s := describe[target](t)
	for name, s := range map[string]*params.Spec{"described here": s, "from another process": throughJSON(t, s)} {
		for raw, want := range map[any]any{"+1": "+1", "{{ 7 }}": "{{ 7 }}", "{{ queue }}": m{"id": 5}, "{{ none }}": nil, 7: 7} {
			if got, err := params.Render(s, m{"queue": raw}, text); err != nil || !reflect.DeepEqual(got["queue"], want) {
				t.Errorf("%s: of %v it is %#v, %v, want %#v", name, raw, got["queue"], err, want)
			}
		}
		deep, err := params.Render(s, m{"queue": m{"name": []any{"1e3"}}}, text)
		if want := (m{"queue": m{"name": []any{"1e3"}}}); err != nil || !reflect.DeepEqual(deep, want) {
			t.Errorf("%s: it is %v, %v, want %v", name, deep, err, want)
		}
	}
	type wrong struct {
		Queue string `otai:"queue,text"`
	}
	if _, err := params.Describe(reflect.TypeFor[wrong]()); err == nil {
		t.Error("a string has the option text")
	}
}

func TestRenderOfAWholeStructAsksForItsValue(t *testing.T) {
	got, err := params.Render(describe[rendered](t), m{"note": "n", "names": "o", "steps": "p"}, mark)
	if err != nil {
		t.Fatal(err)
	}
	if want := (m{"note": "value n", "names": "value o", "steps": "p"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRenderKeepsAnOrderedMappingInWhichNothingChanges(t *testing.T) {
	same := newDict("z", 1, "a", "plain")
	other := newDict("z", "{{ x }}", "a", newDict("k", "v"))
	got, err := params.Render(describe[rendered](t), m{"any": []any{same, other}}, func(source string, _ bool) (any, error) {
		if source == "{{ x }}" {
			return 5, nil
		}
		return source, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	list := got["any"].([]any)
	if list[0] != any(same) {
		t.Errorf("got %v", list[0])
	}
	if changed := list[1].(m); changed["z"] != 5 {
		t.Errorf("got %v", changed)
	}
}

// refillable is a dict of which another can be made.
type refillable struct{ *dict }

func (r refillable) Refill(values []any) any {
	out := newDict()
	for i, key := range r.keys {
		out.keys = append(out.keys, key)
		out.values[key] = values[i]
	}
	return refillable{out}
}

func TestRenderKeepsTheOrderOfAMappingThatCanBeRefilled(t *testing.T) {
	inner := refillable{newDict("q", "x", "b", "y")}
	raw := refillable{newDict("z", "x", "a", inner, "m", 1)}
	got, err := params.Render(describe[rendered](t), m{"any": raw, "rest": []any{raw}}, mark)
	if err != nil {
		t.Fatal(err)
	}
	want := refillable{newDict("z", "value x", "a", refillable{newDict("q", "value x", "b", "value y")}, "m", 1)}
	for _, out := range []any{got["any"], got["rest"].([]any)[0]} {
		if !reflect.DeepEqual(out, want) {
			t.Errorf("got %v, want %v", out, want)
		}
	}
	if raw.values["z"] != "x" || inner.values["q"] != "x" {
		t.Error("the raw params were changed")
	}
}

func TestRenderNamesThePlaceOfAnError(t *testing.T) {
	broken := &api.TemplateError{Line: 1, Column: 4, Err: errors.New("unexpected end")}
	cases := map[string]map[string]any{
		"text":            {"text": "bad", "zzz": "bad"},
		"names[1]":        {"names": []any{"fine", "bad"}},
		"any.a[0].b":      {"any": m{"a": []any{m{"b": "bad"}}, "z": "bad"}},
		"note.subject":    {"note": m{"subject": "bad"}},
		"numbers.a":       {"numbers": newDict("z", "bad", "a", "bad")},
		"more.threshold":  {"more": m{"threshold": "bad"}},
		"note.fields.x.y": {"note": m{"fields": m{"x": m{"y": "bad"}}}},
	}
	for place, raw := range cases {
		t.Run(place, func(t *testing.T) {
			_, err := params.Render(describe[rendered](t), raw, func(source string, _ bool) (any, error) {
				if source == "bad" {
					return nil, fmt.Errorf("rendering: %w", broken)
				}
				return source, nil
			})
			var field *api.FieldError
			if !errors.As(err, &field) || field.Field != place {
				t.Fatalf("got %v, want the place %s", err, place)
			}
			if !errors.Is(err, broken) {
				t.Errorf("%v lost its cause", err)
			}
		})
	}
}

func TestRenderOfNothingIsNothing(t *testing.T) {
	got, err := params.Render(describe[rendered](t), nil, mark)
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
