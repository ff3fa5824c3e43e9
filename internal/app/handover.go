package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// takeOver prepares the work beside a process that does it, waits until that has given it up,
// and opens the store. Without such a process the store is open already.
func (a *Setup) takeOver(ctx context.Context, engine *orchestrator.Engine, kept *keptRuns, deep func(context.Context, *Setup, *orchestrator.Engine) error) error {
	w := a.settings.Worker
	if !w.Beside() {
		return a.startInTurn(ctx, engine)
	}
	if err := a.startAhead(ctx, engine, ""); err != nil {
		return err
	}
	if deep != nil && w.Deep() {
		a.ahead = true
		err := deep(ctx, a, engine)
		a.ahead = false
		if err != nil {
			return ExitWith(CodeRun, a.Clean(err))
		}
	}
	w.Doing(supervise.StageStart, "", nil)
	clocks, err := w.Prepared(ctx, a.runsPlace())
	if err != nil {
		return err
	}
	a.setClocks(engine, clocks)
	return kept.open(ctx)
}

// startInTurn starts one service after another before the work begins, where it wasn't known whose
// code ended the worker before this one because other code ran beside a start.
func (a *Setup) startInTurn(ctx context.Context, engine *orchestrator.Engine) error {
	w := a.settings.Worker
	d := w.Replaces()
	if d == nil || !d.InTurn {
		return nil
	}
	a.logger.Info("this time the work begins when all services have been started one after another, so that it is known whose code ends the worker process")
	first := ""
	switch {
	case len(d.Suspects) > 0:
		first = d.Suspects[0].Name
	case d.Plugin != nil:
		first = d.Plugin.Name
	}
	if err := a.startAhead(ctx, engine, first); err != nil {
		return err
	}
	w.Doing(supervise.StageStart, "", nil)
	return nil
}

// startAhead starts the services before the work begins, those of the plugin named first before the others.
func (a *Setup) startAhead(ctx context.Context, engine *orchestrator.Engine, first string) error {
	if err := engine.StartAhead(ctx, first); err != nil {
		return ExitWith(CodeUsage, a.Clean(a.startError(err)))
	}
	return nil
}

// work runs the engine. Where another process is to take over, it gives back the runs and closes
// the store; should that process fail, it goes on with what it had.
func (a *Setup) work(ctx context.Context, engine *orchestrator.Engine, kept *keptRuns) error {
	for {
		a.health.works(engine, kept)
		yields, err := a.runUntilYield(ctx, engine)
		a.health.lost(time.Now(), errHandedOver) // which doesn't count for a moment; giving back takes longer without a store
		a.health.works(nil, nil)
		if err != nil || !yields || ctx.Err() != nil {
			return err
		}
		if err := errors.Join(kept.leave(ctx), kept.close()); err != nil {
			// Whoever opens the store next takes what this one still has.
			a.logger.Warn("the runs could not all be given back", "err", a.Clean(err))
		}
		a.logger.Debug("the work is given up for another process")
		if !a.settings.Worker.Yielded(ctx, a.readClocks(engine)) {
			return nil
		}
		if err := kept.open(ctx); err != nil {
			return err
		}
		a.health.lost(time.Time{}, nil)
		a.logger.Info("the work goes on as before")
	}
}

var errHandedOver = errors.New("another worker process is taking the work over")

func (a *Setup) runUntilYield(ctx context.Context, engine *orchestrator.Engine) (yields bool, err error) {
	work, end := context.WithCancel(ctx)
	yielded, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-a.settings.Worker.Yields():
			close(yielded)
			end()
		case <-work.Done():
		}
	}()
	err = engine.Run(work)
	end()
	<-ended
	select {
	case <-yielded:
		return true, err
	default:
		return false, err
	}
}

// runsPlace says where runs are kept, without saying it.
func (a *Setup) runsPlace() string {
	o := a.Document.Runs
	if o.Database == "" {
		return "file"
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %v", o.Database, o.Schema, o.PollOnly))
	return hex.EncodeToString(sum[:])
}
