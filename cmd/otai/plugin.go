package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

func (c *command) newPlugin() *cobra.Command {
	return group(&cobra.Command{
		Use:   "plugin",
		Short: "See the plugin files; make, match and sign them",
	}, c.newPluginList(), c.newPluginInspect(), c.newPluginNew(), c.newPluginBuild(), c.newPluginCheck(), c.newPluginSign(), c.newPluginVerify(), c.newPluginRetry(), c.newPluginReport())
}

func (c *command) newPluginList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the plugins, those that were refused with the reason",
		Example: `  otai plugin list
  otai plugin list --plugin-dir ./plugins --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, dirs, err := plugins.List(cmd.Context(), c.settings)
			out := cmd.OutOrStdout()
			if err != nil {
				return answerError(out, asJSON, err)
			}
			if asJSON {
				return writeJSON(out, list)
			}
			text := bufio.NewWriter(out)
			showPlugins(text, list, dirs, c.settings.StateFlag())
			return text.Flush()
		},
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func showPlugins(out *bufio.Writer, list []plugins.FileStatus, dirs []string, stateFlag string) {
	if len(list) == 0 {
		where := "no folder; name one with --plugin-dir"
		if len(dirs) > 0 {
			where = strings.Join(dirs, ", ")
		}
		show(out, "There are no plugins (files otai_*.so). Looked in: %s\n", where)
		return
	}
	table := newTable(out)
	fmt.Fprintln(table, "PLUGIN\tVERSION\tAPI\tSTATUS\tOFFERS")
	for _, p := range list {
		offers := strings.Join(p.Injectables, ", ")
		if p.Error != "" {
			offers = p.Stage + ": " + p.Code
		}
		show(table, "%s\t%s\t%s\t%s\t%s\n", p.Package, p.Version, p.API, p.Status, offers)
	}
	table.Flush() // out keeps an error until it is flushed
	for _, p := range list {
		if p.Crashes > 0 {
			show(out, "\nWorker processes of otai run that %s has ended: %d. What its author needs: otai plugin report %s%s\n", p.Package, p.Crashes, p.Name, stateFlag)
		}
	}
	for _, p := range list {
		if len(p.Changes) > 0 {
			show(out, "\n")
			showChanges(out, p.Package, p.Changes)
		}
	}
	for _, p := range list {
		if p.Error == "" {
			continue
		}
		show(out, "\n%s (%s)\n  %s\n", p.Package, p.Path, lines(strings.ReplaceAll(p.Error, "\n", "\n  ")))
		if p.Fix != "" {
			show(out, "  What to do: %s\n", lines(strings.ReplaceAll(p.Fix, "\n", "\n  ")))
		}
	}
}
