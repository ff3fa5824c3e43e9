package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/internal/systemd"
)

// process is what the commands have to know of the one that they run in. All of it may be nil.
type process struct {
	worker    *supervise.Worker
	inherited *supervise.Inherited
	signals   func() // takes the process's signals anew
	leave     func() // leaves them to somebody else
	manager   *systemd.Manager
}

// command holds the flags that every command has.
type command struct {
	settings app.Settings
	process  process
	envFile  string
}

// newRoot has all commands.
func newRoot(p process) *cobra.Command {
	c := &command{settings: app.Settings{Worker: p.worker, Signals: p.signals}, process: p}
	root := &cobra.Command{
		Use:   "otai",
		Short: "Automates help-desk tickets by native plugins",
		Long: `otai automates help-desk tickets: it fetches them from OTOBO, Znuny or OTRS,
classifies them by a model on this machine, moves them, and leaves a note.
What it does is described by a configuration of Open Ticket AI's form.`,
		Example: `  otai demo                      the whole job, done in a help desk of its own
  otai validate -c config.yml    check a configuration
  otai run -c config.yml         run it`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return c.complete(cmd)
		},
	}
	flags := root.PersistentFlags()
	flags.StringArrayVar(&c.settings.PluginDirs, "plugin-dir", nil, "folder with plugins, may be repeated (default: plugins beside otai; OTAI_PLUGIN_DIR)")
	flags.StringVar(&c.settings.StateDir, "state-dir", "", "folder for otai's own files (default: OTAI_STATE_DIR, else the user's state folder)")
	flags.StringVar(&c.envFile, "env-file", "", "file with environment variables, in the form of a systemd unit's EnvironmentFile; they replace those of the shell")
	flags.StringVar(&c.settings.LogLevel, "log-level", "", "trace, debug, info, warn, error or off (default: the configuration's)")
	flags.StringVar(&c.settings.LogFormat, "log-format", "", "console or json (default: console on a terminal)")
	complete(root, "log-level", "trace", "debug", "info", "warn", "error", "off")
	complete(root, "log-format", "auto", "console", "json")
	_ = root.MarkPersistentFlagDirname("plugin-dir")
	_ = root.MarkPersistentFlagDirname("state-dir")
	_ = root.MarkPersistentFlagFilename("env-file", "env")

	root.SetHelpFunc(showHelp)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		c.newInit(), c.newRun(), c.newStatus(), c.newReload(), c.newSupportDump(), c.newTry(), c.newRuns(), c.newDecisions(), c.newExplain(), c.newRevert(), c.newDemo(), c.newHelpdesk(), c.newValidate(), c.newPlugin(), c.newClassify(), c.newModel(),
		c.newTemplate(), c.newSchema(), c.newConfig(), c.newDoctor(), c.newVersion(),
	)
	return root
}

// complete fills in what does not come from flags.
func (c *command) complete(cmd *cobra.Command) error {
	dir, err := os.Getwd()
	if before := c.process.inherited.Dir(); err != nil && before != "" {
		dir, err = before, nil
	}
	if err != nil {
		return &app.ExitError{Code: app.CodeRun, Err: fmt.Errorf("the working directory is unknown, perhaps because it was removed: %w; change into another one", err)}
	}
	c.settings.Dir = dir
	if c.envFile != "" && c.process.inherited == nil { // else its variables are there already
		if err := app.TakeEnvironment(c.settings.Abs(c.envFile)); err != nil {
			return err
		}
	}
	c.settings.Environ = os.Environ()
	c.settings.Stdin = cmd.InOrStdin()
	c.settings.Stdout = cmd.OutOrStdout()
	c.settings.Stderr = cmd.ErrOrStderr()
	c.settings.Version = version
	c.settings.APILevel = apiLevel
	return nil
}

func (c *command) configFlag(cmd *cobra.Command) {
	cmd.Flags().StringArrayVarP(&c.settings.ConfigFiles, "config", "c", nil, "configuration file; of several, later ones win (default: OTAI_CONFIG, config.yml, otai.yml)")
	_ = cmd.MarkFlagFilename("config", "yml", "yaml")
}

// complete offers words for a flag's value in the shell.
func complete(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}
