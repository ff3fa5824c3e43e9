package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/trial"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Trial makes a trial of the configuration, and returns what its engine needs for it. Of the
// options it fills in what the configuration and the plugins decide.
func (a *Setup) Trial(o trial.Options) (*trial.Trial, orchestrator.Options, error) {
	for _, use := range o.Run {
		if _, ok := a.Catalog.Registry.Find(use); !ok {
			return nil, orchestrator.Options{}, ExitWith(CodeUsage, fmt.Errorf("--run %s: nothing offers %q; write it as the configuration does under use", use, use))
		}
	}
	o.Bundled = append(slices.Clone(bundled), base.Name)
	o.Locate, o.Written = a.Place, a.written
	all := a.bounds()
	o.Bounds = func(service string) trial.Bounds { return all[service].Allow }
	t := trial.New(o)
	return t, orchestrator.Options{Runs: t, Wrap: t.Wrap, May: t.May, Strict: true}, nil
}

// dryRun is a trial that goes on for as long as otai runs, and logs what would be written.
func (a *Setup) dryRun(o RunOptions) (orchestrator.Options, error) {
	d := dryRun{a.logger}
	_, options, err := a.Trial(trial.Options{Run: o.Run, Shown: d.shown, Ended: d.ended})
	options.Once = o.Once
	return options, err
}

// dryRun logs what a run would write.
type dryRun struct{ logger *slog.Logger }

// ended leaves an error of a run what it is: of the runner. Code that was not run is none.
func (d dryRun) ended(e trial.End) error {
	not := (*orchestrator.NotTriedError)(nil)
	if !errors.As(e.Err, &not) {
		return e.Err
	}
	attrs := []any{"runner", e.Runner, "use", not.Use, "how", "--run " + not.Use + " runs it all the same"}
	if len(e.Predictions) == 0 {
		d.logger.Warn("dry run: not tried, since it may change something outside of otai", attrs...)
		return e.Err // a trigger's, or what follows no search: it would be the same at once
	}
	for _, p := range e.Predictions {
		d.logger.Warn("dry run: not tried, since it may change something outside of otai", append([]any{"ticket", p.Ticket}, attrs...)...)
	}
	return nil
}

// shown logs a write: with the ticket's state and lock, since nobody wants closed ones
// touched, or those that an agent has locked.
func (d dryRun) shown(ctx context.Context, w trial.Write) {
	logger := d.logger.With("use", w.Service.Use)
	about := []any{"ticket", w.Ticket}
	if w.New != nil {
		about = []any{"subject", w.New.Subject}
	}
	if state := w.Now.State.String(); state != "" {
		about = append(about, "state_now", state)
	}
	if lock, _ := w.Now.Fields["Lock"].(string); lock != "" {
		about = append(about, "lock_now", lock)
	}
	switch {
	case w.Refused != nil:
		logger.ErrorContext(ctx, "dry run: a change that isn't allowed would not be sent", append(about, "err", w.Refused.Error())...)
		return
	case w.New != nil:
		logger.InfoContext(ctx, "dry run: would make a ticket", append(about, "queue", w.New.Queue.String())...)
		return
	}
	if args := changes(w.Update); len(args) > 0 {
		logger.InfoContext(ctx, "dry run: would change the ticket", slices.Concat(about, args)...)
	}
	for _, n := range w.Update.Notes {
		logger.InfoContext(ctx, "dry run: would add a note", append(slices.Clone(about), "subject", n.Subject, "body", n.Body, "visible_to_customer", n.VisibleToCustomer)...)
	}
}

// changes are the fields of an update.
func changes(u api.TicketUpdate) (args []any) {
	if u.Subject != nil {
		args = append(args, "subject", *u.Subject)
	}
	for _, change := range []struct {
		name string
		to   *api.Entity
	}{{"queue", u.Queue}, {"priority", u.Priority}, {"state", u.State}, {"owner", u.Owner}, {"customer", u.Customer}} {
		if change.to != nil {
			args = append(args, change.name, change.to.String())
		}
	}
	if len(u.Fields) > 0 {
		args = append(args, "fields", u.Fields)
	}
	return args
}
