package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
)

func (c *command) newConfigFromEnv() *cobra.Command {
	var envFile, output string
	var force, asJSON bool
	cmd := &cobra.Command{
		Use:   "from-env",
		Short: "Write the configuration for the settings of Open Ticket AI 2.0",
		Long: `Prints a configuration that does what Open Ticket AI 2.0 does with its settings, such as
OTAI_OTOBO_BASE_URL and OTAI_QUEUE_MODEL: take tickets of one queue, classify them by two
models, write queue, priority and two notes. The settings come from the file .env of the
working directory and from the environment, which wins. What became of each is reported
on standard error. Secrets are not copied: the configuration names their variables.`,
		Example: `  otai config from-env                  print it
  otai config from-env -o config.yml    write it, unless there is such a file
  otai validate`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output == "-" || output == "/dev/stdout" {
				output = ""
			}
			if force && output == "" {
				return errors.New("--force needs -o FILE: without it no file is written")
			}
			made, err := app.FromEnv(cmd.Context(), c.settings, envFile)
			var found *app.DiagnosticsError
			if err != nil && !errors.As(err, &found) {
				return answerError(cmd.OutOrStdout(), asJSON, err)
			}
			if err == nil && output != "" {
				if err := made.Write(c.settings, output, force); err != nil {
					return answerError(cmd.OutOrStdout(), asJSON, err)
				}
			}
			if asJSON {
				return answered(err, writeJSON(cmd.OutOrStdout(), made))
			}
			for _, p := range made.Diagnostics {
				show(cmd.ErrOrStderr(), "%s\n", lines(p.String()))
			}
			if err != nil {
				return quietly(err)
			}
			table := newTable(cmd.ErrOrStderr())
			for _, v := range made.Variables {
				from := ""
				if v.From != "" {
					from = " (" + v.From + ")"
				}
				show(table, "%s\t%s\t%s%s\n", v.Status, v.Name, v.Message, from)
			}
			table.Flush()
			if output == "" {
				_, err = io.WriteString(cmd.OutOrStdout(), made.Text)
				return err
			}
			if advice := made.Advice(c.settings, output); advice != "" {
				show(cmd.ErrOrStderr(), "%s\n", lines(advice))
			}
			_, err = show(cmd.OutOrStdout(), "%[1]s is written. Next: otai validate -c %[1]s, otai doctor -c %[1]s, otai run -c %[1]s --once --dry-run\n", output)
			return err
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&envFile, "env-file", "", "file with the settings (default: .env, if there is one)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the configuration into this file instead of standard output")
	cmd.Flags().BoolVar(&force, "force", false, "replace the file if it is there")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON: text, variables, problems")
	_ = cmd.MarkFlagFilename("env-file")
	_ = cmd.MarkFlagFilename("output", "yml", "yaml")
	return cmd
}
