package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport is which rooms of this module each room may import directly. Only the
// service may import everything; README.md shows what each of them does.
var mayImport = map[string][]string{
	"internal/batch":       {},
	"internal/benchhf":     {"engine", "model", "onnx"},
	"internal/engine":      {},
	"internal/hub":         {"modelfile"},
	"internal/hub/hubtest": {},
	"internal/model":       {"engine", "modelfile", "onnx", "pytorch", "safetensors", "tokenizer"},
	"internal/modelfile":   {},
	"internal/onnx":        {"modelfile"},
	"internal/pytorch":     {"modelfile", "safetensors"},
	"internal/safetensors": {"modelfile"},

	"internal/tokenizer": {
		"modelfile", "tokenizer/addedtokens", "tokenizer/hfjson", "tokenizer/models", "tokenizer/normalizers",
		"tokenizer/pretokenizers", "tokenizer/processors", "tokenizer/settings", "tokenizer/slow",
	},
	"internal/tokenizer/slow": {
		"modelfile", "tokenizer/addedtokens", "tokenizer/models", "tokenizer/normalizers", "tokenizer/pattern",
		"tokenizer/pretokenizers", "tokenizer/settings", "tokenizer/unicodedata",
	},
	"internal/tokenizer/settings":      {"modelfile", "tokenizer/addedtokens", "tokenizer/hfjson"},
	"internal/tokenizer/addedtokens":   {"tokenizer/models", "tokenizer/pretokenizers", "tokenizer/trie", "tokenizer/unicodedata"},
	"internal/tokenizer/processors":    {"tokenizer/hfjson"},
	"internal/tokenizer/models":        {"tokenizer/hfjson", "tokenizer/trie"},
	"internal/tokenizer/pretokenizers": {"tokenizer/hfjson", "tokenizer/normalizers", "tokenizer/onig", "tokenizer/pattern", "tokenizer/unicodedata"},
	"internal/tokenizer/normalizers":   {"tokenizer/hfjson", "tokenizer/pattern", "tokenizer/unicodedata"},
	"internal/tokenizer/pattern":       {"tokenizer/onig"},
	"internal/tokenizer/unicodedata":   {"tokenizer/onig"},
	"internal/tokenizer/hfjson":        {},
	"internal/tokenizer/trie":          {},
	"internal/tokenizer/onig":          {},
}

func TestRoomsImportOneWay(t *testing.T) {
	const module = "github.com/open-ticket-ai/otai/plugins/hf-local/"
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./internal/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		room := strings.TrimPrefix(words[0], module)
		allowed, ok := mayImport[room]
		if !ok {
			t.Errorf("%s is not in the table", room)
			continue
		}
		seen++
		for _, imported := range words[1:] {
			other, ours := strings.CutPrefix(imported, module+"internal/")
			if ours && !slices.Contains(allowed, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("of the %d rooms in the table, there are only %d", len(mayImport), seen)
	}
}
