package orchestrator

import (
	"context"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// forgotten are the runs of an engine without Options.Runs: they end with their process.
type forgotten struct{}

func (forgotten) Open(context.Context, []*Place) error { return nil }

func (forgotten) Begin(*Place, func()) Run { return forgottenRun{} }

func (forgotten) Next(context.Context, *Place) (Run, bool, error) { return nil, false, nil }

func (forgotten) Ready(*Place) <-chan struct{} { return nil }

func (forgotten) Soon(context.Context, *Place) (bool, error) { return false, nil }

type forgottenRun struct{}

func (forgottenRun) Resumed() bool { return false }

func (forgottenRun) Item() (LoopItem, bool) { return LoopItem{}, false }

func (forgottenRun) Step(ctx context.Context, _ Step, do func(context.Context) (api.PipeResult, error)) (api.PipeResult, error) {
	return do(ctx)
}

func (forgottenRun) Each(context.Context, Step, *Place, []LoopItem) (Tally, error) {
	return Tally{}, nil // the engine's own pool runs the items: see node.pool
}

func (forgottenRun) OnOverdue(func(time.Time)) {}

func (forgottenRun) Again() bool { return false }

func (forgottenRun) Found() bool { return false }

func (forgottenRun) End(_ context.Context, _ api.PipeResult, err error) error { return err }
