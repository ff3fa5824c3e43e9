package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/demo"
	"github.com/open-ticket-ai/otai/internal/app/visible"
)

func (c *command) newDemo() *cobra.Command {
	var o demo.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole job done, against a help desk of its own",
		Long: `Starts a help desk on this machine, fills its queue "Incoming" with 30 German and
English tickets, and runs a configuration of Open Ticket AI's form with the real
plugins and two small models until the queue is empty. What it writes is in a
temporary folder, which it removes at the end.`,
		Example: `  otai demo
  otai demo --keep     leave the help desk running, to look at its tickets
  otai demo --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.settings.Worker == nil {
				return c.supervised(cmd.Context(), true, false)
			}
			// Whoever closes standard error must not end the process before it has
			// cleaned up: writing fails instead.
			unread := make(chan os.Signal, 1)
			signal.Notify(unread, syscall.SIGPIPE)
			defer signal.Stop(unread)
			progress := newProgress(cmd.ErrOrStderr())
			defer progress.end()
			o.Ready, o.Progress = progress.ready, progress.step
			o.Report = func(r demo.Report) error {
				progress.end()
				if asJSON {
					return writeJSON(cmd.OutOrStdout(), r)
				}
				if err := showDemo(cmd.OutOrStdout(), r); err != nil || !o.Keep {
					return err
				}
				_, err := fmt.Fprintln(cmd.ErrOrStderr(), "\nThe help desk still runs; Ctrl-C ends it.")
				return err
			}
			return demo.Run(cmd.Context(), c.settings, o)
		},
	}
	cmd.Flags().BoolVar(&o.Keep, "keep", false, "leave the help desk running until Ctrl-C")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

// progress shows how far the demonstration is: in place on a terminal, a line a
// ticket otherwise.
type progress struct {
	out  io.Writer
	line liveLine
}

func newProgress(out io.Writer) *progress { return &progress{out: out, line: newLiveLine(out)} }

func (p *progress) ready(url string, plugins []string) {
	show(p.out, "Plugins: %s\nHelp desk: %s/\n", strings.Join(plugins, ", "), url)
}

func (p *progress) step(s demo.Step) {
	line := visible.Line(fmt.Sprintf("[%2d/%d] %s -> %s", s.Done, s.Of, s.Ticket.Subject, s.Ticket.Queue))
	if !p.line.inPlace {
		show(p.out, "%s\n", line)
		return
	}
	p.line.draw(line)
}

func (p *progress) end() { p.line.clear() }

// shorten cuts a text to a number of characters, showing that it was cut.
func shorten(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:max(0, width-1)]) + "…"
}

func showDemo(out io.Writer, r demo.Report) error {
	table := newTable(out)
	fmt.Fprintln(table, "TICKET\tSUBJECT\tQUEUE\tPRIORITY\tCONFIDENCE\tRUN")
	for _, t := range r.List {
		show(table, "%s\t%s\t%s\t%s\t%.0f %%\t%s\n", t.Number, shorten(visible.Line(t.Subject), 40), t.Queue, t.Priority, t.Confidence*100, t.Run)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	wrong := ""
	if n := r.Moved - r.Correct - r.Fallback; n > 0 {
		wrong = fmt.Sprintf(", %d to a wrong queue", n)
	}
	_, err := show(out, `
%d of %d tickets left the queue Incoming in %.1f s: %d to the queue where a person
would have put them, %d to the fallback queue because the model was not sure%s.
Each got an internal note (%d notes). Each ticket is a run of its own, which is
kept and goes on where it was if it is interrupted: otai runs --help.

These tickets are easy for the two small models. On %d held-out ones of another
wording they are right for %.1f %% of the queues and %.1f %% of the priorities: a
real help desk needs a model that was trained on its own tickets.

Next, with a help desk of your own:
  1. Make the web service and an agent in it, as docs/getting-started.md shows.
  2. otai init                    answer what it asks: the address, a queue, a model
  3. otai try -o report.html      see what it would do with 100 of your tickets
     otai run                     let it leave notes, and move nothing yet
A configuration of Open Ticket AI works as it is: otai validate -c FILE.
`, r.Moved, r.Tickets, r.Seconds, r.Correct, r.Fallback, wrong, r.Notes,
		r.HeldOut.Tickets, r.HeldOut.Queue*100, r.HeldOut.Priority*100)
	return err
}
