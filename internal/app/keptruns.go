package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/late"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/journal"
	"github.com/open-ticket-ai/otai/internal/runs/record"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// keptRuns are the runs of this process, which outlive it. nil are those of a dry run,
// which are forgotten.
type keptRuns struct {
	setup    *Setup
	options  RunOptions
	late     late.Store
	runs     late.Runs
	store    *RunStore // nil: it isn't open
	gate     *gate.Gate
	engine   *runs.Engine
	logger   *slog.Logger
	mu       sync.Mutex // for journals: services are handed out to many workers
	journals []formerJournal
	backlog  *backlog // nil: nobody asks how far it is
}

// keepRuns puts a gate before the store, which is open or will be.
func (a *Setup) keepRuns(o RunOptions) *keptRuns {
	k := &keptRuns{setup: a, options: o, logger: a.logger}
	if o.UntilEmpty && o.Progress != nil {
		k.backlog = newBacklog()
	}
	var clock func() (string, int64)
	if a.Document.Runs.Database == "" {
		clock = runs.BootClock
	}
	k.gate = gate.New(gate.Options{Logger: a.logger, Called: a.measures.Called, Store: &k.late, Clock: clock, Keep: a.Document.Runs.Keep, At: a.Place, Written: a.written, KeepText: a.Document.Decisions.KeepText, Searches: k.backlog.searches(), Bounds: a.bounds()})
	return k
}

// open opens the store, and puts an engine of runs on it.
func (k *keptRuns) open(ctx context.Context) error {
	a, o := k.setup, k.options
	opened, err := a.openRunStore(ctx, !o.Once && !o.UntilEmpty)
	if err != nil {
		return err
	}
	k.store = opened
	k.late.Use(opened.Store)
	k.engine = runs.New(runs.Options{
		Ended: a.measures.Ended,
		Store: opened.Store, Queue: opened.Queue, Logger: a.logger, Redact: a.Redactor.Text, Host: opened.Host,
		Keep: a.Document.Runs.Keep, KeepDecisions: a.Document.Decisions.Keep, Records: a.records(), At: a.Place, Finish: k.gate.Finish, Revert: k.gate.Revert, Healthy: k.gate.Healthy, MayName: k.gate.MayName, Inherit: k.inherit, Clock: opened.Clock, Alone: o.Once || o.UntilEmpty, Once: o.Once,
	})
	k.runs.Use(k.engine)
	return nil
}

// Records makes the records of runs that a command ends.
func (s Settings) Records() record.Maker {
	machine, err := os.Hostname()
	if err != nil {
		machine = "unknown"
	}
	return record.Maker{Machine: machine, Versions: map[string]string{"otai": s.Version}}
}

// records makes those of this process.
func (a *Setup) records() record.Maker {
	m := a.settings.Records()
	m.KeepText = a.Document.Decisions.KeepText
	for _, p := range a.Catalog.Plugins {
		if p.Status == loader.Loaded {
			m.Versions[p.Prefix] = p.Version
		}
	}
	return m
}

func (k *keptRuns) wrap(s orchestrator.Service, instance any) any {
	if path, ok := journal.Of(instance); ok {
		k.mu.Lock()
		if former := (formerJournal{service: s.ID, path: path}); !slices.Contains(k.journals, former) {
			k.journals = append(k.journals, former)
		}
		k.mu.Unlock()
	}
	k.backlog.knows(s.ID, instance)
	k.setup.measures.Knows(s.ID, instance)
	return k.gate.Wrap(s.ID, instance)
}

// leaving is how long the end of a process may take with the store.
const leaving = 3 * time.Second

// leave ends the work of the engine of runs.
func (k *keptRuns) leave(ctx context.Context) error {
	if k == nil || k.store == nil {
		return nil
	}
	asked := ctx.Err() != nil // by a person, or the service manager
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	err := errors.Join(k.engine.Close(ctx), k.gate.KeepUnfound(ctx))
	if asked && errors.Is(err, store.ErrUnavailable) {
		k.logger.Warn("otai was stopped while the run store couldn't be written: the next start takes over what was at work, and looks first at what it may have written", "err", err)
		return nil
	}
	return err
}

func (k *keptRuns) close() error {
	if k == nil || k.store == nil {
		return nil
	}
	opened := k.store
	k.store = nil
	return ExitWith(CodeRun, opened.Close())
}

// undone is the error of a process that ended by itself and has left something undone.
func (k *keptRuns) undone(ctx context.Context, o RunOptions) error {
	switch {
	case k == nil || ctx.Err() != nil:
		return nil
	case o.UntilEmpty:
		counts, _, err := store.CountsFound(ctx, k.store.Store)
		if err != nil {
			return fmt.Errorf("counting what is left: %w", err)
		}
		pauses, err := k.store.Store.Pauses(ctx)
		if err != nil {
			return fmt.Errorf("reading what is paused: %w", err)
		}
		return errors.Join(undone(counts), paused(pauses))
	case o.Once && k.engine.Refused() > 0:
		return errors.New("tickets were refused; `otai runs waiting` says which and why")
	}
	return nil
}

// paused says whose tickets nobody has looked for.
func paused(pauses []store.Pause) error {
	if len(pauses) == 0 {
		return nil
	}
	names := make([]string, len(pauses))
	for i, p := range pauses {
		names[i] = "`" + runs.ResumeCommand(p) + "`"
	}
	return fmt.Errorf("not all is done: a runner is paused until %s", strings.Join(names, ", "))
}

// undone says what is left where no ticket is free any more.
func undone(c store.Counts) error {
	dead, cause := c.Standings[store.StandingDead], c.Waiting[store.ReasonCause]
	aside := max(0, c.Standings[store.Aside]-cause) // what waits for a cause is set aside, too
	system, unreadable := c.Waiting[store.ReasonSystem], c.Waiting[store.ReasonGone]
	if aside+dead+cause+system+unreadable == 0 {
		return nil
	}
	return fmt.Errorf("not all is done: %s, %s, %s, %d because the system fails, %d can't be read; `otai runs waiting` says why",
		counted.Of(aside, "ticket is set aside", "tickets are set aside"), counted.Of(dead, "is dead", "are dead"), counted.Of(cause, "waits for a cause", "wait for a cause"), system, unreadable)
}
