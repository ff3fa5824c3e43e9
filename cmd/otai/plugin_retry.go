package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry NAME",
		Short: "Open a plugin again that has ended otai",
		Long: `A plugin whose code ended the worker process of otai run, while it was opened, checked
or started, is not opened any more (host-crashed). This clears that, for when the
cause was another one and is gone. It takes effect when otai is started again.`,
		Example: `  otai plugin retry otai-words
  otai plugin retry otai-words --state-dir /var/lib/otai`,
		Args:              arguments(1, 1),
		ValidArgsFunction: c.completingNames(plugins.RefusedForCrashes),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, err := plugins.Retry(c.settings, args[0])
			if err != nil {
				return err
			}
			show(cmd.OutOrStdout(), "%s is opened again from the next start of otai on.\n", name)
			return nil
		},
	}
}
