package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
)

func (c *command) newConfig() *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "Bring configuration files into the current form",
	}, c.newConfigUpgrade())
}

func (c *command) newConfigUpgrade() *cobra.Command {
	return &cobra.Command{
		Use:   "upgrade FILE",
		Short: "Print a configuration in the current form, comments kept",
		Long: `Prints a configuration file in the current form, with its comments, and says on
standard error what was changed. The file itself stays as it is. otai runs the older
forms, too, with a warning for each.`,
		Example: `  otai config upgrade config.yml > new.yml
  otai validate -c new.yml`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			upgraded, err := app.UpgradeConfig(c.settings, args[0])
			var found *app.ProblemsError
			if err != nil && !errors.As(err, &found) {
				return err
			}
			for _, p := range upgraded.Problems {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s\n%s", p, upgraded.Excerpt(p))
			}
			if err != nil {
				return quietly(err)
			}
			_, err = cmd.OutOrStdout().Write(upgraded.Text)
			return written(err)
		},
		ValidArgsFunction: filesNamed("yml", "yaml"),
	}
}
