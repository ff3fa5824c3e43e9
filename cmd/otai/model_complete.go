package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/models"
)

// How long a shell waits for names, and then for the process that is asked to end.
const (
	completeWithin = 10 * time.Second
	completeEnds   = 3 * time.Second
)

// completeModels offers the models of the cache, and folders once a path is begun.
func (c *command) completeModels(use *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		if strings.HasPrefix(begun, ".") || strings.HasPrefix(begun, "/") {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		if err := c.complete(cmd); err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		var names []string
		for _, m := range c.modelsHere(cmd.Context(), *use) {
			for _, name := range m.Names() {
				if strings.HasPrefix(name, begun) {
					names = append(names, name)
				}
			}
		}
		return names, cobra.ShellCompDirectiveDefault
	}
}

// modelsHere asks `otai model list`, which answers by code of a plugin in a worker: whatever becomes
// of that, whoever presses the Tab key has this process's answer, in time. Only a configuration may
// need secrets to be read.
func (c *command) modelsHere(ctx context.Context, use string) (list []models.Model) {
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	asked := exec.CommandContext(ctx, "/proc/self/exe", "model", "list", "--json", "--use", use)
	asked.Args[0] = os.Args[0]
	for flag, values := range map[string][]string{"config": c.settings.ConfigFiles, "plugin-dir": c.settings.PluginDirs, "state-dir": {c.settings.StateDir}} {
		for _, value := range values {
			if value != "" {
				asked.Args = append(asked.Args, "--"+flag+"="+value)
			}
		}
	}
	if asked.Env = c.settings.WithoutSecrets(); len(c.settings.ConfigFiles) > 0 {
		asked.Env = c.settings.Environ
	}
	asked.Cancel = func() error { return asked.Process.Signal(syscall.SIGTERM) }
	asked.WaitDelay = completeEnds
	answer, err := asked.Output()
	if err != nil || json.Unmarshal(answer, &list) != nil {
		return nil
	}
	return list
}
