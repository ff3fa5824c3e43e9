package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// Next implements [orchestrator.Runs]: what was begun before goes first.
func (e *Engine) Next(ctx context.Context, p *orchestrator.Place) (orchestrator.Run, bool, error) {
	at := e.places.of(p)
	r, ok := at.arrived()
	// A queue brings what is due, but not at once: of a process that began this moment what
	// was due before goes before all that it would begin.
	if !ok && (e.o.Queue == nil || !at.looked()) {
		var err error
		if r, err = e.nextDue(ctx, at); err != nil {
			return nil, false, err
		}
		ok = r != nil
	}
	if !ok {
		r, ok = at.nextKept()
	}
	if !ok {
		return nil, false, nil
	}
	return r, true, nil
}

// nextDue takes a run that is due; nil if there is none.
func (e *Engine) nextDue(ctx context.Context, at *place) (*run, error) {
	for {
		plans, may := at.look(e.now())
		if !may {
			return nil, nil
		}
		r, err := e.take(ctx, at, plans)
		if err != nil {
			at.missed() // whoever called comes again, and a host that begins again wakes all
			if errors.Is(err, store.ErrFence) {
				return nil, nil
			}
			return nil, fmt.Errorf("taking a run that is due: %w", err)
		}
		if r != nil && r.spawned() {
			r.endSpawned(ctx)
			continue
		}
		return r, nil
	}
}

func (e *Engine) take(ctx context.Context, at *place, plans int) (*run, error) {
	e.taking.RLock()
	defer e.taking.RUnlock()
	host := e.hostID()
	l, next, err := e.o.Store.Take(ctx, host, at.p.Runner, at.p.Hash)
	if err != nil {
		return nil, err
	}
	if l == nil {
		at.idle(next, e.now(), plans)
		return nil, nil
	}
	at.wake() // there may be more
	r := e.load(at.p, l)
	e.enter(r)
	return r, nil
}

// attempt hands a run that a queue brought to the workers of its place.
func (e *Engine) attempt(ctx context.Context, p *orchestrator.Place, id string, fence int64) error {
	r, err := e.takeRun(ctx, p, id, fence)
	unsure := e.unsureOf(id, err)
	switch {
	case errors.Is(err, store.ErrFence): // another host was faster, or
		if unsure { // this one, and the answer got lost
			return errors.Join(e.reconcile(ctx), e.reconcile(ctx))
		}
		return nil
	case err != nil:
		return fmt.Errorf("taking a run that is due: %w", err)
	case r.spawned():
		r.endSpawned(ctx)
		return nil
	}
	e.places.of(p).bring(r)
	select {
	case <-r.ended:
	case <-r.late.known:
	case <-ctx.Done():
	}
	return nil
}

func (e *Engine) takeRun(ctx context.Context, p *orchestrator.Place, id string, fence int64) (*run, error) {
	e.taking.RLock()
	defer e.taking.RUnlock()
	l, err := e.o.Store.TakeRun(ctx, e.hostID(), id, fence)
	if err != nil {
		return nil, err
	}
	r := e.load(p, l)
	e.enter(r)
	return r, nil
}

// unsureOf reports whether it isn't known of an earlier try what became of it, as where the
// database ended in the midst of it, and keeps the same of this one.
func (e *Engine) unsureOf(run string, err error) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.unsure[run]
	delete(e.unsure, run)
	if err != nil && !errors.Is(err, store.ErrFence) {
		e.unsure[run] = true
	}
	return before
}

// Ready implements [orchestrator.Runs].
func (e *Engine) Ready(p *orchestrator.Place) <-chan struct{} { return e.places.of(p).ready }

// Soon implements [orchestrator.Runs]. An end that is being stored may make something due.
func (e *Engine) Soon(ctx context.Context, p *orchestrator.Place) (bool, error) {
	for _, r := range e.running() {
		select {
		case <-r.ended:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	soon, err := e.soon(ctx, e.places.of(p))
	if soon || err != nil {
		return soon, err
	}
	return e.soon(ctx, e.places.of(e.inherited)) // nobody else is asked about these
}

func (e *Engine) running() []*run {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Collect(maps.Values(e.active))
}

// busySoon bounds what counts as soon of the pauses of a run whose ticket another one
// works at: they have grown where that goes on until a person decides.
const busySoon = 10 * time.Second

// waitedFor reports whether a process that ends soon has waited for the run's answer before,
// and there was none again.
func (e *Engine) waitedFor(run string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.unanswered[run] > 1
}

// soon reports whether a run is due, or waits for what ends by itself.
func (e *Engine) soon(ctx context.Context, at *place) (bool, error) {
	if at.mayBeDue(e.now()) {
		return true, nil
	}
	runner, hash := at.p.Runner, at.p.Hash
	waits := []store.Filter{
		{Runner: runner, States: []store.State{store.Ready}},
		{Runner: runner, States: []store.State{store.Waiting}, Reason: store.ReasonUntil},
		{Runner: runner, States: []store.State{store.Waiting}, Reason: store.ReasonBusy},
	}
	if e.paused(runner) { // what is taken of it is only what may be at work
		waits = waits[1:2]
	}
	for _, f := range waits {
		rows, err := e.o.Store.Runs(ctx, f)
		if err != nil {
			return false, fmt.Errorf("asking what is due: %w", err)
		}
		for _, row := range rows {
			if e.waitedFor(row.ID) {
				continue
			}
			if row.Hash == hash && (f.Reason != store.ReasonBusy || row.DueAt < e.now()+busySoon.Microseconds()) {
				return true, nil
			}
		}
	}
	return false, nil
}
