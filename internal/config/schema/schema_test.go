package schema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/internal/config/schema"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func compiled(t *testing.T, schema map[string]any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("otai.schema.json", value); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("otai.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asEditor reads YAML as an editor does. It is not ok for what is not YAML, or has
// no form in JSON.
func asEditor(data []byte) (value any, ok bool) {
	var raw any
	if yaml.Unmarshal(data, &raw) != nil {
		return nil, false
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, false
	}
	value, err = jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	return value, err == nil
}

// inForm are the codes of mistakes that are in the form of a file.
var inForm = []string{"unknown-key", "unknown-use", "wrong-kind", "missing-param", "bad-param", "unknown-injection", "missing-injection", "wrong-type", "missing-key", "missing-trigger", "unsupported-form", "not-a-mapping", "empty", "bad-value"}

func TestTheSchemaFindsWhatIsWrongInTheFormOfAFile(t *testing.T) {
	s := compiled(t, schema.Of(catalogtest.New()))
	// What is a mistake in a way that no schema can see.
	beyond := []string{
		"log-file-without-path",                                                                                   // a key that another key needs
		"composite-stpes", "composite-tasks", "two-mistakes-below-a-misspelled-key", "runner-params-not-indented", // keys that only seem to be meant as others
		"password-begins-with-bang", "typographic-quotes", "typographic-quotes-around-values", "invisible-around-words", "invisible-in-words", "two-documents", "hard-spaces-from-a-web-page", // mistakes of the text, with none in its form
	}
	files, err := filepath.Glob("../check/testdata/broken/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, ok := asEditor(data)
		if !ok || slices.Contains(beyond, name) {
			continue
		}
		d, diags := config.Read(config.Options{Files: []config.Source{{Name: name, Data: data}}})
		if d != nil {
			diags = diags.And(check.Check(d, catalogtest.New()))
		}
		wrong := slices.ContainsFunc(diags, func(p config.Diagnostic) bool {
			return p.Severity == config.SeverityError && slices.Contains(inForm, p.Code)
		})
		err = s.Validate(value)
		if wrong {
			found++
		}
		if wrong != (err != nil) {
			t.Errorf("%s: wrong in its form: %v, but the schema says: %v", name, wrong, err)
		}
	}
	if found < 20 {
		t.Errorf("only %d files are wrong in their form", found)
	}
}

func TestTheSchemaAcceptsVariablesWhereTheyAreReplaced(t *testing.T) {
	s := compiled(t, schema.Of(catalogtest.New()))
	value, ok := asEditor([]byte(`
infrastructure: {logging: {level: "${LEVEL:-info}", format: "${FORMAT}", log_to_file: "${TO_FILE:-no}"}}
services:
  d: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: "${URL}", timeout: "${TIMEOUT:-PT5S}", retries: "${RETRIES}"}}
orchestrator: {params: {steps: []}}
`))
	if !ok {
		t.Fatal("this is not YAML")
	}
	if err := s.Validate(value); err != nil {
		t.Error(err)
	}
	for text, accepted := range map[string]bool{
		"${file:/run/secrets/timeout}": true, "${file:${CREDENTIALS_DIRECTORY}/timeout}": true, "${file:timeout}": true,
		"${file:}": false, "${file:x": false, "${TIME-OUT}": false, "${TIMEOUT": false, "$TIMEOUT": false,
	} {
		value, ok := asEditor([]byte("services: {d: {use: otobo-znuny:OTOBOZnunyTicketSystemService, params: {base_url: http://x, timeout: \"" + text + "\"}}}\norchestrator: {params: {steps: []}}\n"))
		if err := s.Validate(value); !ok || (err == nil) != accepted {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheSchemaAcceptsWhatRuns(t *testing.T) {
	s := compiled(t, schema.Of(catalogtest.New()))
	files, err := filepath.Glob("../check/testdata/compat/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		// Pipes and params that never existed are not in the schema.
		if strings.HasPrefix(filepath.Base(file), "d-") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		value, ok := asEditor(data)
		if !ok {
			t.Fatalf("%s is not YAML", file)
		}
		if err := s.Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		upgraded, diags := upgrade.File(config.Source{Name: file, Data: data})
		if value, ok := asEditor(upgraded); !ok || s.Validate(value) != nil {
			t.Errorf("%s, upgraded: %v %v", file, s.Validate(value), diags)
		}
	}
}
