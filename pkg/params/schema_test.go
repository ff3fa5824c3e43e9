package params_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

var update = flag.Bool("update", false, "write the golden files anew")

type documented struct {
	URL     string            `otai:"base_url,required" doc:"Where it answers."`
	Token   string            `otai:"token,required,secret" doc:"Is never shown."`
	Timeout time.Duration     `otai:"timeout" default:"30s" min:"1s" doc:"Give up after this."`
	Mode    string            `otai:"mode" default:"ro" enum:"ro,rw,1"`
	Limit   int               `otai:"limit" default:"10" min:"1" max:"500"`
	Ratio   float64           `otai:"ratio" default:"0.5"`
	Strict  bool              `otai:"strict" default:"yes"`
	Since   time.Time         `otai:"since"`
	Any     any               `otai:"any" doc:"Anything."`
	Labels  map[string]string `otai:"labels" default:"{\"a\":\"b\"}"`
	Names   []string          `otai:"names" min:"1"`
	Owner   *api.Entity       `otai:"owner" doc:"Who is in charge."`
	Steps   []api.ChildPipe   `otai:"steps"`
	Run     api.ChildPipe     `otai:"run,required"`
	Spare   api.Classifier    `inject:"spare,optional"`
	Rest    map[string]any    `otai:",rest"`
}

func TestSchemaIsAsRecorded(t *testing.T) {
	got, err := json.MarshalIndent(params.Schema(describe[documented](t)), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", "schema.golden.json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the schema differs from %s (write it anew with -update):\n%s", file, got)
	}
}

func TestSchemaAdmitsWhatDecodeTakesAndTemplates(t *testing.T) {
	s := describe[everything](t)
	schema := params.Schema(s)
	for _, name := range s.Names() {
		for _, template := range []string{"{{ x }}", "a {% if b %}c{% endif %}", "{# a page #}5"} {
			if err := admits(schema, m{name: template}); err != nil {
				t.Errorf("template in %s: %v", name, err)
			}
		}
		if err := admits(schema, m{name: nil}); err != nil {
			t.Errorf("null in %s: %v", name, err)
		}
	}
	for _, c := range durations {
		if _, ok := c.v.(time.Duration); ok {
			continue
		}
		if err := admits(params.Schema(describe[waiting](t)), m{"wait": c.v}); err != nil {
			t.Errorf("duration %v: %v", c.v, err)
		}
	}
}

func TestSchemaRefusesWhatDecodeRefuses(t *testing.T) {
	schema := params.Schema(describe[everything](t))
	for name, raw := range map[string]map[string]any{
		"unknown key":        {"cuont": 1},
		"word for a number":  {"count": "abc"},
		"too large":          {"count": 501},
		"word for a bool":    {"flag": "maybe"},
		"not in the enum":    {"mode": "sideways"},
		"no duration":        {"wait": "soon"},
		"no time":            {"since": "yesterday"},
		"text for a list":    {"names": "a"},
		"list too long":      {"names": []any{"a", "b", "c", "d"}},
		"missing in struct":  {"auth": m{}},
		"null in a list":     {"names": []any{nil}},
		"text for a struct":  {"owner": "me"},
		"list for a text":    {"text": []any{}},
		"fraction for a int": {"count": 1.5},
	} {
		if _, err := decode[everything](t, raw, params.Binder{}); err == nil {
			t.Errorf("%s: is decoded", name)
		}
		if admits(schema, raw) == nil {
			t.Errorf("%s: is admitted", name)
		}
	}
}

// admits is as much of JSON Schema as Schema uses. An unknown keyword is an
// error, so that none is used that isn't checked here.
func admits(schema map[string]any, v any) error {
	for keyword, rule := range schema {
		if err := follows(keyword, rule, schema, v); err != nil {
			return err
		}
	}
	return nil
}

