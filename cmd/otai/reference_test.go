package main_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the reference anew")

func answer(t *testing.T, args ...string) string {
	t.Helper()
	cmd := newCommand(product.otai, args...)
	cmd.Env, cmd.Dir = environment(t), t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, stderrOf(err))
	}
	return string(out)
}

// The tables in the documentation and the schema beside the examples are those of
// the params structs.
func TestReferenceIsThatOfTheParamsStructs(t *testing.T) {
	const mark = "-update -->\n\n"
	page := filepath.Join(product.root, "docs", "configuration.md")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	prose, tables, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("%s has no mark %q", page, mark)
	}
	schemaFile := filepath.Join(product.root, "examples", "otai.schema.json")
	schema, _ := os.ReadFile(schemaFile)
	wantTables, wantSchema := answer(t, "schema", "--markdown"), answer(t, "schema")
	if *update {
		if err := os.WriteFile(page, []byte(prose+mark+wantTables), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(schemaFile, []byte(wantSchema), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(wantTables, tables); diff != "" {
		t.Errorf("%s (-params +page); write it anew by: go test ./cmd/otai -run TestReference -update\n%s", page, diff)
	}
	if diff := cmp.Diff(wantSchema, string(schema)); diff != "" {
		t.Errorf("%s (-params +file); write it anew by: go test ./cmd/otai -run TestReference -update\n%s", schemaFile, diff)
	}
}

// An editor finds the schema by the first line of each example, and nothing wrong
// in it.
func TestTheExamplesAreRightForAnEditor(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(product.root, "examples", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	nested, err := filepath.Glob(filepath.Join(product.root, "examples", "*", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, nested...) {
		if filepath.Base(file) == "OpenTicketAI.yml" {
			continue // is for the help desk to import
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(data), "\n")
		name, ok := strings.CutPrefix(line, "# yaml-language-server: $schema=")
		if !ok {
			t.Errorf("%s has no modeline", file)
			continue
		}
		schema, err := jsonschema.NewCompiler().Compile(filepath.Join(filepath.Dir(file), name))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		var raw any
		if err := yaml.Unmarshal(data, &raw); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
