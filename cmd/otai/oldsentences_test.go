package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Before runs were kept, the pages said what was lost without them. None says it still.
func TestNoPageSaysWhatWasTrueBeforeRunsWereKept(t *testing.T) {
	old := []string{
		"three seconds", "keeps no journal", "without a journal", "no journal", "without its journal", "for its journal", "journal of updates", "the journal needs",
		"so run only one", "queue: run only one", "don't notice each other", "are not a unit", "are never done", "first completes the updates",
		"note-after-move", "the note is never written", "a note in a step of its own", "Runners take turns", "noted twice",
		"give each its own queues: ", "waits 3 s",
	}
	var pages []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/decisions/*.md", "plugins/*/README.md", "examples/*.yml", "examples/*/*.yml", "build/otai.service"} {
		found, err := filepath.Glob(filepath.Join(product.root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(string(text)), " ")
		for _, sentence := range old {
			if i := strings.Index(words, sentence); i >= 0 {
				t.Errorf("%s says %q: …%s…", page, sentence, words[max(0, i-60):min(len(words), i+80)])
			}
		}
	}
}
