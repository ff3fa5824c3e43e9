package params_test

import (
	"regexp"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestOneTestOfWhatHasATemplate(t *testing.T) {
	// The pattern of the editor's schema is the same test in another form.
	pattern := regexp.MustCompile(params.Schema(&params.Spec{Kind: params.KindInt, Name: "n", Required: true})["anyOf"].([]any)[2].(map[string]any)["pattern"].(string))
	for text, want := range map[string]bool{
		"": false, "{": false, "{}": false, "{ {": false, "}}": false, "a{b{": false, "{ #": false, "5%}": false,
		"{{": true, "{%": true, "{#": true, "a {{ b }}": true, "{{{": true, "{a{# c #}5": true, "ü{%-": true,
	} {
		if params.HasTemplate(text) != want || pattern.MatchString(text) != want {
			t.Errorf("%q: HasTemplate %v, the schema's pattern %v, want %v", text, params.HasTemplate(text), pattern.MatchString(text), want)
		}
	}
}

func TestSchemaAdmitsTextsThatStandForAValue(t *testing.T) {
	type fields struct {
		Count int `otai:"count"`
		Inner struct {
			Wait bool `otai:"wait"`
		} `otai:"inner"`
	}
	schema := params.Schema(describe[fields](t), `\$\{[A-Z]+\}`)
	if err := admits(schema, m{"count": "${COUNT}", "inner": m{"wait": "${WAIT}"}}); err != nil {
		t.Errorf("a reference is refused: %v", err)
	}
	if err := admits(schema, m{"count": "COUNT"}); err == nil {
		t.Error("any word is admitted")
	}
}
