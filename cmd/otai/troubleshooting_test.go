package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMessagesOfThePageAreThoseOfTheSources: what an operator looks up in docs/troubleshooting.md is
// said by some source, word for word.
func TestMessagesOfThePageAreThoseOfTheSources(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(product.root, "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := newCommand("git", "ls-files", "-z", "cmd", "internal", "pkg", "plugins")
	list.Dir = product.root
	names, err := list.Output()
	if err != nil {
		t.Skipf("there is no checkout of the sources: %v", err)
	}
	var sources strings.Builder
	for name := range strings.SplitSeq(string(names), "\x00") {
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			content, err := os.ReadFile(filepath.Join(product.root, name))
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(content)
		}
	}
	all, found := sources.String(), 0
	for line := range strings.SplitSeq(string(page), "\n") {
		message, is := strings.CutPrefix(line, "| `")
		if !is {
			continue
		}
		message, _, _ = strings.Cut(message, "`")
		found++
		if !strings.Contains(all, message) {
			t.Errorf("nothing says %q", message)
		}
	}
	if found < 20 {
		t.Errorf("%d messages are on the page", found)
	}
}
