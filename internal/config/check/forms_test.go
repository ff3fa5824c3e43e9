package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
)

// The files in testdata/forms are written as people write YAML: anchors and merge
// keys, German words, blocks, tabs, tags, the lines of Windows, JSON, keys with
// dots, and the names and places of all versions.
func TestAConfigurationMayBeWrittenInEveryFormOfYAML(t *testing.T) {
	files, err := filepath.Glob("testdata/forms/*.yml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	env := []string{"OTOBO_URL=http://127.0.0.1:1/x", "DESK_PASSWORD=correct-horse"}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		check := func(data []byte) (diags config.Diagnostics) {
			d, diags := config.Read(config.Options{Files: []config.Source{{Name: name, Data: data}}, Env: env})
			if d != nil {
				diags = diags.And(check.Check(d, catalogtest.New()))
			}
			return diags
		}
		if diags := check(data); diags.HasErrors() {
			t.Errorf("%v", diags)
		}
		text, diags := upgrade.File(config.Source{Name: name, Data: data})
		if diags.HasErrors() {
			t.Errorf("upgrading it: %v", diags)
		}
		for _, p := range check(text) {
			if !slices.Contains([]string{"duplicate-id", "missing-trigger", "any-state"}, p.Code) {
				t.Errorf("upgraded: %v", p)
			}
		}
	}
}
