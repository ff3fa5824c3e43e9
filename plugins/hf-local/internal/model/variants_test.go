package model_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

// TestChangedKeysChangeTheLogitsAsInTransformers has the recorded models with
// other values in config.json, where transformers reads them differently too.
func TestChangedKeysChangeTheLogitsAsInTransformers(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testdata, "variants.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Model   string         `json:"model"`
			Changes map[string]any `json:"changes"`
			Of      []struct {
				Case   int       `json:"case"`
				Logits []float32 `json:"logits"`
			} `json:"of"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 15 {
		t.Fatalf("only %d recorded", len(file.Cases))
	}
	for _, c := range file.Cases {
		t.Run(fmt.Sprintf("%s %v", c.Model, c.Changes), func(t *testing.T) {
			folder := copyModel(t, c.Model)
			for key, value := range c.Changes {
				edit(t, filepath.Join(folder, "config.json"), set(t, key, value))
			}
			n := loadNetwork(t, folder, engine.Available()[0], 2)
			cases := recorded(t, c.Model)
			for _, want := range c.Of {
				logits, err := n.Logits(t.Context(), [][]int32{cases[want.Case].IDs})
				if err != nil {
					t.Fatal(err)
				}
				if d := difference(logits[0], want.Logits); !(d <= tolerance) {
					t.Errorf("text %d: logits %v, transformers has %v", want.Case, logits[0], want.Logits)
				}
			}
		})
	}
}
