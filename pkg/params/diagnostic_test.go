package params_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type diagnosed struct {
	Text     string                     `otai:"text" min:"2"`
	Mode     string                     `otai:"mode" enum:"read,write"`
	Key      string                     `otai:"key,secret" enum:"aaa,bbb"`
	Flag     bool                       `otai:"flag"`
	Count    int                        `otai:"count" max:"10"`
	Ratio    float64                    `otai:"ratio"`
	Wait     time.Duration              `otai:"wait"`
	Since    time.Time                  `otai:"since"`
	Names    []string                   `otai:"names"`
	Needed   string                     `otai:"needed,required"`
	Queue    queue                      `otai:"queue"`
	Places   map[string]queue           `otai:"places"`
	Any      any                        `otai:"any"`
	Headers  map[string]string          `otai:"headers"`
	Step     api.ChildPipe              `otai:"step"`
	Checks   refusing                   `otai:"checks"`
	Services interface{ Close() error } `inject:"closer"`
}

type queue struct {
	Name string `otai:"name,required"`
}

type refusing struct {
	Fields map[string]string `otai:"fields"`
}

func (c *refusing) Validate() error {
	for key, value := range c.Fields {
		if value == "bad" {
			return &api.FieldError{Field: "fields." + key, Err: errBad}
		}
	}
	return nil
}

var errBad = errors.New("is bad")

func TestDiagnosticsSayByFieldsWhatIsWrong(t *testing.T) {
	s := describe[diagnosed](t)
	for name, c := range map[string]struct {
		raw  m
		want params.Diagnostic // Spec is compared by its name
		spec string
	}{
		"unknown":           {m{"txet": 1}, params.Diagnostic{Path: params.Keys("txet"), Code: params.CodeUnknownKey, Message: "unknown key", Near: "text", Hint: `did you mean "text"?`}, ""},
		"unknown in a map":  {m{"places": m{"a.b": m{"name": "x", "naem": 1}}}, params.Diagnostic{Path: params.Keys("places", "a.b", "naem"), Code: params.CodeRepeatedKey, Message: "unknown key", Near: "name", Hint: "name is given already, so remove one of the two"}, ""},
		"service":           {m{"closer": "x"}, params.Diagnostic{Path: params.Keys("closer"), Code: params.CodeUnknownKey, Message: "unknown key", Detail: "closer is a service, which is named under injects"}, ""},
		"required":          {m{"queue": m{}}, params.Diagnostic{Path: params.Keys("queue", "name"), Code: params.CodeRequired, Message: "is required"}, "name"},
		"required, empty":   {m{"queue": m{"name": nil}}, params.Diagnostic{Path: params.Keys("queue", "name"), Code: params.CodeRequiredEmpty, Message: "is required, but empty"}, "name"},
		"empty element":     {m{"names": []any{"a", nil}}, params.Diagnostic{Path: params.Keys("names").Index(1), Code: params.CodeEmpty, Message: "is empty"}, ""},
		"list for text":     {m{"text": []any{}}, params.Diagnostic{Path: params.Keys("text"), Code: params.CodeWrongKind, Given: params.KindList, Message: "is a list but must be text"}, "text"},
		"mapping for list":  {m{"names": m{}}, params.Diagnostic{Path: params.Keys("names"), Code: params.CodeWrongKind, Given: params.KindMap, Message: "is a mapping but must be a list"}, "names"},
		"text for mapping":  {m{"queue": "Raw"}, params.Diagnostic{Path: params.Keys("queue"), Code: params.CodeWrongKind, Given: params.KindString, Message: `is "Raw" but must be a mapping with the keys name`}, "queue"},
		"bool":              {m{"flag": "maybe"}, params.Diagnostic{Path: params.Keys("flag"), Code: params.CodeBadBool, Given: params.KindString, Message: `is "maybe" but must be yes or no`, Hint: "or true, false, on, off, 1, 0"}, "flag"},
		"whole number":      {m{"count": "1,5"}, params.Diagnostic{Path: params.Keys("count"), Code: params.CodeBadNumber, Given: params.KindString, Message: `is "1,5" but must be a whole number`}, "count"},
		"number":            {m{"ratio": true}, params.Diagnostic{Path: params.Keys("ratio"), Code: params.CodeBadNumber, Given: params.KindBool, Message: `is true but must be a number`}, "ratio"},
		"duration":          {m{"wait": "1 month"}, params.Diagnostic{Path: params.Keys("wait"), Code: params.CodeBadDuration, Given: params.KindString, Message: `is "1 month" but must be a duration, such as 30s, 1h30m, PT1H30M, P1D or 0:30:00, or a number of seconds`}, "wait"},
		"time":              {m{"since": 5}, params.Diagnostic{Path: params.Keys("since"), Code: params.CodeBadTime, Given: params.KindInt, Message: `is 5 but must be a time, such as 2025-03-31T14:30:00+02:00, 2025-03-31 14:30:00 (in UTC) or 2025-03-31`}, "since"},
		"enum":              {m{"mode": "raed"}, params.Diagnostic{Path: params.Keys("mode"), Code: params.CodeBadEnum, Given: params.KindString, Near: "read", Message: `is "raed" but must be one of read, write`, Hint: `did you mean "read"?`}, "mode"},
		"enum of a secret":  {m{"key": "aab"}, params.Diagnostic{Path: params.Keys("key"), Code: params.CodeBadEnum, Given: params.KindString, Message: `must be one of aaa, bbb`}, "key"},
		"bounds":            {m{"count": 11}, params.Diagnostic{Path: params.Keys("count"), Code: params.CodeOutOfBounds, Given: params.KindInt, Message: `is 11 but must be at most 10`}, "count"},
		"length":            {m{"text": "a"}, params.Diagnostic{Path: params.Keys("text"), Code: params.CodeBadLength, Message: `has 1 character but must have at least 2`}, "text"},
		"not plain":         {m{"any": m{"a.b": make(chan int)}}, params.Diagnostic{Path: params.Keys("any", "a.b"), Code: params.CodeNotPlain, Message: "is a chan int, which can't be handed on"}, ""},
		"child":             {m{"step": "x"}, params.Diagnostic{Path: params.Keys("step"), Code: params.CodeChild, Message: "is a child pipe, which is not possible here"}, "step"},
		"Validate":          {m{"checks": m{"fields": m{"x": "bad"}}}, params.Diagnostic{Path: params.Keys("checks", "fields", "x"), Code: params.CodeValidate, Message: "is bad"}, ""},
		"Validate, any key": {m{"checks": m{"fields": m{"max. Anzahl[0]": "bad"}}}, params.Diagnostic{Path: params.Keys("checks", "fields", "max. Anzahl[0]"), Code: params.CodeValidate, Message: "is bad"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.raw["needed"] = "x"
			_, err := params.Decode(s, c.raw, params.Binder{Inject: func(*params.Spec) (any, error) { return struct{ closer }{}, nil }})
			diags := params.Diagnostics(err)
			if len(diags) != 1 {
				t.Fatalf("%q", diags)
			}
			got := diags[0]
			if c.spec != "" && (got.Spec == nil || got.Spec.Name != c.spec) {
				t.Errorf("the Spec is %+v", got.Spec)
			}
			if c.want.Code == params.CodeValidate && !errors.Is(err, errBad) {
				t.Errorf("%v is not the plugin's own error", err)
			}
			var field *api.FieldError
			if !errors.As(err, &field) || field.Field != c.want.Path.String() || field.Error() != got.String() {
				t.Errorf("as an api.FieldError: %v, want %v", field, got)
			}
			content, jsonErr := json.Marshal(got)
			var there params.Diagnostic
			if jsonErr != nil || json.Unmarshal(content, &there) != nil {
				t.Fatalf("%s: %v", content, jsonErr)
			}
			got.Spec, got.Err = nil, nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %#v\nwant %#v", got, c.want)
			}
			if !reflect.DeepEqual(there, c.want) {
				t.Errorf("through JSON %#v", there)
			}
		})
	}
}

