package main

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPluginBuild() *cobra.Command {
	var output string
	var beside plugins.Beside
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "build DIR",
		Short: "Build a plugin so that it matches this otai",
		Long: `Builds the plugin in a folder with the Go release, the flags and the versions of
shared modules that this otai was built with, and with the versions that the plugins in
the plugin folders have. If otai has nothing against the result alone, it is put into the
working directory as otai_NAME.so, NAME after its module; a second line says whether it can
be together with the plugins in the folders. --with takes other folders, --alone none.
What its init functions change in their process is listed: no plugin should change
anything there. Nothing in the folder is changed. Needs go and gcc, but neither otai's sources nor,
with a filled module cache, a network. Exit code 3 means that it was built and would
be refused even alone.`,
		Example: `  otai plugin build .
  otai plugin build ../otai-words -o plugins/otai_words.so
  otai plugin build . --with /usr/lib/otai/plugins
  GOPROXY=off otai plugin build .    with nothing but the module cache`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			built, err := plugins.Build(cmd.Context(), c.settings, args[0], output, beside)
			out := cmd.OutOrStdout()
			if asJSON {
				return answered(err, writeJSON(out, built))
			}
			if err != nil {
				return err
			}
			show(out, "%s: built by %s, matches this otai\n", built.File, built.Go)
			showTaken(out, built.Taken)
			showChanges(out, built.File, built.Changes)
			if built.Together == nil {
				return nil
			}
			return showTogether(out, built.File, *built.Together, built.Beside, built.Displaced)
		},
		ValidArgsFunction: folders,
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write, or its folder (default: otai_NAME.so in the working directory)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	_ = cmd.MarkFlagFilename("output", "so")
	c.besideFlags(cmd, &beside)
	return cmd
}

// showTaken says which versions are others than the plugin asks for, and whose they are.
func showTaken(out io.Writer, taken []plugins.Taken) {
	var hosts []string
	for _, t := range taken {
		if t.By == "" {
			hosts = append(hosts, t.Module+"@"+t.Version)
		}
	}
	if len(hosts) > 0 {
		show(out, "The host's versions were taken: %s\n", strings.Join(hosts, ", "))
	}
	for _, t := range taken {
		if t.By != "" {
			show(out, "The version of %s was taken: %s@%s\n", filepath.Base(t.By), t.Module, t.Version)
		}
	}
	for _, t := range taken {
		if t.Older() {
			show(out, "The plugin asks for a later %s than that: %s\n", t.Module, t.Wanted)
		}
	}
}

// besideFlags are those that choose with which plugins a file is judged together.
func (c *command) besideFlags(cmd *cobra.Command, beside *plugins.Beside) {
	cmd.Flags().BoolVar(&beside.Alone, "alone", false, "leave out what stands in the plugin folders")
	cmd.Flags().StringArrayVar(&beside.Folders, "with", nil, "folder with plugins, instead of the plugin folders; may be repeated")
	cmd.MarkFlagsMutuallyExclusive("alone", "with")
	_ = cmd.MarkFlagDirname("with")
	c.configFlag(cmd)
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
