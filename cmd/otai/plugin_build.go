package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginBuild() *cobra.Command {
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "build DIR",
		Short: "Build a plugin so that it matches this otai",
		Long: `Builds the plugin in a folder with the Go release, the flags and the versions of
shared modules that this otai was built with, and, if otai plugin check has nothing against
the result, puts it into the working directory as otai_NAME.so, NAME after its module.
Nothing in the folder is changed. Needs go and gcc, but neither otai's sources nor,
with a filled module cache, a network. Exit code 3 means that it was built and would
be refused.`,
		Example: `  otai plugin build .
  otai plugin build ../otai-words -o plugins/otai_words.so
  GOPROXY=off otai plugin build .    with nothing but the module cache`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			built, err := plugins.Build(cmd.Context(), c.settings, args[0], output)
			out := cmd.OutOrStdout()
			if asJSON {
				return answered(err, writeJSON(out, built))
			}
			if err != nil {
				return err
			}
			show(out, "%s: built by %s, matches this otai\n", built.File, built.Go)
			if len(built.Pinned) > 0 {
				show(out, "The host's versions were taken: %s\n", strings.Join(built.Pinned, ", "))
			}
			return nil
		},
		ValidArgsFunction: folders,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write, or its folder (default: otai_NAME.so in the working directory)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	_ = cmd.MarkFlagFilename("output", "so")
	return cmd
}

// folders lets the shell complete folders.
func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// filesNamed lets the shell complete files with an ending.
func filesNamed(endings ...string) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return endings, cobra.ShellCompDirectiveFilterFileExt
	}
}