type closer struct{}

func (closer) Close() error { return nil }

func TestTheMessageThatNamesTheKey(t *testing.T) {
	for want, d := range map[string]params.Diagnostic{
		`unknown key "a.b" under x.y: there are no keys here`: {Path: params.Keys("x", "y", "a.b"), Code: params.CodeUnknownKey, Message: "unknown key", Detail: "there are no keys here"},
		`unknown key "a"`: {Path: params.Keys("a"), Code: params.CodeRepeatedKey, Message: "unknown key", Hint: "h"},
		"is required":     {Path: params.Keys("a"), Code: params.CodeRequired, Message: "is required"},
	} {
		if got := d.Named(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestADiagnosticAsAnError(t *testing.T) {
	d := params.Diagnostic{Path: params.Keys("a"), Code: params.CodeRequired, Message: "is required", Hint: "write a"}
	if got := d.AsError().Error(); got != "is required (write a)" {
		t.Errorf("got %s", got)
	}
	if again := params.Diagnostics(&api.FieldError{Field: "b", Err: d.AsError()}); len(again) != 1 || again[0].Code != d.Code || again[0].Path.String() != "b" || !again[0].Missing() {
		t.Errorf("got %+v", again)
	}
	d.Err = errBad
	if d.AsError() != errBad {
		t.Error("the error of a plugin is wrapped")
	}
}

// Whatever a key is, what is wrong with it or below it is reported at its path.
func FuzzDiagnosticPaths(f *testing.F) {
	for _, key := range []string{"", "a", "a.b", "a[0]", "[0]", "1.5", " ", "max. Anzahl", `"`, "\n", "\xff", "]", "fields", "fields.x", "name"} {
		f.Add(key, "b.c")
		f.Add("b", key)
	}
	type open struct {
		Numbers map[string]int            `otai:"numbers"`
		Queues  map[string]queue          `otai:"queues"`
		Closed  struct{}                  `otai:"closed"`
		Checks  map[string]refusing       `otai:"checks"`
		Deep    map[string]map[string]int `otai:"deep"`
	}
	spec, err := params.Describe(reflect.TypeFor[open]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key, other string) {
		if key == other {
			return
		}
		for want, raw := range map[string]m{
			params.Keys("numbers", key).String():                 {"numbers": m{key: "x", other: 1}},
			params.Keys("queues", key, "name").String():          {"queues": m{key: m{}, other: m{"name": "x"}}},
			params.Keys("closed", key).String():                  {"closed": m{key: 1}},
			params.Keys("checks", key, "fields", other).String(): {"checks": m{key: m{"fields": m{other: "bad", key: "good"}}}},
			params.Keys("deep", key, other).String():             {"deep": m{key: m{other: "x", key: 1}}},
		} {
			_, err := params.Decode(spec, raw, params.Binder{})
			diags := params.Diagnostics(err)
			if len(diags) != 1 || diags[0].Path.String() != want {
				t.Fatalf("%q, want one at %s", diags, want)
			}
			if again := params.Diagnostics(errors.Join(err)); len(again) != 1 || !again[0].Path.Equal(diags[0].Path) {
				t.Fatalf("read again: %q, want %q", again, diags)
			}
			content, err := json.Marshal(diags) // as a probe sends them
			var there []params.Diagnostic
			if err != nil || json.Unmarshal(content, &there) != nil || !there[0].Path.Equal(diags[0].Path) || there[0].Code != diags[0].Code {
				t.Fatalf("%s, %v", content, err)
			}
		}
	})
}
