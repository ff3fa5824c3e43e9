package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginCheck() *cobra.Command {
	var asJSON, static bool
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Say whether this otai could open plugin files, and what fixes them",
		Long: `Reads plugin files and compares them with this otai: whole file, processor, Go
release, build flags, every package that both link, the exported function. What
passes is then opened by a child process, which reports; --static leaves that out
and runs nothing of the files. Several files are judged as one set in the order
given: a file that can't be beside one before it is refused, and both are named.
Exit code 3 means that a file would be refused.`,
		Example: `  otai plugin check otai_words.so
  otai plugin check --static otai_words.so
  otai plugin check plugins/*.so --json`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			checks, err := plugins.Check(cmd.Context(), c.settings, args, static)
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
	return cmd
}

func showChecks(out io.Writer, checks []plugins.CheckResult) error {
	for _, check := range checks {
		if check.OK {
			show(out, "%s: ok\n", check.File)
			continue
		}
		show(out, "%s: refused, %s (%s)\n  %s\n", check.File, check.Stage, check.Code, lines(check.Error))
		if check.Fix != "" {
			show(out, "  What to do: %s\n", lines(strings.ReplaceAll(check.Fix, "\n", "\n  ")))
		}
		if len(check.Differences) == 0 {
			continue
		}
		if err := showDifferences(out, check.Differences); err != nil {
			return err
		}
	}
	return nil
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
