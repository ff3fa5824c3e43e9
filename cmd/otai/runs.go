package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/runs"
	"github.com/open-ticket-ai/otai/internal/counted"
)

func (c *command) newRuns() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "See what was done with tickets, what waits and why, and decide about it",
		Long: `A run is one execution of what a runner runs, mostly at one ticket. Runs are kept
in the state folder, or in the database that infrastructure.runs names, and go on after
a restart where they were interrupted.

These commands work beside an otai that runs, and without one. They need the state folder
of that otai: its user or root, and --state-dir if it has another than yours.`,
	}
	c.configFlag(cmd)
	cmd.PersistentFlags().AddFlagSet(cmd.Flags())
	return group(cmd, c.newRunsList(), c.newRunsShow(), c.newRunsWaiting(), c.newRunsRetry(), c.newRunsDiscard(), c.newRunsPause(), c.newRunsResume(), c.newRunsMigrate(), c.newRunsBackup())
}

// answerRuns asks the run store and shows its answer.
func answerRuns[T any](c *command, cmd *cobra.Command, o runs.OpenOptions, asJSON bool, ask func(*runs.Desk) (T, error), show func(io.Writer, T) error) error {
	out := cmd.OutOrStdout()
	answer, err := askRuns(c, cmd, o, ask)
	switch {
	case err != nil:
		return answerError(out, asJSON, err)
	case asJSON:
		return writeJSON(out, answer)
	default:
		return show(out, answer)
	}
}

func askRuns[T any](c *command, cmd *cobra.Command, o runs.OpenOptions, ask func(*runs.Desk) (T, error)) (answer T, err error) {
	d, err := runs.Open(cmd.Context(), c.settings, o)
	if err != nil {
		return answer, err
	}
	answer, err = ask(d)
	return answer, errors.Join(err, d.Close())
}

