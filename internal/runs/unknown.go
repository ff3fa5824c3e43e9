package runs

import (
	"context"
	"fmt"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// unknownFor is how long runs are kept whose runner no configuration has any more.
const unknownFor = 7 * 24 * time.Hour

// unknownRunners says which runs can't go on because the configuration has their runner
// no more, and discards those that have written nothing when they are old.
func (e *Engine) unknownRunners(ctx context.Context) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{States: []store.State{store.Ready, store.Waiting}})
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(e.places.all))
	for p := range e.places.all {
		known[p.Runner] = true
	}
	idle, begun := make(map[string]int), make(map[string]int)
	for _, row := range rows {
		if row.Runner == "" || known[row.Runner] {
			continue
		}
		wrote, err := e.wrote(ctx, row.ID)
		switch {
		case err != nil:
			return err
		case wrote:
			begun[row.Runner]++
		case e.now()-row.Created > unknownFor.Microseconds():
			if _, err := e.o.Store.Cancel(ctx, row.ID, store.VerbDiscard); err != nil {
				return fmt.Errorf("discarding run %s: %w", row.ID, err)
			}
		default:
			idle[row.Runner]++
		}
	}
	for runner, n := range idle {
		if e.once("idle " + runner) {
			e.logger.Info("runs can't go on because the configuration has their runner no more", "runner", runner, "runs", n)
		}
	}
	for runner, n := range begun {
		if e.once("begun " + runner) {
			e.logger.Error("runs that have begun to change tickets can't go on because the configuration has their runner no more: `otai runs list` shows them", "runner", runner, "runs", n)
		}
	}
	return nil
}

// sayChanged says of runners whose configuration is another one than at the last start
// how many tickets they have handled: those stay so, because thousands would be noted
// twice.
func (e *Engine) sayChanged(ctx context.Context) error {
	var counts *store.Counts
	for p := range e.places.all {
		if p.Loop != nil || p.Runner == "" {
			continue
		}
		name := "hash/" + p.Runner
		before, ok, err := e.o.Store.Value(ctx, name)
		if err != nil {
			return err
		}
		if ok && before == p.Hash {
			continue
		}
		if ok && counts == nil {
			c, err := e.o.Store.Counts(ctx)
			if err != nil {
				return err
			}
			counts = &c
		}
		if counts != nil && counts.Runners[p.Runner][store.Handled] > 0 {
			e.logger.Info("the configuration of a runner has changed; what it has handled stays so, until `otai runs retry --handled`", "runner", p.Runner, "handled", counts.Runners[p.Runner][store.Handled])
		}
		if err := e.o.Store.SetValue(ctx, name, p.Hash); err != nil {
			return err
		}
	}
	return nil
}

// wrote reports whether a run has an effect that is done or open.
func (e *Engine) wrote(ctx context.Context, id string) (bool, error) {
	l, err := e.o.Store.Load(ctx, id)
	if err != nil {
		return false, err
	}
	for _, f := range l.Effects {
		if f.State == store.Done || f.State == store.Intent {
			return true, nil
		}
	}
	return false, nil
}
