package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMessageQuotesNoForeignValueWhole(t *testing.T) {
	s := build(t, Params{}, newHost(nil, io.Discard))
	long := strings.Repeat("ö", 400_000)
	for name, c := range map[string]struct{ file, old, new string }{
		"an architecture": {"config.json", `"BertForSequenceClassification"`, `"` + long + `"`},
		"an activation":   {"config.json", `"gelu"`, `"` + long + `"`},
		"a class":         {"config.json", `"id2label": {`, `"id2label": {"` + long + `": "x", `},
		"a regex":         {"tokenizer.json", `"pre_tokenizer": {`, `"pre_tokenizer": {"type": "Split", "behavior": "Isolated", "pattern": {"Regex": "` + strings.Repeat("(", 400_000) + `"}, "was": {`},
	} {
		t.Run(name, func(t *testing.T) {
			folder := modelFolder(t, false)
			path := filepath.Join(folder, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), c.old, c.new, 1)
			if c.file == "tokenizer.json" {
				changed = `{"version": "1.0", "model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}, ` + c.new[:len(c.new)-len(`, "was": {`)] + "}}"
			}
			if changed == string(text) {
				t.Fatalf("%s has no %s", c.file, c.old)
			}
			if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = s.Classify(t.Context(), request("printer", folder))
			if err == nil || len(err.Error()) > 3000 || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %.300v", err)
			}
		})
	}
}
