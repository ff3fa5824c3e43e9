package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/runs"
)

func (c *command) newRunsBackup() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the run store of the state folder as it is now, also while otai runs",
		Long: `Copies the run store of the state folder into a new file that only you can read, as it is
at one moment, also while otai runs. Its files can't be copied one by one then.

To go back to it, stop otai, and put the copy into the state folder as runs.db, without
the runs.db-wal and runs.db-shm of before. What was done after the copy was made isn't in
it: for a day after the first start otai looks for each note before it writes it.

Runs in PostgreSQL are copied by its own tools, such as pg_dump.`,
		Example: `  otai runs backup /var/backups/otai-runs.db --state-dir /var/lib/otai`,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			backup := func(d *runs.Desk) (runs.Backup, error) {
				return d.Backup(cmd.Context(), c.settings.Abs(args[0]))
			}
			return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, backup, func(out io.Writer, b runs.Backup) error {
				_, err := show(out, "%s has the runs, %d bytes.\n", b.File, b.Bytes)
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}
