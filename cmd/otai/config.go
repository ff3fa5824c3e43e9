package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
)

func (c *command) newConfig() *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "Bring what earlier versions were configured by into the current form",
	}, c.newConfigUpgrade(), c.newConfigFromEnv())
}

func (c *command) newConfigUpgrade() *cobra.Command {
	var write, asJSON bool
	cmd := &cobra.Command{
		Use:   "upgrade FILE",
		Short: "Print a configuration in the current form, comments kept",
		Long: `Prints a configuration file in the current form, and says on standard error what was
changed: the old names and places, and nothing else; comments, blank lines, quotes and
indentation stay. The file itself stays as it is, unless --write puts the new form in
its place. The file - is standard input. otai runs the older forms, too, with a warning
for each.`,
		Example: `  otai config upgrade config.yml | diff config.yml -
  otai config upgrade --write config.yml`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if write && args[0] == "-" {
				return errors.New("--write needs a file: standard input can't be written")
			}
			upgraded, err := app.UpgradeConfig(cmd.Context(), c.settings, args[0])
			var found *app.DiagnosticsError
			if err != nil && !errors.As(err, &found) {
				return err
			}
			if err == nil && write {
				if err := upgraded.Write(c.settings); err != nil {
					return err
				}
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), upgraded); err != nil {
					return err
				}
				return quietly(err)
			}
			for _, p := range upgraded.Diagnostics {
				show(cmd.ErrOrStderr(), "%s\n%s", lines(p.String()), lines(upgraded.Excerpt(p)))
			}
			if err != nil {
				return quietly(err)
			}
			switch {
			case !write:
				_, err = io.WriteString(cmd.OutOrStdout(), upgraded.Text)
			case upgraded.Changed:
				_, err = show(cmd.OutOrStdout(), "%s is in the current form now.\n", args[0])
			default:
				_, err = show(cmd.OutOrStdout(), "%s is in the current form already.\n", args[0])
			}
			return err
		},
		ValidArgsFunction: filesNamed("yml", "yaml"),
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "put the current form in the file's place")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON: changed, text, problems")
	return cmd
}
