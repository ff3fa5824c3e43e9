package runs

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// prepare makes a run that was begun before able to go on: it works at its ticket again,
// and what it had begun to write is finished.
func (r *run) prepare(ctx context.Context) error {
	if !r.resumed {
		return nil
	}
	if r.row.Deaths >= mostDeaths && !r.awaited() {
		r.saw.Died = r.row.AtWork
		return ends.ErrHalt
	}
	if r.row.Cancel != "" {
		r.canceled.Store(true)
	}
	if err := r.workAgain(ctx); err != nil {
		return err
	}
	if r.memory.Own && !r.canceled.Load() && !r.row.Try {
		r.saw.Own, r.saw.OwnAt = cmp.Or(r.row.Err, "the system fails at this ticket only"), r.memory.Step
		return ends.ErrHalt
	}
	return r.finishOpen(ctx)
}

// workAgain claims the run's tickets for work, as it did not work at them while it was
// set aside, or wasn't begun.
func (r *run) workAgain(ctx context.Context) error {
	if r.hasItems() {
		return nil // they may need them
	}
	for _, t := range slices.Clone(r.tickets) {
		if t.Working || !t.Fetched {
			continue
		}
		t.Working = true
		taken, busy, err := r.e.o.Store.ClaimOne(ctx, r.held(), nil, t)
		switch {
		case err != nil:
			return r.failed("", err)
		case busy:
			r.saw.Wait = &gate.Wait{Reason: store.ReasonBusy}
			return ends.ErrHalt
		}
		r.mu.Lock()
		r.putTicket(taken)
		r.mu.Unlock()
	}
	return nil
}

// finishOpen finishes the writes that have no outcome yet.
func (r *run) finishOpen(ctx context.Context) error {
	for _, f := range r.open() {
		unknown := f.Operation == store.OpOnce || f.Operation == store.OpCreate && len(f.Record) == 0 && f.Begun != 0
		switch {
		case unknown && r.row.Try: // a person wants it done again
			f.State = store.Refused
			r.later(store.Batch{Durable: true, Effects: []store.Effect{f}})
			continue
		case unknown:
			r.inDoubt(f)
			continue
		case r.e.o.Finish == nil:
			continue
		}
		s := &step{r: r, s: orchestrator.Step{Key: f.Step, Path: r.p.Path, Name: f.Operation}}
		err := r.e.o.Finish(gate.WithStep(ctx, s), s, f)
		switch {
		case errors.Is(err, store.ErrFence):
			r.lose()
			return err
		case r.canceled.Load() && (errors.Is(err, store.ErrCanceled) || r.waitsFor(store.ReasonCause) || r.saw.NotAllowed != nil || errors.Is(err, gate.ErrNoService)):
			r.saw.Looked = true // or nobody can
			return ends.ErrHalt
		case err != nil && !r.sawHalt():
			return r.failed(f.Step, err)
		}
		if r.sawHalt() {
			return ends.ErrHalt
		}
	}
	if r.halts() {
		return ends.ErrHalt
	}
	return nil
}

// waitsFor reports whether the gate said that the run must wait, for this reason.
func (r *run) waitsFor(reason string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saw.Wait != nil && r.saw.Wait.Reason == reason
}

// open returns the effects without an outcome.
func (r *run) open() []store.Effect {
	r.mu.Lock()
	defer r.mu.Unlock()
	var open []store.Effect
	for _, f := range r.effects {
		if f.State == store.Intent {
			open = append(open, f)
		}
	}
	return open
}
