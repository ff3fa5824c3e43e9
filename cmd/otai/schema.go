package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newSchema() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configurations, for editors",
		Long: `Prints the JSON Schema (2020-12) of a configuration with every service, pipe and
param that the plugins offer. An editor with the YAML language server completes and
checks a file by it that begins with the line

  # yaml-language-server: $schema=otai.schema.json`,
		Example: `  otai schema > otai.schema.json
  otai schema --markdown         tables of services, pipes and params`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if markdown {
				offers, err := plugins.Reference(cmd.Context(), c.settings)
				if err != nil {
					return err
				}
				return showReference(cmd.OutOrStdout(), offers)
			}
			schema, refused, err := plugins.Schema(cmd.Context(), c.settings)
			if err != nil {
				return err
			}
			for _, p := range refused {
				show(cmd.ErrOrStderr(), "What %s offers is not in the schema, because it was refused (%s: %s)\n", p.Package, p.Code, p.Error)
			}
			return writeJSON(cmd.OutOrStdout(), schema)
		},
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print tables of all services and pipes instead")
	return cmd
}
