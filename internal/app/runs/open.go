package runs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// Desk is the run store, opened to look at it and to leave requests.
type Desk struct {
	store    store.Store
	alone    func(context.Context) (*app.RunStore, error) // for what is asked where nobody works
	redactor *redactor.Redactor
	records  record.Maker // of runs that end because it was asked for
	settings app.Settings
	// configured are the ids of the runners that the configuration has, also of those that have
	// never run.
	configured []string
	// patience is how long others may take before it counts as nobody at work. A file says
	// so by its lock; of a database that many use nobody has one.
	patience time.Duration
}

// databasePatience is long enough for whoever works, who looks each second.
const databasePatience = 3 * time.Second

// OpenOptions are what one command wants otherwise than the others.
type OpenOptions struct {
	Secrets bool // results of steps are shown: know every secret of the configuration
	Asks    bool // a request is left for whoever works
	Makes   bool // the store is made where there is none yet
}

// Open opens the store of the configuration that is named, else the usual one, else that
// of the state folder.
func Open(ctx context.Context, s app.Settings, o OpenOptions) (*Desk, error) {
	d, err := s.DocumentIfAny(ctx)
	if err != nil {
		return nil, err
	}
	redactor := s.RedactorOf(ctx, d, o.Secrets)
	opened, err := s.LookIntoRuns(ctx, d, o.Asks)
	if o.Makes && errors.Is(err, fs.ErrNotExist) {
		if err := s.MakeRunStore(ctx, d); err != nil {
			return nil, redactor.Clean(err)
		}
		opened, err = s.LookIntoRuns(ctx, d, o.Asks)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNotHere
	case errors.Is(err, store.ErrUnavailable) && d.Runs.Database != "":
		return nil, redactor.Clean(fmt.Errorf("%w\n`otai doctor` says more about the database", err))
	case err != nil:
		return nil, redactor.Clean(err)
	}
	patience := time.Duration(0)
	if d.Runs.Database != "" {
		patience = databasePatience
	}
	return &Desk{
		store: opened, redactor: redactor, patience: patience, records: s.Records(), settings: s, configured: configuredRunners(d.InOrder()),
		alone: func(ctx context.Context) (*app.RunStore, error) {
			return s.OpenRunStore(ctx, d, slog.New(slog.DiscardHandler))
		},
	}, nil
}

// Close closes the store.
func (d *Desk) Close() error { return app.ExitWith(app.CodeRun, d.store.Close()) }

// carryAlone does what was asked where nobody works: then the lock can be had.
func (d *Desk) carryAlone(ctx context.Context) error {
	opened, err := d.alone(ctx)
	if app.WorkedAt(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(answerAll(ctx, opened.Store, d.records), opened.Close())
}

func answerAll(ctx context.Context, s store.Store, records record.Maker) error {
	asked, err := s.Requests(ctx)
	if err != nil {
		return err
	}
	for _, r := range asked {
		if r.Verb == store.VerbRevert {
			continue // needs the help desk
		}
		answer, err := engine.Execute(ctx, s, records, r)
		if err != nil {
			answer = engine.NotDone + err.Error()
		}
		if err := s.Answer(ctx, r.ID, answer); err != nil {
			return err
		}
	}
	return nil
}
