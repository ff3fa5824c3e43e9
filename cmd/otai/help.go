package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// showHelp writes a command's help no wider than the terminal. Cobra's own leaves
// long lines to the terminal, which breaks them within words.
func showHelp(cmd *cobra.Command, _ []string) {
	// cobra adds these only to a command that runs.
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	fmt.Fprint(cmd.OutOrStdout(), helpText(cmd, helpWidth(cmd.OutOrStdout())))
}

func helpText(cmd *cobra.Command, width int) string {
	var b strings.Builder
	about := cmd.Long
	if about == "" {
		about = cmd.Short
	}
	b.WriteString(reflow(strings.TrimSpace(about), width))
	b.WriteString("\n\nUsage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nAvailable Commands:\n")
		for _, sub := range cmd.Commands() {
			if !sub.IsAvailableCommand() && sub.Name() != "help" {
				continue
			}
			name := fmt.Sprintf("  %-*s ", sub.NamePadding(), sub.Name())
			b.WriteString(name + wrap(sub.Short, width, len(name)) + "\n")
		}
	}
	if cmd.HasAvailableLocalFlags() {
		b.WriteString("\nFlags:\n" + flagUsages(cmd.LocalFlags(), width))
	}
	if cmd.HasAvailableInheritedFlags() {
		b.WriteString("\nGlobal Flags:\n" + flagUsages(cmd.InheritedFlags(), width))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n%s\n", wrap(fmt.Sprintf("Use \"%s [command] --help\" for more information about a command.", cmd.CommandPath()), width, 0))
	}
	return b.String()
}

// flagUsages shows a switch by its name alone, not as --json[=true|false], as pflag does
// since 1.1.0: that takes the width the explanations need.
func flagUsages(flags *pflag.FlagSet, width int) string {
	shown := pflag.NewFlagSet("", pflag.ContinueOnError)
	shown.SortFlags = flags.SortFlags
	flags.VisitAll(func(flag *pflag.Flag) {
		line := *flag
		if line.Value.Type() == "bool" {
			line.Value = switchValue{line.Value}
		}
		shown.AddFlag(&line)
	})
	return shown.FlagUsagesWrapped(width)
}

// switchValue is a bool under the name of the type that pflag shows without its values.
type switchValue struct{ pflag.Value }

func (switchValue) Type() string     { return "boolfunc" }
func (switchValue) IsBoolFlag() bool { return true }

// helpWidth is that of the terminal; where there is none, 80 columns.
func helpWidth(out io.Writer) int {
	const usual, least = 80, 40
	width, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if err != nil || width <= 0 {
		width = terminalWidth(out)
	}
	if width <= 0 {
		width = usual
	}
	return max(width, least)
}

// reflow breaks paragraphs anew. Lines that begin with a blank stay as they are.
func reflow(text string, width int) string {
	var out, paragraph []string
	end := func() {
		if len(paragraph) > 0 {
			out = append(out, wrap(strings.Join(paragraph, " "), width, 0))
			paragraph = nil
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
			end()
			out = append(out, line)
			continue
		}
		paragraph = append(paragraph, line)
	}
	end()
	return strings.Join(out, "\n")
}

// wrap breaks a text between words. The lines after the first are indented, and the
// first is taken to begin at that column.
func wrap(text string, width, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}
