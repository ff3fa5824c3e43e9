package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/try"
	"github.com/open-ticket-ai/otai/internal/app/visible"
	"github.com/open-ticket-ai/otai/internal/counted"
)

func (c *command) newTry() *cobra.Command {
	var o try.Options
	var since string
	var reports []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "try",
		Short: "Show what a configuration would do with many real tickets, and write nothing",
		Long: `Runs the configuration over many tickets of the help desk, reads them and classifies
them, and shows what would be written instead of writing it. No trigger is waited for, and
no state is kept: each ticket counts as free.

A runner gets a ticket only if its search finds it. What one runner would change is laid
over the ticket in memory, so a later runner whose search then finds it gets it as well.
Nothing else happens either: a pipe or classifier that doesn't come with otai and isn't
labeled as without an effect is shown as not tried; --run USE runs it all the same.

The totals are shown here; each ticket is in the report (-o), with its number, not its
text. Ctrl-C ends it with what was tried until then. The exit code is 1 if it was stopped, if
some ticket could not be read or predicted, or if a runner can't do its work with any of its tickets.`,
		Example: `  otai try                     the latest 100 tickets of the searched queues
  otai try --last 500 --closed -o report.html
  otai try --since P7D --queue Support -o report.csv
  otai try --ids 17,4711 --json
  otai try --file tickets.csv -o report.jsonl`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkReports(&o, since, reports); err != nil {
				return err
			}
			// What is empty is a script's mistake, and would try the latest ones.
			switch changed := cmd.Flags().Changed; {
			case changed("ids") && len(o.IDs) == 0:
				return app.ExitWith(app.CodeUsage, errors.New("--ids names no ticket"))
			case changed("last") && o.Last == 0:
				return app.ExitWith(app.CodeUsage, errors.New("--last must be above zero"))
			}
			if c.settings.Worker == nil {
				return c.answering(cmd, o.ReadsStdin(), asJSON)
			}
			progress := newTryProgress(cmd.ErrOrStderr())
			o.Progress = progress.step
			result, err := try.Run(cmd.Context(), c.settings, o)
			progress.end()
			if result == nil {
				return answerError(cmd.OutOrStdout(), asJSON, err)
			}
			for _, name := range reports {
				if writing := c.writeReport(result, name); writing != nil {
					return errors.Join(writing, err)
				}
			}
			show := func() error { return result.Report().Text(cmd.OutOrStdout(), visible.Line) }
			if asJSON {
				show = func() error { return writeJSON(cmd.OutOrStdout(), result) }
			}
			if writing := show(); writing != nil {
				return writing
			}
			return err
		},
	}
	c.configFlag(cmd)
	flags := cmd.Flags()
	flags.IntVar(&o.Last, "last", 0, fmt.Sprintf("how many of the latest tickets (default %d, with --since all)", try.DefaultLast))
	flags.StringVar(&since, "since", "", "tickets that were changed since a time (2026-11-22, 2026-11-22 15:20), or for so long (P7D, 24h)")
	flags.StringArrayVar(&o.Queues, "queue", nil, "tickets of this queue, may be repeated (default: those that the searches name, else all)")
	flags.BoolVar(&o.Closed, "closed", false, "closed tickets, too, as if they were open: searches leave out what they say about states")
	flags.StringSliceVar(&o.IDs, "ids", nil, "the tickets with these ids, separated by commas")
	flags.StringVar(&o.File, "file", "", "tickets of a table instead of the help desk's: CSV or JSON with columns such as id, subject, body, queue")
	flags.StringArrayVar(&o.Run, "run", nil, "run this pipe or service though nothing says that it changes nothing outside of otai; may be repeated")
	flags.BoolVar(&o.Titles, "titles", false, "the report has the tickets' titles")
	flags.StringArrayVarP(&reports, "output", "o", nil, "file for the report, which ends in .html, .csv or .jsonl; may be repeated")
	flags.BoolVar(&asJSON, "json", false, "answer with the totals as JSON")
	_ = cmd.MarkFlagFilename("file", "csv", "tsv", "json", "jsonl", "ndjson")
	_ = cmd.MarkFlagFilename("output", "html", "csv", "jsonl")
	return cmd
}

func checkReports(o *try.Options, since string, reports []string) (err error) {
	if since != "" {
		if o.Since, err = app.Moment(since, time.Now()); err != nil {
			return fmt.Errorf("--since: %w", err)
		}
	}
	for _, name := range reports {
		if err := try.CheckOutput(name); err != nil {
			return err
		}
	}
	return nil
}

// writeReport makes the report's file, or leaves what was there.
func (c *command) writeReport(r *try.Result, name string) error {
	path := c.settings.Abs(name)
	if err := r.WriteFile(path); err != nil {
		return &app.ExitError{Code: app.CodeRun, Err: err}
	}
	show(c.settings.Stderr, "the report is in %s\n", visible.Line(name))
	return nil
}

// tryProgress shows how far a trial is: in place on a terminal, a line each ten seconds
// otherwise.
type tryProgress struct {
	*backlogProgress
	began time.Time // of the runs
	drawn time.Time
}

func newTryProgress(out io.Writer) *tryProgress {
	return &tryProgress{backlogProgress: newBacklogProgress(out)}
}

func (p *tryProgress) step(n try.Progress) {
	if p.line.inPlace && time.Since(p.drawn) < 100*time.Millisecond {
		return
	}
	p.drawn = time.Now()
	if n.Done == 0 {
		p.draw(fmt.Sprintf("%d of %s read", n.Read, counted.Of(n.ToRead, "ticket", "tickets")))
		return
	}
	if p.began.IsZero() {
		p.began = time.Now()
	}
	line := fmt.Sprintf("%d of %d tried", n.Done, n.Found)
	if took := time.Since(p.began); took > time.Second && n.Done < n.Found {
		left := time.Duration(float64(took) / float64(n.Done) * float64(n.Found-n.Done))
		line += ", " + left.Round(time.Second).String() + " left"
	}
	p.draw(line)
}