func (c *command) newRunsList() *cobra.Command {
	var o runs.ListOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Long: `Lists runs, the newest first. A state says where a run is (ready, running, waiting,
ended) or how it ended (applied, left, dead, overtaken, gone, canceled); aside stands
for those whose ticket was refused and is tried again.`,
		Example: `  otai runs list
  otai runs list --state dead --state aside
  otai runs list --ticket 4711 --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := func(d *runs.Desk) ([]runs.Run, error) { return d.List(cmd.Context(), o) }
			return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, list, func(out io.Writer, list []runs.Run) error {
				return showRuns(out, list, o.Limit)
			})
		},
	}
	cmd.Flags().StringArrayVar(&o.States, "state", nil, "only those in this state, may be repeated")
	cmd.Flags().StringVar(&o.Ticket, "ticket", "", "only those of the ticket with this id")
	cmd.Flags().StringVar(&o.Runner, "runner", "", "only those of the runner with this id")
	cmd.Flags().IntVar(&o.Limit, "limit", 50, "at most this number; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	complete(cmd, "state", runs.States()...)
	return cmd
}

const clock = "2006-01-02 15:04:05"

func local(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(clock)
}

func showRuns(out io.Writer, list []runs.Run, limit int) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There are no such runs.")
		return err
	}
	table := newTable(out)
	fmt.Fprintln(table, "RUN\tSTATE\tTICKET\tRUNNER\tREFUSED\tBEGUN\tDUE\tWHY")
	for _, r := range list {
		show(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", r.ID, r.StateText(), orNone(tickets(r.Tickets)), r.Runner, r.Attempts, local(&r.Created), local(r.Due), shorten(orNone(r.Why()), 80))
	}
	if err := table.Flush(); err != nil || len(list) != limit {
		return err
	}
	_, err := fmt.Fprintf(out, "These are the newest %d; --limit shows more.\n", limit)
	return err
}

// tickets names some tickets, and how many there are.
func tickets(ids []string) string {
	const most = 3
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

func (c *command) newRunsShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show RUN",
		Short: "Show a run: its tickets, the results of its steps, what it wrote",
		Long: `Shows all that is kept of a run. Results of steps are dropped when the run has ended.
Secrets are masked; texts of tickets are not.`,
		Example: `  otai runs show 0655c1f2
  otai runs show 0655c1f2 --json | jq .effects`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			detail := func(d *runs.Desk) (runs.Detail, error) { return d.Show(cmd.Context(), args[0]) }
			return answerRuns(c, cmd, runs.OpenOptions{Secrets: true}, asJSON, detail, showRun)
		},
		ValidArgsFunction: c.completing(idsOf),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func showRun(out io.Writer, r runs.Detail) error {
	show(out, "Run      %s\nRunner   %s\nPlace    %s\nState    %s\n", r.ID, r.Runner, r.Place, r.StateText())
	if why := r.Why(); why != "" {
		show(out, "Why      %s\n", lines(strings.ReplaceAll(why, "\n", "\n         ")))
	}
	show(out, "Begun    %s\n", local(&r.Created))
	switch {
	case r.Ended != nil:
		show(out, "Ended    %s\n", local(r.Ended))
	case r.Due != nil:
		show(out, "Due      %s\n", local(r.Due))
	}
	if r.Attempts > 0 {
		show(out, "Refused  %d\n", r.Attempts)
	}
	if r.Parent != "" {
		show(out, "Item     %s of the run %s\n", r.Item, r.Parent)
	}
	if r.Host != "" {
		show(out, "Host     %s\n", r.Host)
	}
	for _, t := range r.Standings {
		show(out, "Ticket   %s: %s\n", t.Ticket, standing(t))
	}
	for _, l := range r.Long {
		show(out, "At work  %s\n", notEnded(l))
	}
	for _, s := range r.Steps {
		result := "(not kept)"
		if s.Result != nil {
			result = shorten(string(s.Result), 300)
		}
		show(out, "Step     %s\n         %s\n", s.Key, result)
	}
	for _, e := range r.Effects {
		if e.Once != nil {
			show(out, "Once     %s%s\n", onceText(*e.Once), cond(e.Doubt == nil, ": "+e.State))
		} else {
			show(out, "Write    %s: %s\n", strings.TrimSpace(e.Operation+" "+e.Ticket), effectState(e))
		}
		if e.Doubt != nil {
			showDoubt(out, "         ", *e.Doubt)
		}
		if e.Intent != nil {
			show(out, "         %s\n", shorten(string(e.Intent), 300))
		}
	}
	for _, i := range r.Items {
		show(out, "Item     %s  %s  %s\n", i.ID, i.StateText(), tickets(i.Tickets))
	}
	return nil // the answer keeps what could not be written
}

// onceText names a step that must not be repeated.
func onceText(o runs.Once) string {
	var more []string
	for _, part := range []string{o.Use, cond(o.Plugin != "", strings.TrimSpace("of the plugin "+o.Plugin+cond(o.File != "", " in "+o.File))), cmp.Or(o.At, o.Path)} {
		if part != "" {
			more = append(more, part)
		}
	}
	return "the step " + o.Step + cond(len(more) > 0, " ("+strings.Join(more, ", ")+")")
}

func cond(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// showDoubt says what a person has to find out, and what to type then.
func showDoubt(out io.Writer, indent string, d runs.Doubt) {
	show(out, "%sin doubt: it was interrupted, and nobody knows whether it was carried out. Find out, then type\n", indent)
	for _, c := range [][2]string{
		{d.IfNotDone, "it was not carried out: have it done now"},
		{d.IfDone, "it was: go on behind it"},
	} {
		show(out, "%s%s   %s\n", indent, c[0], c[1])
	}
}

// notEnded names a step that has not ended.
func notEnded(l runs.Long) string {
	plugin := "of the plugin " + l.Plugin
	if l.File != "" {
		plugin += " in " + l.File
	}
	at := l.Place
	if l.At != "" {
		at = l.At + ": " + at
	}
	return fmt.Sprintf("the step %s (%s, %s) has not ended since %s; its runner waits for it (%s)", l.Step, l.Use, plugin, local(&l.Since), at)
}

func standing(t runs.Standing) string {
	text := t.Standing
	if text == "" {
		text = "free"
	}
	if t.Due != nil {
		text += ", looked at again " + local(t.Due)
	}
	if t.Note != "" {
		text += "; " + t.Note
	}
	return text
}

func effectState(e runs.Effect) string {
	switch {
	case e.State == "intent" && e.Begun == nil:
		return "to be sent"
	case e.State == "intent":
		return "sent " + local(e.Begun) + ", without an answer; it may still be at work until " + local(e.Until)
	}
	return e.State
}

func (c *command) newRunsWaiting() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "waiting",
		Short: "See what is due, passed over, set aside and dead, and why",
		Long: `Shows what is at work and due, which tickets runners pass over because they have
handled or left them, which are set aside or dead after they were refused, the causes
that hold up many, and what a person has put back.`,
		Example: `  otai runs waiting
  otai runs waiting --json | jq .causes`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			waiting := func(d *runs.Desk) (runs.Waiting, error) { return d.Waiting(cmd.Context()) }
			return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, waiting, showWaiting)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func showWaiting(out io.Writer, w runs.Waiting) error {
	show(out, "At work: %d   due: %d   writes without an outcome: %d\n", w.Running, w.Due, w.InDoubt)
	for _, reason := range runs.Reasons() {
		if n := w.Waiting[reason.Name]; n > 0 {
			show(out, "Waiting: %d, %s\n", n, reason.Text)
		}
	}
	for _, p := range w.Paused {
		who := "all runners"
		if p.Runner != "" {
			who = "the runner " + p.Runner
		}
		why := ""
		if p.Service != "" {
			why = fmt.Sprintf(", as %s changed by %s within an hour", counted.Of(p.TicketsPerHour, "ticket was", "tickets were"), p.Service)
		}
		show(out, "Paused:  %s since %s%s; %s\n", who, local(&p.Since), why, p.Resume)
	}
	if len(w.Runners) > 0 {
		fmt.Fprintln(out, "\nTickets that runners pass over:")
		table := newTable(out)
		fmt.Fprintln(table, "RUNNER\tHANDLED\tLEFT\tSET ASIDE\tDEAD")
		for _, r := range w.Runners {
			show(table, "%s\t%d\t%d\t%d\t%d\n", r.Runner, r.Handled, r.Left, r.Aside, r.Dead)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, l := range w.Long {
		show(out, "\nAt work: %s\n", notEnded(l))
	}
	for _, d := range w.Doubts {
		about := "run " + d.Run + " of the runner " + d.Runner + cond(d.Ticket != "", ", ticket "+d.Ticket)
		show(out, "\nDead:    %s, at %s since %s\n", about, onceText(d.Once), local(&d.Began))
		showDoubt(out, "         ", d)
	}
	for _, c := range w.Causes {
		show(out, "\nCause %s: %s\n      %s since %s; the next one tries %s\n      otai runs retry --cause %s   when it is over\n", c.ID, lines(c.Label), counted.Of(c.Waiting, "run waits", "runs wait"), local(c.Since), local(c.NextTry), c.ID)
	}
	if len(w.Back) > 0 {
		fmt.Fprintln(out, "\nTo be put back by otai revert:")
		table := newTable(out)
		fmt.Fprintln(table, "TICKET\tRUN\tREFUSED\tDUE\tWHY")
		for _, r := range w.Back {
			show(table, "%s\t%s\t%d\t%s\t%s\n", orNone(strings.Join(r.Tickets, " ")), r.ID, r.Attempts, local(r.Due), shorten(orNone(r.Error), 400))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out, "otai runs retry RUN tries it at once")
	}
	for _, list := range []struct {
		title, then string
		tickets     []runs.Standing
	}{
		{"Set aside, tried again:", "", w.Aside},
		{"Dead, not tried again by itself:", "otai runs retry --ticket ID, or --all for all but what is in doubt, tries again", w.Dead},
		{"Left so, and why:", "otai runs retry --ticket ID does it again", w.PutBack},
	} {
		if len(list.tickets) == 0 {
			continue
		}
		fmt.Fprintln(out, "\n"+list.title)
		table := newTable(out)
		fmt.Fprintln(table, "TICKET\tRUNNER\tRUN\tREFUSED\tDUE\tWHY")
		for _, t := range list.tickets {
			show(table, "%s\t%s\t%s\t%d\t%s\t%s\n", t.Ticket, t.Runner, orNone(t.Run), t.Attempts, local(t.Due), shorten(orNone(t.Note), 400))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if list.then != "" {
			fmt.Fprintln(out, list.then)
		}
	}
	for _, r := range w.Asked {
		show(out, "\nAsked %s, not answered yet: %s\n", local(&r.Asked), r.Verb)
	}
	return nil
}

func (c *command) newRunsRetry() *cobra.Command {
	var o runs.RetryOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "retry [RUN…|RUNNER…]",
		Short: "Try again what is set aside, dead, waits for a cause, or was handled",
		Long: `Makes runs due at once, whatever their pause. What is running goes on undisturbed,
and a request that may still be at work at the help desk is waited for.

A run whose pipe may be carried out only once, and was interrupted, is in doubt: named by
its id it is done again, or with --skip-step goes on behind that step. --all leaves it as
it is: find out first whether it was carried out. "otai runs waiting" lists such runs.`,
		Example: `  otai runs retry 0655c1f2
  otai runs retry --all                   all that was refused
  otai runs retry --handled sort          what the runner "sort" has handled`,
		Args: func(_ *cobra.Command, args []string) error { return o.Check(args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, asJSON, func(d *runs.Desk) (runs.Asked, error) { return d.Retry(cmd.Context(), o, args) })
		},
	}
	cmd.ValidArgsFunction = c.completing(func(ctx context.Context, d *runs.Desk, begun string) ([]string, error) {
		if o.Handled {
			return d.RunnersThatHandled(ctx, begun)
		}
		return d.IDs(ctx, begun)
	})
	cmd.Flags().StringArrayVar(&o.Tickets, "ticket", nil, "what concerns the ticket with this id, which is taken up anew also if it was handled; may be repeated")
	cmd.Flags().BoolVar(&o.All, "all", false, "all that is set aside, dead or waits for a cause, but for what is in doubt")
	cmd.Flags().StringVar(&o.Cause, "cause", "", "what waits for this cause")
	cmd.Flags().BoolVar(&o.Handled, "handled", false, "tickets that were handled, by the runners given or by all")
	cmd.Flags().BoolVar(&o.SkipStep, "skip-step", false, "go on behind the step that is in doubt")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func (c *command) newRunsDiscard() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "discard RUN…",
		Aliases: []string{"cancel"},
		Short:   "Give up runs that are at work, wait or are dead",
		Long: `Ends runs as canceled, those that are at work before their next step, and drops what is
kept for going on. What they have written stays, and their tickets count as handled. One
that has sent a request without an answer ends when the answer is known. The command can
also be called cancel.`,
		Example: `  otai runs discard 0655c1f2`,
		Args:    arguments(1, 1<<20),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(cmd, asJSON, func(d *runs.Desk) (runs.Asked, error) { return d.Discard(cmd.Context(), args) })
		},
		ValidArgsFunction: c.completing(idsOf),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func (c *command) ask(cmd *cobra.Command, asJSON bool, do func(*runs.Desk) (runs.Asked, error)) error {
	return c.askOf(cmd, runs.OpenOptions{Asks: true}, asJSON, do)
}

func (c *command) askOf(cmd *cobra.Command, o runs.OpenOptions, asJSON bool, do func(*runs.Desk) (runs.Asked, error)) error {
	return answerRuns(c, cmd, o, asJSON, do, func(out io.Writer, asked runs.Asked) error {
		_, err := show(out, "%s\n", lines(asked.Answer))
		return err
	})
}

func (c *command) newRunsMigrate() *cobra.Command {
	var printSQL bool
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Make or update the tables of the run store",
		Long: `Makes or updates the tables in the PostgreSQL database that infrastructure.runs names,
for a user who may do what otai's own may not. otai run does the same when it starts, if
it may.`,
		Example: `  otai runs migrate --print-sql > otai.sql
  OTAI_DATABASE_URL=postgres://dba@db/otai otai runs migrate`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := runs.Migrate(cmd.Context(), c.settings, printSQL)
			if err != nil {
				return err
			}
			_, err = show(cmd.OutOrStdout(), "%s\n", lines(strings.TrimRight(text, "\n")))
			return err
		},
	}
	cmd.Flags().BoolVar(&printSQL, "print-sql", false, "print the statements instead of executing them")
	return cmd
}

// completesWithin is how long a shell waits for a store, such as a database that doesn't
// answer.
const completesWithin = time.Second

func idsOf(ctx context.Context, d *runs.Desk, begun string) ([]string, error) {
	return d.IDs(ctx, begun)
}

// completing offers what the run store knows.
func (c *command) completing(offers func(ctx context.Context, d *runs.Desk, begun string) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completesWithin)
		defer cancel()
		if err := c.complete(cmd); err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		d, err := runs.Open(ctx, c.settings, runs.OpenOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer d.Close()
		found, _ := offers(ctx, d, begun) // a shell has nobody to hear of it
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}
