package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/doors"
	"github.com/open-ticket-ai/otai/internal/health"
)

// statusPatience is how long `otai status` waits.
const statusPatience = 2 * time.Second

func (c *command) newStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "See whether the otai that runs does its work, and if not, why",
		Long: `Asks the otai run that works on this state folder how it is: its worker process, the
store, each plugin, service and runner, with since when, why, and what to do.

The exit code is 1 where it is not ready: it is starting, a runner is stuck, a service
has not started, the store can't be used, or nothing runs at all. Tickets that were
refused and a runner that is paused are shown, and don't count.

It needs the state folder of that otai: its user or root, and --state-dir if it has
another than yours. It waits for 2 seconds at most.`,
		Example: `  otai status
  otai status --state-dir /var/lib/otai
  otai status --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			report, err := c.askStatus(cmd.Context())
			switch {
			case err != nil:
				return answerError(out, asJSON, app.ExitWith(app.CodeRun, err))
			case asJSON:
				err = writeJSON(out, report)
			default:
				err = showReport(out, report)
			}
			if err == nil && !report.Ready {
				return quietly(app.ExitWith(app.CodeRun, errNotReady))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

var errNotReady = errors.New("otai isn't ready")

func (c *command) askStatus(ctx context.Context) (r health.Report, err error) {
	dir, err := c.settings.StateFolder()
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, statusPatience)
	defer cancel()
	answer, _, err := doors.Dial(dir).Get(ctx, "/status", nil)
	if errors.Is(err, doors.ErrNobody) {
		return r, fmt.Errorf("no otai runs on the state folder %s; give that of the one you mean with --state-dir", dir)
	}
	if err != nil {
		return r, fmt.Errorf("the otai on the state folder %s gives no answer: %w", dir, err)
	}
	if err := json.Unmarshal(answer, &r); err != nil {
		return r, fmt.Errorf("the answer can't be read, perhaps because it is of another release: %w", err)
	}
	return r, nil
}

// showReport shows what is wrong first, then every part in a line.
func showReport(out io.Writer, r health.Report) error {
	if r.Ready {
		show(out, "otai %s is ready.\n", r.Version)
	} else {
		show(out, "otai %s is not ready:\n", r.Version)
	}
	for _, p := range r.Reasons() {
		show(out, "\n  %s %s%s\n    %s\n", called(p), string(p.State), since(p, r.Time), p.Why)
		if p.Do != "" {
			show(out, "    %s\n", p.Do)
		}
	}
	fmt.Fprintln(out)
	table := newTable(out)
	for _, p := range r.Parts {
		text := p.About
		switch {
		case p.Blocks:
			text = "see above"
		case p.Why != "":
			text = p.Why
		}
		if p.Tickets != nil {
			text = strings.TrimPrefix(text+"; "+counts(*p.Tickets), "; ")
		}
		show(table, "%s\t%s\t%s\t%s\t%s\n", p.Kind, p.Name, string(p.State), ago(p, r.Time), shorten(text, mostText))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := show(out, "\n%s; tickets: %s\n", counted.Of(r.Tickets.Waiting, "run waits", "runs wait"), counts(r.Tickets))
	return err
}

// mostText is how much of a text there is in a line of a table; all of it is in the JSON.
const mostText = 120

func called(p health.Part) string { return strings.TrimSpace(p.Kind + " " + p.Name) }

func since(p health.Part, now time.Time) string {
	if p.Since.IsZero() {
		return ""
	}
	return " since " + p.Since.Local().Format(clock) + " (" + now.Sub(p.Since).Round(time.Second).String() + ")"
}

func ago(p health.Part, now time.Time) string {
	if p.Since.IsZero() {
		return "-"
	}
	return now.Sub(p.Since).Round(time.Second).String()
}

func counts(t health.Tickets) string {
	return fmt.Sprintf("%d handled, %d left, %d set aside, %d dead", t.Handled, t.Left, t.Aside, t.Dead)
}
