package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/river"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// RunStore is where runs are kept, opened by the one process that works with it.
type RunStore struct {
	Store store.Store
	Queue runs.Queue // nil: this process takes what is due by itself
	Host  store.Host
	Clock func() (boot string, nanos int64) // see [runs.Options]
	Moved string                            // where a damaged store is now

	closers []func() error // the last one first
}

// Close closes the store.
func (r *RunStore) Close() error {
	var errs []error
	for _, c := range slices.Backward(r.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// How long a process that has the state folder is waited for, and how often it is asked.
const (
	folderPatience = 10 * time.Second
	folderLook     = 100 * time.Millisecond
)

// OpenRunStore opens the store that the document names, to work with it: a PostgreSQL
// database, else a file in the state folder. [WorkedAt] is true of the error as long as
// another process works on this state folder.
func (s Settings) OpenRunStore(ctx context.Context, d *config.Document, logger *slog.Logger) (*RunStore, error) {
	dir, err := s.stateDir()
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	if d.Runs.Database != "" {
		opened, err := s.openDatabase(ctx, dir, d.Runs, logger)
		return opened, storeError(err)
	}
	trustGroup, err := s.TrustGroup()
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	opened, err := sqlite.Open(ctx, sqlite.Options{Dir: dir, TrustGroup: trustGroup, PID: s.Worker.SupervisorPID()})
	if err != nil {
		return nil, storeError(err)
	}
	return &RunStore{
		Store: opened, Host: store.Host{Instance: opened.Path, Version: s.Version}, Clock: runs.BootClock, Moved: opened.Moved,
		closers: []func() error{opened.Close},
	}, nil
}

// MakeRunStore makes the store that the document names, for a process that starts later. Root
// makes no folder for it: whose that would have to be isn't known.
func (s Settings) MakeRunStore(ctx context.Context, d *config.Document) error {
	dir, err := s.stateDir()
	if err != nil {
		return ExitWith(CodeUsage, err)
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && os.Geteuid() == 0 {
		return ExitWith(CodeRun, fmt.Errorf("there is no state folder %s yet, and it must belong to the user that otai runs as: make it with install -d -m 700 -o USER %s, or type this command as that user", dir, dir))
	}
	opened, err := s.OpenRunStore(ctx, d, slog.New(slog.DiscardHandler))
	if WorkedAt(err) { // which has made it meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	return ExitWith(CodeRun, opened.Close())
}

// storeError gives an error of a store its exit code.
func storeError(err error) error {
	if errors.As(err, new(*sqlite.UntrustedError)) {
		return ExitWith(CodePlugins, err) // as for the rest of the state folder
	}
	return ExitWith(CodeRun, err)
}

// WorkedAt reports whether an error of OpenRunStore is that another process works on the
// state folder.
func WorkedAt(err error) bool { return errors.As(err, new(*sqlite.LockedError)) }

// LookIntoRuns opens the store that the document names beside whoever works with it: to
// read, and, if toAsk is set, to leave requests. The error is [fs.ErrNotExist] if there is
// none yet.
func (s Settings) LookIntoRuns(ctx context.Context, d *config.Document, toAsk bool) (store.Store, error) {
	dir, err := s.stateDir()
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	if d.Runs.Database != "" {
		opened, err := lookIntoDatabase(ctx, d.Runs)
		return opened, storeError(err)
	}
	trustGroup, err := s.TrustGroup()
	if err != nil {
		return nil, ExitWith(CodeUsage, err)
	}
	open := sqlite.Look
	if toAsk {
		open = sqlite.Beside
	}
	opened, err := open(ctx, sqlite.Options{Dir: dir, TrustGroup: trustGroup})
	if err != nil {
		return nil, storeError(err)
	}
	return opened, nil
}

// RedactorOf knows the secrets of a document, and, where all have to be known, those that
// only its plugins know to be secret.
func (s Settings) RedactorOf(ctx context.Context, d *config.Document, all bool) *redactor.Redactor {
	if all {
		if a, err := Prepare(ctx, s, PrepareOptions{CheckOnly: true, Silent: true, Inspect: true}); err == nil {
			a.Close()
			return a.Redactor
		}
	}
	r := redactor.New(s.Lookup)
	r.AddAll(d.Secrets())
	return r
}

// The pauses between two tries to reach a database.
const (
	databasePause  = time.Second
	databasePauses = 30 * time.Second // the longest
)

// openRunStore waits for a process that has the state folder and is about to end. A service, which
// does not end by itself, waits for a database that can't be reached, too.
func (a *Setup) openRunStore(ctx context.Context, service bool) (*RunStore, error) {
	pause, lost := databasePause, time.Time{}
	for until := time.Now().Add(folderPatience); ; {
		opened, err := a.settings.OpenRunStore(ctx, a.Document, a.logger)
		look := folderLook
		switch unreachable := service && a.Document.Runs.Database != "" && isUnreachable(err); {
		case ctx.Err() != nil && unreachable:
			return nil, ctx.Err()
		case unreachable:
			if lost.IsZero() {
				lost = time.Now()
				a.health.lost(lost, a.Clean(err))
				a.logger.Error("the run store can't be reached: nothing is done until it can be", "err", a.Clean(err))
				a.settings.Worker.Waiting("the run store can't be reached")
			}
			look, pause = pause, min(2*pause, databasePauses)
			until = time.Now().Add(folderPatience) // another process may have taken the folder meanwhile
		case !WorkedAt(err) || time.Now().After(until):
			if err == nil && !lost.IsZero() {
				a.health.lost(time.Time{}, nil)
				a.logger.Info("the run store can be reached", "after", time.Since(lost).Round(time.Second))
			}
			if err == nil && opened.Moved != "" {
				a.logger.Error("the run store was damaged and is begun anew: what it knew is in the file that was moved aside", "file", opened.Moved)
			}
			return opened, a.Clean(err)
		}
		select {
		case <-ctx.Done():
			if !lost.IsZero() {
				return nil, ctx.Err()
			}
			return nil, ExitWith(CodeRun, fmt.Errorf("stopped: %w", err))
		case <-time.After(look):
		}
	}
}

// isUnreachable reports whether nobody answers where a database should be.
func isUnreachable(err error) bool {
	unfit := (*river.Unfit)(nil)
	return errors.Is(err, store.ErrUnavailable) || errors.As(err, &unfit) && unfit.Reason == river.Unreachable && unfit.Err != nil
}

// LookIntoRuns is that of the settings, for this configuration, to read.
func (a *Setup) LookIntoRuns(ctx context.Context) (store.Store, error) {
	if o := a.Document.Runs; o.Database != "" {
		if _, err := river.Check(ctx, o.Database, o.Schema, o.PollOnly); err != nil {
			return nil, err
		}
	}
	return a.settings.LookIntoRuns(ctx, a.Document, false)
}
