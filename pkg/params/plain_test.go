package params_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type word string

type ring struct {
	Next *ring `otai:"next"`
}

func TestPlainKnowsNoGoTypes(t *testing.T) {
	when := time.Date(2025, 3, 31, 14, 30, 0, 5, time.FixedZone("", 7200))
	text := "x"
	ordered := newDict("z", 1)
	cases := map[string]struct{ v, want any }{
		"nil":              {nil, nil},
		"nil pointer":      {(*api.Entity)(nil), nil},
		"nil ordered":      {(*dict)(nil), nil},
		"nil list":         {[]api.Ticket(nil), []any{}},
		"nil any list":     {[]any(nil), []any{}},
		"nil map":          {map[string]any(nil), m{}},
		"int":              {5, int64(5)},
		"large int":        {int64(math.MaxInt64), int64(math.MaxInt64)},
		"unsigned":         {uint16(5), int64(5)},
		"float32":          {float32(0.5), 0.5},
		"named string":     {word("x"), "x"},
		"status":           {api.Succeeded, "succeeded"},
		"pointer":          {&text, "x"},
		"whole number":     {json.Number("9007199254740993"), int64(9007199254740993)},
		"number":           {json.Number("1.5"), 1.5},
		"time":             {when, "2025-03-31T14:30:00.000000005+02:00"},
		"pointer to time":  {&when, "2025-03-31T14:30:00.000000005+02:00"},
		"zero time":        {time.Time{}, nil},
		"duration":         {90 * time.Second, 90.0},
		"list of duration": {[]time.Duration{time.Millisecond}, []any{0.001}},
		"child":            {api.NewChildPipe("a", "base:X", nil), m{"id": "a", "use": "base:X"}},
		"no child":         {api.ChildPipe{}, nil},
		"children":         {[]api.ChildPipe{api.NewChildPipe("a", "", nil)}, []any{m{"id": "a", "use": ""}}},
		"texts":            {[]string{"a"}, []any{"a"}},
		"array":            {[2]int{1, 2}, []any{int64(1), int64(2)}},
		"map":              {map[word]int{"a": 1}, m{"a": int64(1)}},
		"ordered":          {m{"x": ordered}, m{"x": ordered}},
		"nested":           {[]any{m{"a": []any{1}}}, []any{m{"a": []any{int64(1)}}}},
		"mixed types":      {map[string][]any{"a": {word("b")}}, m{"a": []any{"b"}}},
		"struct": {
			api.Classification{Label: "a", Confidence: 0.5, Scores: []api.Score{{Label: "a", Confidence: 0.5}}},
			m{"label": "a", "confidence": 0.5, "scores": []any{m{"label": "a", "confidence": 0.5}}, "truncated": false},
		},
		"ring without an end": {&ring{Next: &ring{}}, m{"next": m{"next": nil}}},
		"secrets and services": {struct {
			A string         `otai:"a"`
			B string         `otai:"b,required,secret"`
			C any            `inject:"c"`
			D map[string]any `otai:",rest"`
		}{A: "a", B: "hidden", D: m{"d": 1, "a": "never"}}, m{"a": "a", "d": int64(1)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := params.Plain(c.v)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestPlainCopiesNothingThatIsPlain(t *testing.T) {
	v := m{"a": []any{"b", int64(1), 1.5, true, nil, m{"c": newDict()}}}
	got, err := params.Plain(v)
	if err != nil {
		t.Fatal(err)
	}
	got.(m)["added"] = true
	if v["added"] != true {
		t.Error("a plain map was copied")
	}
	changing := m{"same": []any{"x"}, "other": 1}
	if _, err := params.Plain(changing); err != nil {
		t.Fatal(err)
	}
	if changing["other"] != 1 {
		t.Error("the value of the caller was changed")
	}
}

func TestPlainRefusesWhatHasNoPlainForm(t *testing.T) {
	circle := &ring{}
	circle.Next = circle
	loop := m{}
	loop["loop"] = loop
	list := []any{nil}
	list[0] = list
	cases := map[string]struct {
		v    any
		want string
	}{
		"channel":      {m{"a": []any{make(chan int)}}, "a[0]: is a chan int, which can't be handed on"},
		"function":     {m{"a": func() {}}, "a: is a func(), which can't be handed on"},
		"not a number": {m{"a": math.NaN()}, "a: is NaN, which is not a finite number"},
		"infinite":     {[]float64{math.Inf(-1)}, "[0]: is -Inf"},
		"complex":      {1i, "complex128"},
		"too large":    {uint64(math.MaxUint64), "too large a number"},
		"bytes":        {m{"a": []byte("x")}, "a: holds bytes"},
		"keys":         {m{"a": map[int]int{1: 1}}, "a: is a map[int]int: only texts can be keys"},
		"no tags":      {m{"a": struct{ B int }{}}, "its field B has no otai tag"},
		"tag without name": {struct {
			B int `otai:""`
		}{}, "the otai tag of its field B has no name"},
		"error":          {m{"a": errors.New("x")}, "a: is a errors.errorString, which can't be handed on: it has no otai tags"},
		"pointer circle": {circle, "contains itself"},
		"map circle":     {loop, "contains itself"},
		"list circle":    {list, "contains itself"},
		"bad number":     {json.Number("x"), "too large a number, or none"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := params.Plain(c.v)
			if err == nil {
				t.Fatalf("accepted: %v", got)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want it to contain %q", err, c.want)
			}
		})
	}
}

func TestPlainParamsLeaveOutSecretsAndServices(t *testing.T) {
	s := describe[struct {
		Text    string           `otai:"text"`
		Token   string           `otai:"token,secret"`
		Wait    time.Duration    `otai:"wait" default:"PT2S"`
		Steps   []api.ChildPipe  `otai:"steps"`
		Tickets api.TicketSystem `inject:"ticket_system,optional"`
		Rest    map[string]any   `otai:",rest"`
	}](t)
	p, err := params.Decode(s, m{"text": "a", "token": "hidden", "threshold": 0.8, "steps": []any{m{}}}, params.Binder{
		Child: func(params.Path, any) (api.ChildPipe, error) { return api.NewChildPipe("a", "base:X", nil), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := params.PlainParams(s, p)
	if err != nil {
		t.Fatal(err)
	}
	want := m{"text": "a", "wait": 2.0, "steps": []any{m{"id": "a", "use": "base:X"}}, "threshold": 0.8}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, other := range []any{nil, &auth{}, auth{}, (*everything)(nil)} {
		if _, err := params.PlainParams(s, other); err == nil {
			t.Errorf("%T is taken for the params", other)
		}
	}
}
