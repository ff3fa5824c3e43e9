package main

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/diagnose"
)

func (c *command) newValidate() *cobra.Command {
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [FILE]...",
		Short: "Check a configuration completely, offline",
		Long: `Checks a configuration against the plugins that are there and shows every problem
with file, line and column. Nothing is contacted. Several files are one configuration,
as with -c: they are merged in their order, and later ones win. The file - is standard
input. Exit code 2 means errors, 3 that a plugin which the configuration needs was refused.`,
		Example: `  otai validate -c config.yml
  otai validate base.yml site.yml
  otai config upgrade config.yml | otai validate --strict -
  otai validate -c config.yml --json | jq .problems`,
		ValidArgsFunction: filesNamed("yml", "yaml"),
		RunE: func(cmd *cobra.Command, files []string) error {
			c.settings.ConfigFiles = append(c.settings.ConfigFiles, files...)
			v, err := diagnose.Validate(cmd.Context(), c.settings, strict)
			var found *app.DiagnosticsError
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), v); err != nil {
					return err
				}
				return quietly(err)
			}
			if err != nil && !errors.As(err, &found) {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			for _, p := range v.Diagnostics {
				show(out, "%s\n%s", lines(p.String()), lines(v.Excerpt(p)))
			}
			if v.Valid {
				fmt.Fprintln(out, "The configuration is valid.")
			}
			if err := out.Flush(); err != nil {
				return err
			}
			return quietly(err)
		},
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "take warnings as errors")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}
