package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginCheck() *cobra.Command {
	var asJSON, static bool
	var beside plugins.Beside
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Say whether this otai could open plugin files, and what fixes them",
		Long: `Reads plugin files and compares them with this otai: whole file, processor, Go
release, build flags, every package that both link, the exported function. What
passes is then opened by a child process, which reports; --static leaves that out
and runs nothing of the files. Each file is judged alone, and together with what stands in
the plugin folders of the configuration and with the files before it, in the order in which
otai loads them; where that can't be, the plugin that is in the way is named. A file that stands there with the same name is left
out. --with takes other folders, --alone none. Exit code 3 means that a file would
be refused.`,
		Example: `  otai plugin check otai_words.so
  otai plugin check --static otai_words.so
  otai plugin check otai_words.so --with /usr/lib/otai/plugins
  otai plugin check plugins/*.so --json`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			checks, err := plugins.Check(cmd.Context(), c.settings, args, beside, static)
			if checks == nil {
				return answerError(cmd.OutOrStdout(), asJSON, err)
			}
			show := showChecks
			if asJSON {
				show = func(out io.Writer, checks []plugins.CheckResult) error { return writeJSON(out, checks) }
			}
			return answered(err, show(cmd.OutOrStdout(), checks))
		},
		ValidArgsFunction: filesNamed("so"),
	}
	cmd.Flags().BoolVar(&static, "static", false, "read the files only, run nothing of them")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	c.besideFlags(cmd, &beside)
	return cmd
}

func showChecks(out io.Writer, checks []plugins.CheckResult) error {
	for _, check := range checks {
		if check.Alone.OK {
			show(out, "%s: ok alone\n", check.File)
		} else {
			show(out, "%s: refused, %s (%s)\n", check.File, check.Alone.Stage, check.Alone.Code)
			if err := showReason(out, *check.Alone); err != nil {
				return err
			}
		}
		showChanges(out, check.File, check.Changes)
		if check.Together == nil {
			continue
		}
		if !check.Alone.OK {
			show(out, "%s: refused together with others, too\n", check.File)
		} else if err := showTogether(out, check.File, *check.Together, check.Beside, check.Displaced); err != nil {
			return err
		}
	}
	return nil
}

// showChanges says what opening a plugin changes in its process.
func showChanges(out io.Writer, file string, changes []string) {
	if len(changes) == 0 {
		return
	}
	show(out, "%s: opening it changes its process, which otai puts back, or refuses with init_side_effects: refuse\n", file)
	for _, change := range changes {
		show(out, "  %s\n", lines(change))
	}
}

// showTogether is the second line of a judgment, with the reason where a file is refused.
func showTogether(out io.Writer, file string, v plugins.Judgment, beside, displaced []string) error {
	const few = 4
	var names []string
	for _, path := range beside[:min(few, len(beside))] {
		names = append(names, filepath.Base(path))
	}
	others := "no other plugin"
	if len(names) > 0 {
		others = strings.Join(names, ", ")
	}
	if more := len(beside) - len(names); more > 0 {
		others += fmt.Sprintf(" and %d more", more)
	}
	if v.OK {
		show(out, "%s: ok together with %s\n", file, others)
		for _, path := range displaced {
			show(out, "  %s, which is loaded after it, would be refused because of it\n", filepath.Base(path))
		}
		return nil
	}
	show(out, "%s: refused, %s (%s), together with %s", file, v.Stage, v.Code, others)
	if v.Other != "" {
		show(out, "; %s is in the way", filepath.Base(v.Other))
	}
	show(out, "\n")
	return showReason(out, v)
}

func showReason(out io.Writer, v plugins.Judgment) error {
	show(out, "  %s\n", lines(v.Error))
	if v.Fix != "" {
		show(out, "  What to do: %s\n", lines(strings.ReplaceAll(v.Fix, "\n", "\n  ")))
	}
	if len(v.Differences) == 0 {
		return nil
	}
	return showDifferences(out, v.Differences)
}

// showDifferences takes many packages of a module that one line fixes together;
// the JSON form has them all.
func showDifferences(out io.Writer, differences []plugins.Difference) error {
	const few = 3
	table := newTable(out)
	fmt.Fprintln(table, "  PACKAGE\tPLUGIN\tHOST\tFIXED BY")
	for len(differences) > 0 {
		d := differences[0]
		alike := slices.IndexFunc(differences, func(other plugins.Difference) bool {
			other.Package = d.Package
			return other != d
		})
		if alike < 0 {
			alike = len(differences)
		}
		if alike <= few {
			alike = 1
		} else {
			d.Package = fmt.Sprintf("%d packages of %s", alike, cmp.Or(d.Module, "the standard library"))
		}
		show(table, "  %s\t%s\t%s\t%s\n", d.Package, withoutSum(d.Plugin), withoutSum(d.Host), d.Fix)
		differences = differences[alike:]
	}
	return table.Flush()
}

// withoutSum leaves the checksum to the JSON form.
func withoutSum(recorded string) string {
	version, _, _ := strings.Cut(recorded, " h1:")
	if version == "" {
		return "-"
	}
	return version
}
