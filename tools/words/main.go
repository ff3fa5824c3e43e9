// Command words checks that the repository speaks one language: American spelling, by
// the dictionary of misspell, and the words of docs/glossary.md instead of those that
// the rules file forbids.
//
//	words RULES ROOT
//
// It reads the files that git knows: of Go, comments, texts and the names that are
// declared; of all else, each line. Recorded data and generated files are left out.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/golangci/misspell"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: words RULES ROOT")
		os.Exit(2)
	}
	complaints, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "words:", err)
		os.Exit(2)
	}
	for _, complaint := range complaints {
		fmt.Fprintln(os.Stderr, complaint)
	}
	if len(complaints) > 0 {
		fmt.Fprintf(os.Stderr, "%d places to reword; docs/glossary.md has the words, %s the rules\n", len(complaints), os.Args[1])
		os.Exit(1)
	}
}

func check(rulesFile, root string) ([]string, error) {
	rules, err := readRules(rulesFile)
	if err != nil {
		return nil, err
	}
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("list the files: %w", err)
	}
	spelling := misspell.New()
	spelling.AddRuleList(misspell.DictAmerican)
	spelling.Compile()
	var complaints []string
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if rules.skips(name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and git doesn't know it yet
		}
		if err != nil {
			return nil, err
		}
		pieces, err := split(name, text)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			for _, said := range rules.judge(name, p) {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %s", name, p.line, said))
			}
			if p.kind != prose {
				continue
			}
			_, diffs := spelling.Replace(rules.judged(p.text))
			for _, d := range diffs {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %q is spelled %q", name, p.line+d.Line-1, d.Original, d.Corrected))
			}
		}
	}
	slices.Sort(complaints)
	return slices.Compact(complaints), nil
}
