package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginNew() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "new NAME [DIR]",
		Short: "Write a plugin project that builds, tests and loads as it stands",
		Long: `Writes a Go module with one service, one pipe, their params, a test, a Makefile and
a configuration to try them. The contract with otai is in its third_party folder, so
neither a network nor otai's sources are needed. The name has letters, digits and
hyphens; DIR is otai-NAME unless it is given, and must be new or empty.`,
		Example: `  otai plugin new words
  otai plugin new my-desk plugins/my-desk`,
		Args: arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := ""
			if len(args) == 2 {
				dir = args[1]
			}
			p, err := plugins.New(args[0], dir)
			out := cmd.OutOrStdout()
			switch {
			case err != nil:
				return answerError(out, asJSON, err)
			case asJSON:
				return writeJSON(out, p)
			}
			_, err = show(out, `The plugin %s is in %s. Next:
  cd %s
  make test
  otai plugin build .
  otai plugin list --plugin-dir .
`, p.Name, p.Dir, p.Dir)
			return err
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return folders(cmd, args, begun)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}
