package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/diagnose"
)

func (c *command) newRun() *cobra.Command {
	var o app.RunOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a configuration until Ctrl-C",
		Long: `Runs the pipes of a configuration again and again. An error, such as a help
desk that is down, stays with the runner it happens in, which retries with growing
pauses. Ctrl-C or SIGTERM lets the running step end, within 5 seconds; a second one
ends otai at once. SIGHUP reloads the configuration, plugins and otai itself; if
anything is wrong with them, what runs goes on as before.

With --last-good, a start with a wrong configuration runs the last one that worked for a
minute, and says so in the log, in otai status and by not being ready. What the wrong one
says of plugins, plugin_dirs, trusted_keys, allow and max_changes holds all the same.

With --dry-run, nothing else happens either: a pipe or classifier that doesn't come with
otai and isn't labeled as without an effect is shown as not tried, and ends the run of
its ticket; --run USE runs it all the same.

What is done with each ticket is kept (otai runs --help): a run that is interrupted goes
on at the next start. With --once and --until-empty the exit code is 1 if tickets were
refused.`,
		Example: `  otai run                          config.yml or otai.yml of this folder
  otai run -c config.yml --once     one cycle, for cron and for trying
  otai run -c config.yml --until-empty
                                    the way through a backlog, with its progress
  otai run -c config.yml --once --dry-run
                                    show what would be written, write nothing`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.UntilEmpty && (o.Once || o.DryRun) {
				return errors.New("--until-empty can't be given together with --once or --dry-run")
			}
			if len(o.Run) > 0 && !o.DryRun {
				return errors.New("--run is for --dry-run: without it everything runs")
			}
			ends := o.Once || o.UntilEmpty || o.DryRun
			if o.LastGood && ends {
				return errors.New("--last-good is for a service: it can't be given together with --once, --until-empty or --dry-run")
			}
			if c.settings.Worker == nil {
				return c.supervised(cmd.Context(), ends, o.LastGood)
			}
			if o.UntilEmpty {
				progress := newBacklogProgress(cmd.ErrOrStderr())
				defer progress.end()
				o.Progress = progress.step
			}
			o.Deep = diagnose.Ahead
			err := app.Run(cmd.Context(), c.settings, o)
			if err != nil && (c.settings.Worker.Beside() || c.settings.Worker.Covered(exitCode(err))) {
				c.settings.Worker.Refuse(err.Error())
				return quietly(err) // the supervisor says it, or the worker that goes on
			}
			return err
		},
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&o.Once, "once", false, "one firing of each runner, every interval counting as over, then end")
	cmd.Flags().BoolVar(&o.LastGood, "last-good", false, "where the configuration is wrong at a start, run the last one that worked; never with an older trust in plugins or wider bounds")
	cmd.Flags().BoolVar(&o.UntilEmpty, "until-empty", false, "run until no ticket is left that can be worked at, then end")
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "show writes to the ticket system instead of doing them")
	cmd.Flags().StringArrayVar(&o.Run, "run", nil, "with --dry-run: run this pipe or service though nothing says that it changes nothing outside of otai; may be repeated")
	return cmd
}

// backlogProgress shows how far --until-empty is: in place on a terminal, a line each ten
// seconds otherwise.
type backlogProgress struct {
	out     io.Writer
	line    liveLine
	written time.Time
}

const lineEach = 10 * time.Second

func newBacklogProgress(out io.Writer) *backlogProgress {
	return &backlogProgress{out: out, line: newLiveLine(out), written: time.Now()}
}

func (b *backlogProgress) step(p app.Progress) {
	line := fmt.Sprintf("%d done, %.1f a second", p.Done, p.Rate)
	if p.Open >= 0 {
		line += fmt.Sprintf(", %d to do", p.Open)
	}
	if p.Left > 0 {
		line += ", " + p.Left.Round(time.Second).String() + " left"
	}
	if p.Aside > 0 {
		line += fmt.Sprintf(", %d refused", p.Aside)
	}
	b.draw(line)
}

func (b *backlogProgress) draw(line string) {
	switch {
	case b.line.inPlace:
		b.line.draw(line)
	case time.Since(b.written) >= lineEach:
		b.written = time.Now()
		show(b.out, "%s\n", line)
	}
}

func (b *backlogProgress) end() { b.line.clear() }
