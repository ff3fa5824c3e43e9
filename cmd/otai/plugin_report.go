package main

import (
	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginReport() *cobra.Command {
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "Write what a plugin's author needs to know of its crashes",
		Long: `Writes one new file for the author of a plugin that ended otai run's worker process, or is
refused: the versions on both sides, why the plugin's files are refused, when and how the
worker died, and its last traces. Secrets of the configuration, arguments of functions and
texts of panics are left out. Read the file before you send it. A file that is there stays.
Exit code 1 means that nothing is known of the plugin.`,
		Example: `  otai plugin report otai-words
  otai plugin report words -c config.yml --output words.txt
  runuser -u otai -- otai plugin report words -o /tmp/words.txt`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := plugins.MakeReport(cmd.Context(), c.settings, args[0], output)
			out := cmd.OutOrStdout()
			switch {
			case err != nil:
				return answerError(out, asJSON, err)
			case asJSON:
				return writeJSON(out, report)
			}
			show(out, "%s is written, for nobody else to read. It has:\n", report.File)
			for _, line := range report.Summary() {
				show(out, "  %s\n", line)
			}
			_, err = show(out, "Read it before you send it to the author of %s.\n", report.Plugin)
			return err
		},
		ValidArgsFunction: c.completingNames(plugins.Crashed),
	}
	c.configFlag(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "the new file (default: NAME-report.txt in the working directory)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON: what the file has, too")
	_ = cmd.MarkFlagFilename("output", "txt")
	return cmd
}

// completingNames offers names that the state folder knows, for one argument.
func (c *command) completingNames(names func(app.Settings) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 || c.complete(cmd) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(c.settings), cobra.ShellCompDirectiveNoFileComp
	}
}
