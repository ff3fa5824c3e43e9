package upgrade_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
)

func TestAnUpgradedFileIsCurrentAndMeansTheSame(t *testing.T) {
	files, err := filepath.Glob("../check/testdata/compat/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	env := []string{"OTOBO_URL=http://127.0.0.1:1", "DESK_PASSWORD=correct-horse"}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			old, _ := config.Read(config.Options{Files: []config.Source{{Name: "old", Data: data}}, Env: env})
			text, _ := upgrade.File(config.Source{Name: "old", Data: data})
			again, diags := upgrade.File(config.Source{Name: "new", Data: text})
			for _, p := range diags {
				t.Errorf("it is not current: %v", p)
			}
			if diff := cmp.Diff(string(text), string(again)); diff != "" {
				t.Errorf("a second upgrade changes it:\n%s", diff)
			}
			upgraded, diags := config.Read(config.Options{Files: []config.Source{{Name: "new", Data: text}}, Env: env})
			if old == nil || upgraded == nil || diags.HasErrors() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(old.Services, upgraded.Services); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(old.Orchestrator, upgraded.Orchestrator); diff != "" {
				t.Error(diff)
			}
			for line := range strings.SplitSeq(string(data), "\n") {
				if comment := strings.TrimSpace(line); strings.HasPrefix(comment, "#") && !strings.Contains(string(text), comment) {
					t.Errorf("the comment %q is lost", comment)
				}
			}
		})
	}
}
