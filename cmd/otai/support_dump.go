package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/support"
)

func (c *command) newSupportDump() *cobra.Command {
	var o support.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "support-dump",
		Short: "Pack what somebody who helps needs to know into one file",
		Long: `Writes one new file (tar.gz, mode 0600) with versions, the configuration, the status and
metrics of the otai that runs on this state folder, the plugin files, figures of the run
store, the end of the log file, and when and how worker processes died. It works without
an otai that runs, too, and with a configuration that is wrong. It needs the state folder
of that otai: its user or root, and --state-dir if it has another than yours.

Passwords, tokens, other secrets, values of variables, comments of the configuration and
tickets with their texts are left out. The file has a list of what is in it and what
isn't: read it before you send it.`,
		Example: `  otai support-dump -c config.yml
  otai support-dump -c config.yml --state-dir /var/lib/otai -o dump.tar.gz
  otai support-dump --crashes`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dump, err := support.Make(cmd.Context(), c.settings, o)
			out := cmd.OutOrStdout()
			switch {
			case err != nil:
				return answerError(out, asJSON, err)
			case asJSON:
				return writeJSON(out, dump)
			}
			show(out, "%s is written, for nobody else to read. It has:\n", dump.File)
			for _, e := range dump.Entries {
				show(out, "  %s: %s\n", e.Name, e.About)
			}
			show(out, "It doesn't have:\n")
			for _, left := range dump.LeftOut {
				show(out, "  %s\n", left)
			}
			if len(dump.Unread) > 0 {
				show(out, "Not found out:\n")
			}
			for _, unread := range dump.Unread {
				show(out, "  %s\n", unread)
			}
			_, err = show(out, "Read it before you send it.\n")
			return err
		},
	}
	c.configFlag(cmd)
	cmd.Flags().StringVarP(&o.File, "output", "o", "", "the new file (default: otai-support-TIME.tar.gz in the working directory)")
	cmd.Flags().BoolVar(&o.Crashes, "crashes", false, "add the traces of worker processes that died: their functions and lines")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON: what the file has, too")
	_ = cmd.MarkFlagFilename("output", "gz")
	return cmd
}
