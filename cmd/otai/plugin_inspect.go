package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginInspect() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a plugin file offers, with every param",
		Long: `Shows a plugin's versions, services, pipes and params. A child process opens the file
and reports. Exit code 3 means that this otai would refuse it.`,
		Example: `  otai plugin inspect plugins/otai_otobo_znuny.so
  otai plugin inspect --json plugins/otai_otobo_znuny.so | jq .offers[].schema`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			details, err := plugins.Inspect(cmd.Context(), c.settings, args[0])
			out := cmd.OutOrStdout()
			if err != nil && details.Path == "" {
				return answerError(out, asJSON, err)
			}
			if asJSON {
				return answered(err, writeJSON(out, details))
			}
			return errors.Join(showDetails(out, details), err)
		},
		ValidArgsFunction: filesNamed("so"),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON, params as JSON Schema")
	return cmd
}

func showDetails(out io.Writer, d plugins.Details) error {
	table := newTable(out)
	show(table, "Plugin\t%s %s\n", d.Package, d.Version)
	if d.Description != "" {
		show(table, "About\t%s\n", d.Description)
	}
	show(table, "Needs API level\t%s\nFile\t%s\nSHA-256\t%s\nSize\t%.1f MB\nTime to judge\t%.0f ms\nStatus\t%s\n",
		d.API, d.Path, d.SHA256, float64(d.Size)/1e6, d.DurationMS, d.Status)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, o := range d.Offers {
		show(out, "\n%s (%s)\n  %s\n", o.Name, o.Kind, lines(o.Doc))
		table := newTable(out)
		for _, n := range o.Needs {
			word := "required"
			if n.Optional {
				word = "optional"
			}
			show(table, "  injects %s\t%s\t%s\t\n", n.Name, n.Is, word)
		}
		for _, p := range o.Params {
			show(table, "  %s\t%s\t%s\t%s\n", p.Path, p.Type, p.Default, p.Doc)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}
