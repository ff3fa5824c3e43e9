package try

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/texts"
	"github.com/open-ticket-ai/otai/internal/trial"
)

// Options say over which tickets, and what to do with the result.
type Options struct {
	Last   int       // how many of the latest; 0: all of a time or a list, else [DefaultLast]
	Since  time.Time // changed since
	Queues []string  // in these; none: in those that the runners search
	Closed bool      // closed ones, too: searches leave out what they say about states
	IDs    []string
	File   string   // a table with tickets, instead of the help desk
	Run    []string // uses that run though nothing says that they have no effect
	Titles bool     // the report has the tickets' titles

	Progress func(Progress)
}

// Progress says how far it is.
type Progress = trial.Progress

// DefaultLast is how many tickets are tried if nothing says which.
const DefaultLast = 100

// workers is how many runs there are at one time, and with them texts that go to a model together.
const workers = 32

// ReadsStdin reports whether the tickets are on standard input.
func (o Options) ReadsStdin() bool { return o.File == texts.Stdin }

func (o Options) check() error {
	switch {
	case o.Last < 0:
		return errors.New("--last must be above zero")
	case o.File != "" && (o.Last > 0 || len(o.IDs) > 0 || len(o.Queues) > 0 || !o.Since.IsZero()):
		return errors.New("--file has the tickets; --last, --since, --queue and --ids are for those of the help desk")
	case len(o.IDs) > 0 && (o.Last > 0 || len(o.Queues) > 0 || !o.Since.IsZero()):
		return errors.New("--ids names the tickets; --last, --since and --queue can't be given with it")
	}
	return nil
}

// Run tries a configuration. After an error, and after a stop, the result has what was done
// until then; it is nil if nothing was begun.
func Run(ctx context.Context, s app.Settings, o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, app.ExitWith(app.CodeUsage, err)
	}
	s.LogLevel = cmp.Or(s.LogLevel, "warn")
	a, err := app.Prepare(ctx, s, app.PrepareOptions{FireAtOnce: true})
	if err != nil {
		return nil, err
	}
	defer a.Close()
	r := &Result{Version: s.Version, Began: time.Now(), Titles: o.Titles, Closed: o.Closed}
	source, err := o.source(ctx, s, a, r)
	if err != nil {
		return nil, app.ExitWith(app.CodeUsage, a.Clean(err))
	}
	t, options, err := a.Trial(trial.Options{
		Source: source, Run: o.Run, Closed: o.Closed, KeepText: o.Titles, Ended: r.add, Progress: o.Progress,
		InTurns: true, Stop: ctx.Done(),
	})
	if err != nil {
		return nil, err
	}
	options.UntilEmpty, options.EmptyPause, options.Workers = true, 20*time.Millisecond, workers
	engine, err := a.Engine(options)
	if err != nil {
		return nil, err
	}
	err = errors.Join(engine.Run(ctx), engine.Close())
	r.finish(t, a)
	r.Stopped = ctx.Err() != nil
	r.clean(a.Redactor.Text)
	switch {
	case r.Stopped:
		return r, app.ExitWith(app.CodeRun, errors.New("it was stopped; the report has what was tried until then"))
	case err != nil:
		return r, app.ExitWith(app.CodeRun, a.Clean(err))
	}
	return r, app.ExitWith(app.CodeRun, r.undone())
}

// undone is the error of a trial that could not predict something.
func (r *Result) undone() error {
	var errs []error
	if failed, unread := r.Actions.of(string(trial.Failed)), r.Unread; failed+unread > 0 {
		errs = append(errs, fmt.Errorf("of %s, %d could not be predicted since something failed, and %d could not be read", counted.Of(r.Tickets, "ticket", "tickets"), failed, unread))
	}
	for _, t := range r.Runners {
		if why := r.impossible(t.Runner); why != "" {
			errs = append(errs, fmt.Errorf("the runner %s can't do its work with any of its %s: %s", t.Runner, counted.Of(t.Tickets, "ticket", "tickets"), why))
		}
	}
	return errors.Join(errs...)
}

// impossible is why one of a runner's steps can't be carried out with any of its tickets, as without
// its model; "" if it can with some. Then the reason is not in the tickets.
func (r *Result) impossible(runner string) (why string) {
	for _, p := range r.Predictions {
		switch {
		case p.Runner != runner:
		case !p.Impossible:
			return ""
		case why == "":
			why = p.Reason
		}
	}
	return why
}

// add takes what the end of a run predicts. What failed there keeps no other ticket from being
// tried, unless it is the search itself.
func (r *Result) add(e trial.End) error {
	r.Predictions = append(r.Predictions, e.Predictions...)
	if e.Err == nil || e.Found {
		return nil
	}
	if !slices.ContainsFunc(r.Runners, func(t RunnerTotal) bool { return t.Runner == e.Runner }) {
		r.Runners = append(r.Runners, RunnerTotal{Runner: e.Runner})
	}
	i := slices.IndexFunc(r.Runners, func(t RunnerTotal) bool { return t.Runner == e.Runner })
	if r.hasTickets(e.Runner) { // its last search has found nothing, and its steps need a ticket
		return nil
	}
	r.Runners[i].Error = e.Err.Error()
	return final(e.Err)
}

// final is an error that isn't tried again.
type finalError struct{ text string }

func (f finalError) Error() string { return f.text }

func final(err error) error { return finalError{err.Error()} }

func (r *Result) hasTickets(runner string) bool {
	return slices.ContainsFunc(r.Predictions, func(p trial.Prediction) bool { return p.Runner == runner })
}