func follows(keyword string, rule any, schema m, v any) error {
	refused := fmt.Errorf("%v (%T) against %s %v", v, v, keyword, rule)
	list, isList := v.([]any)
	object, isObject := v.(m)
	text, isText := v.(string)
	number, isNumber := numberOf(v)
	ok := true
	switch keyword {
	case "description", "default", "writeOnly", "$ref", "examples", "errorMessage", "patternErrorMessage":
	case "type":
		ok = hasType(rule, v)
	case "enum":
		ok = false
		for _, value := range rule.([]any) {
			other, otherNumber := numberOf(value)
			ok = ok || reflect.DeepEqual(value, v) || isNumber && otherNumber && number == other
		}
	case "pattern":
		ok = !isText || regexp.MustCompile(rule.(string)).MatchString(text)
	case "minimum":
		least, _ := numberOf(rule)
		ok = !isNumber || number >= least
	case "maximum":
		most, _ := numberOf(rule)
		ok = !isNumber || number <= most
	case "minLength":
		ok = !isText || utf8.RuneCountInString(text) >= int(rule.(int64))
	case "maxLength":
		ok = !isText || utf8.RuneCountInString(text) <= int(rule.(int64))
	case "minItems":
		ok = !isList || len(list) >= int(rule.(int64))
	case "maxItems":
		ok = !isList || len(list) <= int(rule.(int64))
	case "required":
		for _, key := range rule.([]any) {
			_, given := object[key.(string)]
			ok = ok && (!isObject || given)
		}
	case "items":
		for _, element := range list {
			if err := admits(rule.(m), element); err != nil {
				return err
			}
		}
	case "properties":
		for key, property := range rule.(m) {
			if value, given := object[key]; given {
				if err := admits(property.(m), value); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
		}
	case "additionalProperties":
		properties, _ := schema["properties"].(m)
		for key, value := range object {
			if _, declared := properties[key]; declared {
				continue
			}
			if rule == false {
				return refused
			}
			if other, isSchema := rule.(m); isSchema {
				if err := admits(other, value); err != nil {
					return err
				}
			}
		}
	case "anyOf":
		var errs []error
		for _, form := range rule.([]any) {
			err := admits(form.(m), v)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	default:
		return fmt.Errorf("unknown keyword %s", keyword)
	}
	if !ok {
		return refused
	}
	return nil
}

func numberOf(v any) (float64, bool) {
	switch x := v.(type) {
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	case int, int64, uint64, float64:
		r := reflect.ValueOf(x)
		return r.Convert(reflect.TypeFor[float64]()).Float(), true
	default:
		return 0, false
	}
}

func hasType(rule, v any) bool {
	if several, ok := rule.([]any); ok {
		for _, one := range several {
			if hasType(one, v) {
				return true
			}
		}
		return false
	}
	number, isNumber := numberOf(v)
	switch rule {
	case "null":
		return v == nil
	case "number":
		return isNumber
	case "integer":
		return isNumber && number == math.Trunc(number)
	}
	kinds := map[any]reflect.Kind{"string": reflect.String, "boolean": reflect.Bool, "array": reflect.Slice, "object": reflect.Map}
	kind, known := kinds[rule]
	return known && v != nil && !isNumber && reflect.TypeOf(v).Kind() == kind
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"text":"abc","count":5,"flag":"on","wait":"PT5S","since":"2025-03-31"}`,
		`{"count":"5.0","ratio":".5","big":9007199254740993,"small":-128}`,
		`{"auth":{"user":"u"},"maybe":null,"names":["a",1],"labels":{"x":true},"entities":[{"id":1}]}`,
		`{"places":{"x":{"user":"u","tga":1}},"owner":{},"any":[{"a":null}],"mode":"rw","pin":"x"}`,
		`{"count":"{{ x }}","auth":"{% y %}"}`,
	} {
		f.Add(text)
	}
	s := describe[everything](f)
	schema := params.Schema(s)
	f.Fuzz(func(t *testing.T, text string) {
		reader := json.NewDecoder(strings.NewReader(text))
		reader.UseNumber()
		var raw map[string]any
		if reader.Decode(&raw) != nil {
			return
		}
		same := func(source string, _ bool) (any, error) { return source, nil }
		rendered, err := params.Render(s, raw, same)
		if err != nil || !(reflect.DeepEqual(rendered, raw) || len(raw) == 0 && len(rendered) == 0) {
			t.Fatalf("rendering without a template made %v of %v, %v", rendered, raw, err)
		}
		secretPlaces(s, raw)
		p, err := params.Decode(s, rendered, params.Binder{})
		if err != nil {
			for _, d := range params.Diagnostics(err) {
				if len(d.Path) == 0 {
					t.Errorf("without a place: %v", d)
				}
			}
			return
		}
		if err := admits(schema, raw); err != nil {
			t.Errorf("the schema refuses what is decoded: %v", err)
		}
		if _, err := params.Decode(s, raw, params.Binder{Offline: true}); err != nil {
			t.Errorf("offline something is wrong that is right at run time: %v", err)
		}
		once, err := params.PlainParams(s, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"password", "pin"} {
			if _, shown := once[secret]; shown {
				t.Errorf("%s is shown", secret)
			}
		}
		again, err := params.Decode(s, once, params.Binder{})
		if err != nil {
			t.Fatalf("the plain params can't be decoded again: %v", err)
		}
		if twice, err := params.PlainParams(s, again); err != nil || !reflect.DeepEqual(once, twice) {
			t.Errorf("plain params %v became %v, %v", once, twice, err)
		}
	})
}

func TestAnEditorSaysHowADurationIsWritten(t *testing.T) {
	spec, err := params.Describe(reflect.TypeFor[struct {
		Interval time.Duration `otai:"interval,required" doc:"Time between two."`
	}]())
	if err != nil {
		t.Fatal(err)
	}
	interval := params.Schema(spec)["properties"].(m)["interval"].(m)
	for _, key := range []string{"description", "errorMessage"} {
		if text, _ := interval[key].(string); !strings.Contains(text, "PT30S") {
			t.Errorf("%s is %q", key, interval[key])
		}
	}
	for _, form := range interval["anyOf"].([]any) {
		if pattern, _ := form.(m)["pattern"].(string); strings.Contains(pattern, "[Pp]") && !strings.Contains(fmt.Sprint(form.(m)["patternErrorMessage"]), "PT30S") {
			t.Errorf("an editor shows the pattern itself: %v", form)
		}
	}
}
