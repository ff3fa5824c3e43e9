package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/diagnose"
	"github.com/open-ticket-ai/otai/internal/app/visible"
)

func (c *command) newDoctor() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the configured models and ticket systems, read-only",
		Long: `Loads the models of a configuration that are on this machine, and asks each ticket
system whether it can be reached, knows the web service, lets the agent in, and has the
queues, priorities and states that the configuration names or that the models' labels
become in its templates. It only searches and reads, and downloads nothing. What can't be
seen from outside is shown as unknown, with the page of the help desk to look at.

Exit code 0: nothing failed; 1: a check failed; 2: the configuration is wrong.`,
		Example: `  otai doctor -c config.yml
  otai doctor -c config.yml --json | jq '.findings[] | select(.status != "ok")'`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.settings.Worker == nil {
				return c.answering(cmd, false, asJSON)
			}
			show := func(f diagnose.Diagnostic) { showDiagnostic(cmd.OutOrStdout(), f) }
			if asJSON {
				show = func(diagnose.Diagnostic) {}
			}
			working := newWorking(cmd.ErrOrStderr())
			d, err := diagnose.Doctor(cmd.Context(), c.settings, diagnose.DoctorOptions{Show: show, Working: working})
			if len(d.Diagnostics) == 0 {
				return err
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), d); err != nil {
					return err
				}
				return quietly(err)
			}
			return err
		},
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

// newWorking shows what takes long, on a terminal and until it has been done.
func newWorking(out io.Writer) func(what string) {
	line := newLiveLine(out)
	return func(what string) {
		if what == "" {
			line.clear()
			return
		}
		line.draw(visible.Line(what) + "…")
	}
}

// showDiagnostic writes a diagnostic in one line, and below it what to do.
func showDiagnostic(out io.Writer, f diagnose.Diagnostic) {
	show(out, "%-8s %s: %s: %s\n", f.Status, f.Service, f.Check, lines(strings.ReplaceAll(f.Message, "\n", "\n         ")))
	if len(f.Places) > 0 && f.Status != diagnose.StatusOK {
		show(out, "         at %s\n", strings.Join(f.Places, ", "))
	}
	if f.Fix != "" {
		show(out, "         -> %s\n", lines(strings.ReplaceAll(f.Fix, "\n", "\n            ")))
	}
}
