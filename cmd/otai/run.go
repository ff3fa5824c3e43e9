package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
)

func (c *command) newRun() *cobra.Command {
	var o app.RunOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a configuration until Ctrl-C",
		Long: `Runs the pipes of a configuration again and again. An error, such as a help
desk that is down, stays with the runner it happens in, which retries with growing
pauses. Ctrl-C, SIGTERM or SIGHUP lets the running step end, within 5 seconds; a
second one ends otai at once.`,
		Example: `  otai run                          config.yml or otai.yml of this folder
  otai run -c config.yml --once     one cycle, for cron and for trying
  otai run -c config.yml --once --dry-run
                                    show what would be written, write nothing`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Run(cmd.Context(), c.settings, o)
		},
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&o.Once, "once", false, "run one cycle, every interval counting as over, then end")
	cmd.Flags().BoolVar(&o.UntilEmpty, "until-empty", false, "run until no ticket is left that can be worked at, then end")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "show writes to the ticket system instead of doing them")
	return cmd
}
