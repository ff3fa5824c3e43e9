package orchestrator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

type filed struct {
	Table string `otai:"table"`
}

func (f *filed) File() (param, name string) { return "table", f.Table }

// What is in a file that a param names is a part of what a pipe does: a run that was begun
// with another one isn't continued.
func TestAPlaceIsAnotherOneWhenAFileOfItChanges(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := registry.New(":")
	renders := api.NewService("Renderer", "", func(struct{}, api.Host) (renderer, error) { return renderer{}, nil })
	offered := api.NewPipeFunc("Filed", "Has a file.", func(context.Context, filed, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil })
	if err := r.Register("otai-t", "t", api.AppConfig{}, []api.Injectable{renders, offered}); err != nil {
		t.Fatal(err)
	}
	hash := func(table string) string {
		seen := newLedger()
		e, err := orchestrator.New(orchestrator.Definition{
			Root: map[string]any{"id": "one", "use": "t:Filed", "params": map[string]any{"table": table}}, RootPath: "root",
		}, orchestrator.Options{Registry: r, Runs: seen, ConfigDir: func(path string) string {
			if path != "root.params.table" {
				t.Errorf("the folder of %s is asked for", path)
			}
			return folder
		}, DefaultRenderer: "t:Renderer", Once: true})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close() //nolint:errcheck // nothing was begun
		_ = e.Run(t.Context())
		if len(seen.places) != 1 {
			t.Fatalf("%d places", len(seen.places))
		}
		return seen.places[0].Hash
	}
	write("a.csv", "label,queue\nVPN,IT\n")
	before := hash("a.csv")
	if hash("a.csv") != before {
		t.Error("the same file has two hashes")
	}
	write("a.csv", "label,queue\nVPN,HR\n")
	if hash("a.csv") == before {
		t.Error("another content has the same hash")
	}
	write("a.csv", "label,queue\nVPN,IT\n")
	if hash("a.csv") != before || hash(filepath.Join(folder, "a.csv")) == hash("missing.csv") {
		t.Error("the content doesn't count, or counts twice")
	}
}
