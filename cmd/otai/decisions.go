package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app/runs"
	"github.com/open-ticket-ai/otai/internal/decisions"
)

func (c *command) newDecisions() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "decisions",
		Short: "See what was decided about tickets, by which model and which line, and export it",
		Long: `A decision is recorded at the end of each run, for each ticket that it wrote to, else for
the one that it was about: what was read, what a model said and which one, what was written,
old and new. No text of a ticket is in it.

These commands work beside an otai that runs, and without one. They need the state folder
of that otai: its user or root, and --state-dir if it has another than yours.`,
	}
	c.configFlag(cmd)
	cmd.PersistentFlags().AddFlagSet(cmd.Flags())
	return group(cmd, c.newDecisionsList(), c.newDecisionsShow(), c.newDecisionsExport(), newDecisionsSchema())
}

// decisionFlags are the flags that choose decisions.
func (c *command) decisionFlags(cmd *cobra.Command, o *runs.DecisionOptions) {
	cmd.Flags().StringVar(&o.Since, "since", "", "only those from this time on: 2026-11-30, 2026-11-30T08:00 or, for 12 hours ago, PT12H")
	cmd.Flags().StringVar(&o.Until, "until", "", "only those before this time")
	cmd.Flags().StringVar(&o.Runner, "runner", "", "only those of the runner with this id")
	cmd.Flags().StringVar(&o.Ticket, "ticket", "", "only those of the ticket with this id, or number")
	cmd.Flags().StringVar(&o.Run, "run", "", "only those of the run with this id")
	cmd.Flags().StringVar(&o.Label, "label", "", "only those in which this label decided")
	cmd.Flags().StringArrayVar(&o.Actions, "action", nil, "only those of this action, may be repeated")
	cmd.Flags().Float64Var(&o.Least, "min-confidence", 0, "only those with a confidence of at least this, 0 to 1")
	cmd.Flags().Float64Var(&o.Most, "max-confidence", 0, "only those with a confidence of at most this")
	complete(cmd, "action", runs.ActionWords()...)
	_ = cmd.RegisterFlagCompletionFunc("ticket", c.completing(decidedTickets))
}

func (c *command) newDecisionsList() *cobra.Command {
	var o runs.DecisionOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List decisions, the newest first",
		Example: `  otai decisions list --since PT12H
  otai decisions list --action applied --max-confidence 0.8
  otai decisions list --label IT --json`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list := func(d *runs.Desk) ([]decisions.Record, error) { return d.ListDecisions(cmd.Context(), o) }
			return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, list, func(out io.Writer, list []decisions.Record) error {
				return showDecisions(out, list, o.Limit)
			})
		},
	}
	c.decisionFlags(cmd, &o)
	cmd.Flags().IntVar(&o.Limit, "limit", 50, "at most this number; 0: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func showDecisions(out io.Writer, list []decisions.Record, limit int) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There are no such decisions.")
		return err
	}
	table := newTable(out)
	fmt.Fprintln(table, "TIME\tTICKET\tRUNNER\tACTION\tLABEL\tCONFIDENCE\tWRITTEN\tREASON")
	for _, r := range list {
		label, confidence := r.Label()
		sure := "-"
		if label != "" {
			sure = fmt.Sprintf("%.3f", confidence)
		}
		show(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", local(&r.Time), r.Ticket, orNone(r.Runner), string(r.Action), orNone(label), sure, shorten(orNone(changes(r)), 60), shorten(orNone(r.Reason), 60))
	}
	if err := table.Flush(); err != nil || len(list) != limit {
		return err
	}
	_, err := fmt.Fprintf(out, "These are the newest %d; --limit shows more.\n", limit)
	return err
}

// changes is what was written, in a few words.
func changes(r decisions.Record) string {
	before, after := r.Changes()
	var parts []string
	for _, name := range []string{decisions.Queue, decisions.Priority, decisions.State} {
		if v, ok := after[name]; ok {
			parts = append(parts, before[name].String()+" → "+v.String())
		}
	}
	notes, doubt := 0, false
	for _, w := range r.Writes {
		if notes += w.Note; w.Outcome != decisions.Done {
			doubt = true
		}
	}
	if notes > 0 {
		parts = append(parts, "note")
	}
	if doubt {
		parts = append(parts, "in doubt")
	}
	return strings.Join(parts, ", ")
}

func (c *command) newDecisionsShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show TICKET",
		Short: "Show all decisions about a ticket, the oldest first",
		Example: `  otai decisions show 4711
  otai decisions show 4711 --json | jq '.[-1].writes'`,
		Args:              arguments(1, 1),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.explain(cmd, asJSON, args[0]) },
		ValidArgsFunction: c.completing(decidedTickets),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON")
	return cmd
}

func (c *command) newExplain() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain TICKET",
		Short: "Explain in plain sentences what was decided about a ticket, and why",
		Long: `Explains each decision about a ticket, the oldest first: how it was read, what a model
said of it, what was decided, and what was written by which line of the configuration.
The ticket is named by its id, or by its number.`,
		Example: `  otai explain 4711`,
		Args:    arguments(1, 1),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.explain(cmd, asJSON, args[0]) },

		ValidArgsFunction: c.completing(decidedTickets),
	}
	c.configFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "answer as JSON: the records themselves")
	return cmd
}

func (c *command) explain(cmd *cobra.Command, asJSON bool, ticket string) error {
	ask := func(d *runs.Desk) ([]decisions.Record, error) { return d.OfTicket(cmd.Context(), ticket) }
	return answerRuns(c, cmd, runs.OpenOptions{}, asJSON, ask, func(out io.Writer, list []decisions.Record) error {
		name := "Ticket " + list[0].Ticket
		if n := list[len(list)-1].Number; n != "" {
			name += " (number " + n + ")"
		}
		show(out, "%s of %s\n", name, list[0].System)
		for _, r := range list {
			for i, line := range r.Explain(func(t time.Time) string { return local(&t) }) {
				form := "  %s\n"
				if i == 0 {
					form = "\n%s\n"
				}
				if _, err := show(out, form, line); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (c *command) newDecisionsExport() *cobra.Command {
	var o runs.DecisionOptions
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write decisions as a table or as JSON lines, the oldest first",
		Long: `Writes decisions to standard output, the oldest first: as CSV, a row each, or as JSON
lines, of which otai decisions schema has the form. In CSV a text that a spreadsheet would
take for a formula begins with an apostrophe.`,
		Example: `  otai decisions export --format csv --since 2026-11-01 > november.csv
  otai decisions export --format jsonl | jq -c 'select(.action == "applied")'`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := runs.Open(cmd.Context(), c.settings, runs.OpenOptions{})
			if err != nil {
				return err
			}
			return errors.Join(d.Export(cmd.Context(), o, format, cmd.OutOrStdout()), d.Close())
		},
	}
	o.Oldest = true
	c.decisionFlags(cmd, &o)
	cmd.Flags().StringVar(&format, "format", runs.CSV, "csv or jsonl")
	complete(cmd, "format", runs.CSV, runs.JSONL)
	return cmd
}

func newDecisionsSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of a decision",
		Long:    `Prints the JSON Schema (2020-12) of one decision, as export --format jsonl and --json write it.`,
		Example: `  otai decisions schema > decision.schema.json`,
		Args:    arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(decisions.Schema())
			return err
		},
	}
}

func decidedTickets(ctx context.Context, d *runs.Desk, begun string) ([]string, error) {
	return d.Decided(ctx, begun)
}
