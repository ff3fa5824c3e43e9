package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	main "github.com/open-ticket-ai/otai/cmd/otai"
)

var (
	// A command in a sentence, and one that is a line of a block, up to what the shell reads otherwise.
	inSentence = regexp.MustCompile("(?:`|-- )otai ([a-z][^`|>&#;\n]*)")
	inBlock    = regexp.MustCompile(`(?m)(?:^ *\$? *|-- )otai ([a-z][^|>&#;\n]*)`)
	aWord      = regexp.MustCompile(`^[a-z][a-z-]*$`)
	aFlag      = regexp.MustCompile(`^--?([a-z][a-z-]*)`)
)

// TestEveryCommandThatIsNamedIsThere, with its flags, wherever people read of it: a page's commands in
// sentences are run by nothing else.
func TestEveryCommandThatIsNamedIsThere(t *testing.T) {
	root := main.NewRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	seen := 0
	for _, pattern := range []string{"README.md", "CHANGELOG.md", "Makefile", "docs/*.md", "plugins/*/README.md", "examples/*.yml", "examples/*/*.yml", "build/*.sh", "build/otai.service", "build/packages/*", "build/monitoring/*"} {
		files, err := filepath.Glob(filepath.Join(product.root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for n, part := range strings.Split(string(text), "```") {
				named := inSentence.FindAllStringSubmatch(part, -1)
				if n%2 == 1 {
					named = inBlock.FindAllStringSubmatch(part, -1)
				}
				for _, found := range named {
					seen++
					if missing := notThere(root, strings.Fields(found[1])); missing != "" {
						t.Errorf("%s: `otai %s`: there is no %s", strings.TrimPrefix(file, product.root), found[1], missing)
					}
				}
			}
		}
	}
	if seen < 300 {
		t.Errorf("only %d commands were found", seen)
	}
	for command, missing := range map[string]string{"plugin keygen": "keygen", "plug list": "plug", "plugin list --jsno": "--jsno", "runs list --state x --json": "", "plugin build DIR": ""} {
		if got := notThere(root, strings.Fields(command)); got != missing {
			t.Errorf("of %q %q is missing, want %q", command, got, missing)
		}
	}
}

// notThere is the first word of a command that otai doesn't know, "" if it knows them all.
func notThere(cmd *cobra.Command, words []string) string {
	for n, word := range words {
		if flag := aFlag.FindStringSubmatch(word); flag != nil {
			short := len(flag[1]) == 1 && !strings.HasPrefix(word, "--")
			cmd.InitDefaultHelpFlag()
			if short && cmd.Flags().ShorthandLookup(flag[1]) == nil && cmd.InheritedFlags().ShorthandLookup(flag[1]) == nil ||
				!short && cmd.Flags().Lookup(flag[1]) == nil && cmd.InheritedFlags().Lookup(flag[1]) == nil {
				return word
			}
			continue
		}
		if !cmd.HasSubCommands() || !aWord.MatchString(word) || n > 3 {
			continue
		}
		sub, _, err := cmd.Find([]string{word})
		if err != nil || sub == cmd {
			return word
		}
		cmd = sub
	}
	return ""
}
