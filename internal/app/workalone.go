package app

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Kinds of names by which a ticket system is asked for rights: the queues whose tickets are
// changed, and those that tickets are moved into.
const (
	QueuesWorkedIn  = "queue worked in"
	QueuesMovedInto = "queue moved into"
)

// WithServices calls do with the services of the configuration, by their ids. Nothing is
// started, and no run is kept.
func WithServices(ctx context.Context, s Settings, do func(services map[string]any) error) error {
	a, err := Prepare(ctx, s, PrepareOptions{Silent: true}) // they were said when it was validated
	if err != nil {
		return err
	}
	defer a.Close()
	engine, err := a.Engine(orchestrator.Options{Once: true})
	if err != nil {
		return err
	}
	services := make(map[string]any)
	for _, service := range a.Document.Services {
		services[service.ID], _ = engine.Service(service.ID)
	}
	return errors.Join(a.Clean(do(services)), engine.Close())
}

// WorkAlone carries out what people asked of whoever works, where nobody does, as long as
// until does. No runner of the configuration begins anything. [WorkedAt] is true of the error
// if another process works after all.
func WorkAlone(ctx context.Context, s Settings, until func(ctx context.Context) error) error {
	a, err := Prepare(ctx, s, PrepareOptions{Runs: true})
	if err != nil {
		return err
	}
	defer a.Close()
	kept := a.keepRuns(RunOptions{})
	if err := kept.open(ctx); err != nil {
		return err
	}
	engine, err := a.Engine(orchestrator.Options{Wrap: kept.wrap}) // which makes the services known to the gate
	if err != nil {
		return errors.Join(err, kept.close())
	}
	if err = kept.engine.Open(ctx, nil); err == nil {
		err = until(ctx)
	}
	return errors.Join(err, kept.leave(ctx), engine.Close(), kept.close())
}
