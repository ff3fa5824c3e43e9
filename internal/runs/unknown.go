package runs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// unknownFor is how long runs are kept that have written nothing and whose runner no
// configuration has any more.
const unknownFor = 7 * 24 * time.Hour

// unknownRunners says which runs can't go on because no configuration has their runner
// any more, and drops those that are old: that have written nothing after a week, else
// when ended runs go, too.
func (e *Engine) unknownRunners(ctx context.Context) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{States: []store.State{store.Ready, store.Waiting}})
	if err != nil {
		return err
	}
	known := map[string]bool{"": true} // those are finished by any host
	idle, begun := make(map[string]int), make(map[string]int)
	for _, row := range rows {
		if _, asked := known[row.Runner]; !asked {
			living, err := e.o.Store.Living(ctx, row.Runner)
			if err != nil {
				return err
			}
			known[row.Runner] = len(living) > 0
		}
		if known[row.Runner] {
			continue
		}
		run, err := e.o.Store.Load(ctx, row.ID)
		if err != nil {
			return err
		}
		age := time.Duration(e.now()-row.Created) * time.Microsecond
		switch wrote, until := written(run.Effects); {
		case row.Cancel != "" && until <= e.now(), !wrote && age > unknownFor, wrote && e.o.Keep > 0 && age > max(e.o.Keep, unknownFor):
			if _, err := e.o.Store.Cancel(ctx, row.ID, store.VerbDrop, e.dropped); err != nil {
				return fmt.Errorf("dropping run %s: %w", row.ID, err)
			}
			if wrote && row.Cancel == "" {
				e.logger.WarnContext(ctx, "a run that has begun to change a ticket is given up: for too long no configuration has had its runner", "run", row.ID, "runner", row.Runner, "ticket", strings.Join(row.Tickets, ", "))
			}
		case wrote:
			begun[row.Runner]++
		default:
			idle[row.Runner]++
		}
	}
	for runner, n := range idle {
		if e.once("idle " + runner) {
			e.logger.InfoContext(ctx, "runs can't go on because no configuration has their runner any more", "runner", runner, "runs", n)
		}
	}
	for runner, n := range begun {
		if e.once("begun " + runner) {
			e.logger.ErrorContext(ctx, "runs that have begun to change tickets can't go on because no configuration has their runner any more: `otai runs list` shows them; give the runner its id back, or discard them", "runner", runner, "runs", n)
		}
	}
	return nil
}

// dropped are the records of a run that nobody can go on with.
func (e *Engine) dropped(l store.Loaded) []store.Decision {
	return e.o.Records.Canceled(l, "no configuration has its runner any more")
}

// written reports whether a write was carried out or begun, and until when a request of
// one may be at work.
func written(effects []store.Effect) (wrote bool, until int64) {
	for _, f := range effects {
		wrote = wrote || f.State == store.Done || f.State == store.Intent
		if f.State == store.Intent {
			until = max(until, f.Until)
		}
	}
	return wrote, until
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
