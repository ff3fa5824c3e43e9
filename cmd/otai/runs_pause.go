package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/runs"
)

func (c *command) newRunsPause() *cobra.Command {
	return c.pausing(&cobra.Command{
		Use:   "pause [RUNNER]",
		Short: "Let nothing of a runner begin, or of any",
		Long: `Pauses a runner, or all. Within a second nothing of it begins on any host: no search, no
run, no item of a loop. What was begun to be written is finished; what is between two steps
waits, without being charged for it. A pause outlives otai, and may be made before its first
start; otai runs resume ends it.`,
		Example: `  otai runs pause
  otai runs pause sort`,
	}, false, (*runs.Desk).Pause)
}

func (c *command) newRunsResume() *cobra.Command {
	return c.pausing(&cobra.Command{
		Use:   "resume [RUNNER]",
		Short: "Let a paused runner go on, or all",
		Long:  `Ends the pause of a runner, or all pauses. What waited goes on where it was.`,
		Example: `  otai runs resume
  otai runs resume sort`,
	}, true, (*runs.Desk).Resume)
}

func (c *command) pausing(cmd *cobra.Command, paused bool, do func(d *runs.Desk, ctx context.Context, runner string) (runs.Asked, error)) *cobra.Command {
	var asJSON bool
	cmd.Args = arguments(0, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		runner := ""
		if len(args) == 1 {
			runner = args[0]
		}
		return c.askOf(cmd, runs.OpenOptions{Asks: true, Makes: !paused}, asJSON, func(d *runs.Desk) (runs.Asked, error) { return do(d, cmd.Context(), runner) })
	}
	cmd.ValidArgsFunction = c.completing(func(ctx context.Context, d *runs.Desk, begun string) ([]string, error) {
		return d.RunnerNames(ctx, begun, paused)
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}
