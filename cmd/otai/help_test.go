package main_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	main "github.com/open-ticket-ai/otai/cmd/otai"
)

// helpAt is the help of every command in a terminal of this width.
func helpAt(t *testing.T, columns string) map[string]string {
	t.Helper()
	t.Setenv("COLUMNS", columns)
	texts := make(map[string]string)
	root := main.NewRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		var out bytes.Buffer
		root.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		texts[cmd.CommandPath()] = out.String()
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return texts
}

func TestHelpKeepsToTheTerminalsWidth(t *testing.T) {
	for command, text := range helpAt(t, "") { // of no terminal: 80
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s --help has a line of %d columns: %s", command, n, line)
			}
		}
	}
}

func TestHelpBreaksBetweenWords(t *testing.T) {
	wide := helpAt(t, "500")
	for command, narrow := range helpAt(t, "60") {
		if !slices.Equal(strings.Fields(narrow), strings.Fields(wide[command])) {
			t.Errorf("%s --help has other words at 60 columns than at 500:\n%s", command, narrow)
		}
		if command == "otai plugin sign" && strings.Count(narrow, "\n") <= strings.Count(wide[command], "\n") {
			t.Errorf("%s --help is not broken at 60 columns:\n%s", command, narrow)
		}
	}
}

// A new version of pflag writes a switch as --json[=true|false].
func TestHelpShowsASwitchByItsNameAlone(t *testing.T) {
	for command, text := range helpAt(t, "") {
		if strings.Contains(text, "[=") {
			t.Errorf("%s --help shows the values of a switch:\n%s", command, text)
		}
	}
	if text := helpAt(t, "")["otai validate"]; !strings.Contains(text, "      --json                 answer as JSON\n") {
		t.Errorf("otai validate --help doesn't show --json alone:\n%s", text)
	}
}
