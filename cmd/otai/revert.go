package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/runs"
	"github.com/open-ticket-ai/otai/internal/counted"
)

func (c *command) newRevert() *cobra.Command {
	var o runs.RevertOptions
	var since, until string
	var asJSON, dryRun bool
	cmd := &cobra.Command{
		Use:   "revert",
		Short: "Put back what otai wrote to tickets, and nothing of what people did since",
		Long: `Puts back what otai wrote to tickets in a time, by a run, or at a ticket: each field that
still is as otai left it gets the value that it had before. What somebody has changed since
stays, and is listed. Notes stay; one more note says what was put back. The runners that had
written it leave these tickets alone from then on.

Runs that are half done there are given up first. An otai that runs does the work; without
one this command does, with the services of the configuration. It may be interrupted and
goes on: by itself where an otai runs, else with the next one. It works while runners are
paused, and isn't bound by allow and max_changes.`,
		Example: `  otai revert --since "2026-11-30 08:00" --until "2026-11-30 09:30" --dry-run
  otai revert --since PT2H
  otai revert --ticket 4711
  otai revert --run 0655c1f2`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := revertTimes(&o, since, until); err != nil {
				return app.ExitWith(app.CodeUsage, err)
			}
			if c.settings.Worker == nil {
				return c.answering(cmd, false, asJSON)
			}
			if dryRun {
				preview := func(d *runs.Desk) (runs.Preview, error) { return d.PreviewRevert(cmd.Context(), o) }
				return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, preview, showPreview)
			}
			if !asJSON {
				progress := newRevertProgress(cmd.ErrOrStderr())
				defer progress.end()
				o.Progress = progress.step
			}
			revert := func(d *runs.Desk) (runs.Reverted, error) { return d.Revert(cmd.Context(), o) }
			return answerRuns(c, cmd, runs.OpenOptions{Asks: true}, asJSON, revert, showReverted)
		},
	}
	c.configFlag(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&o.Runs, "run", nil, "what this run wrote, with the items of its loop; may be repeated")
	flags.StringVar(&since, "since", "", "what was written from this time on: 2026-11-30, \"2026-11-30 08:00\" or, for two hours ago, PT2H")
	flags.StringVar(&until, "until", "", "what was written before this time")
	flags.StringVar(&o.Ticket, "ticket", "", "what was written to this ticket: its id, or its number")
	flags.BoolVar(&dryRun, "dry-run", false, "show what would be put back, and write nothing")
	flags.BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func revertTimes(o *runs.RevertOptions, since, until string) (err error) {
	now := time.Now()
	if since != "" {
		if o.Since, err = app.Moment(since, now); err != nil {
			return fmt.Errorf("--since: %w", err)
		}
	}
	if until != "" {
		if o.Until, err = app.Moment(until, now); err != nil {
			return fmt.Errorf("--until: %w", err)
		}
	}
	return o.Check()
}

// revertProgress is one line that changes, or, in a file, a line every ten seconds.
type revertProgress struct {
	line  *backlogProgress
	began time.Time
}

func newRevertProgress(out io.Writer) *revertProgress {
	return &revertProgress{line: newBacklogProgress(out), began: time.Now()}
}

func (p *revertProgress) step(done, all int) {
	text := fmt.Sprintf("%d of %s", done, counted.Of(all, "ticket", "tickets"))
	if spent := time.Since(p.began); done > 0 && spent > time.Second {
		left := time.Duration(float64(spent) / float64(done) * float64(all-done))
		text += ", " + left.Round(time.Second).String() + " left"
	}
	p.line.draw(text)
}

func (p *revertProgress) end() { p.line.end() }

// mostShown is how many tickets are listed for people.
const mostShown = 50

func showReverted(out io.Writer, r runs.Reverted) error {
	back, kept := 0, make([]runs.RevertedTicket, 0)
	for _, t := range r.Tickets {
		if len(t.Back) > 0 {
			back++
		}
		if t.Reason != "" {
			kept = append(kept, t)
		}
	}
	show(out, "%s put back.\n", counted.Of(back, "ticket was", "tickets were"))
	for i, t := range kept {
		if i == mostShown {
			show(out, "… and %d more; --json shows all\n", len(kept)-i)
			break
		}
		show(out, "ticket %s: %s\n", named(t.Ticket, t.Number), t.Reason)
	}
	if r.Waiting > 0 {
		return app.ExitWith(app.CodeRun, fmt.Errorf("%s tried again by an otai that runs; `otai runs waiting` says why", counted.Of(r.Waiting, "ticket waits, and is", "tickets wait, and are")))
	}
	return nil
}

func named(ticket, number string) string {
	if number == "" || number == ticket {
		return ticket
	}
	return ticket + " (" + number + ")"
}

func showPreview(out io.Writer, p runs.Preview) error {
	fields, back := 0, 0
	several := slices.ContainsFunc(p.Tickets, func(t runs.PreviewTicket) bool { return t.System != p.Tickets[0].System })
	for i, t := range p.Tickets {
		if len(t.Back) > 0 {
			back++
		}
		fields += len(t.Back)
		if i == mostShown {
			show(out, "… --json shows all\n")
		}
		if i >= mostShown {
			continue
		}
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(t.Back)) {
			parts = append(parts, fmt.Sprintf("%s: %s -> %s", name, t.Back[name].Is, t.Back[name].Gets))
		}
		if t.Reason != "" {
			parts = append(parts, t.Reason)
		}
		where := ""
		if several {
			where = " at " + t.System
		}
		show(out, "ticket %s%s: %s\n", named(t.Ticket, t.Number), where, strings.Join(parts, "; "))
	}
	show(out, "%d of %s would be put back, in %s.\n", back, counted.Of(len(p.Tickets), "ticket", "tickets"), counted.Of(fields, "field", "fields"))
	if p.Unended > 0 {
		show(out, "%s begun to write there would be given up first.\n", counted.Of(p.Unended, "run that has", "runs that have"))
	}
	for _, u := range p.Unknown {
		show(out, "Not known before it is done: %s\n", u)
	}
	var missing []error
	for _, m := range p.Missing {
		missing = append(missing, errors.New(m))
	}
	if len(missing) > 0 {
		return app.ExitWith(app.CodeRun, errors.Join(missing...))
	}
	return nil
}
