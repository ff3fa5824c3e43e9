package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// stepSpawned marks a run whose items are stored. Its params are the key of their loop if
// the run lends them a ticket: only then it is resumed.
const stepSpawned = "~spawned"

// itemOut is kept of an item whose value may not be stored.
var itemOut = []byte("out")

// loop is a run of this process that waits for its items.
type loop struct {
	changed chan struct{}
	left    map[string]bool // items that have neither ended nor waited
	tally   orchestrator.Tally
	stopped error                // what a failure of the system said that one of its items met
	few     int                  // items; when no more are left, the next firing may come
	give    func(sent time.Time) // the worker; nil: it was given back
}

// Each implements [orchestrator.Run].
func (r *run) Each(ctx context.Context, s orchestrator.Step, at *orchestrator.Place, items []orchestrator.LoopItem) (orchestrator.Tally, error) {
	if err := r.mayStep(ctx); err != nil {
		return orchestrator.Tally{}, err
	}
	defer r.stoppedBy(ctx)
	if r.resumed && r.hasItems() {
		if had, tally, err := r.rejoin(ctx, at); had || err != nil {
			return tally, err
		}
	}
	made := r.spawn(s, at, items)
	if len(made.batch.Spawn) == 0 && !r.stored {
		return orchestrator.Tally{}, nil
	}
	l := r.newLoop(at, len(items))
	r.e.mu.Lock()
	for _, item := range made.batch.Spawn {
		l.left[item.ID] = true
		if value, ok := made.out[item.ID]; ok {
			r.e.values[item.ID] = value
		}
	}
	r.e.loops[r.row.ID] = l
	r.e.mu.Unlock()
	defer r.e.forgetLoop(r.row.ID)
	for _, item := range made.begun {
		r.e.enter(item)
	}
	if _, err := r.commitPersistently(ctx, made.batch); err != nil {
		for _, item := range made.begun {
			item.leave()
		}
		return orchestrator.Tally{}, err
	}
	r.mu.Lock()
	r.spawnedHere, r.steps[stepSpawned] = true, made.batch.Steps[0]
	r.mu.Unlock()
	r.e.places.of(at).keep(made.begun)
	return r.e.await(ctx, r.row.ID, l)
}

// stoppedBy makes a run that still lends its tickets go on in another process.
func (r *run) stoppedBy(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saw.Stopped = r.saw.Stopped || ctx.Err() != nil && r.lending()
}

func (r *run) newLoop(at *orchestrator.Place, items int) *loop {
	l := &loop{changed: make(chan struct{}, 1), left: make(map[string]bool, items), tally: orchestrator.Tally{Count: items}}
	if r.p.Loop == nil {
		l.give, l.few = r.late.give, max(at.Workers, items/4)
	}
	return l
}

// rejoin waits for the items that the run has made at a loop before it was interrupted, if
// there are any: they live by themselves, and what follows the loop is still to be done.
func (r *run) rejoin(ctx context.Context, at *orchestrator.Place) (had bool, tally orchestrator.Tally, err error) {
	rows, err := r.e.o.Store.Runs(ctx, store.Filter{Parent: r.row.ID})
	if err != nil {
		return false, tally, fmt.Errorf("looking at the items of a loop: %w", err)
	}
	rows = slices.DeleteFunc(rows, func(row store.Run) bool { return row.Place != at.Path })
	if len(rows) == 0 {
		return false, tally, nil
	}
	l := r.newLoop(at, len(rows))
	r.e.mu.Lock()
	for _, row := range rows {
		l.left[row.ID] = true
	}
	r.e.loops[r.row.ID] = l
	r.e.mu.Unlock()
	defer r.e.forgetLoop(r.row.ID)
	if err := r.e.lookAtItems(ctx, r.row.ID, l); err != nil {
		return true, tally, err
	}
	if tally, err = r.e.await(ctx, r.row.ID, l); err != nil {
		return true, tally, err
	}
	now, err := r.e.o.Store.Load(ctx, r.row.ID)
	if err != nil {
		return true, tally, fmt.Errorf("taking back what the items of a loop had: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range now.Tickets {
		r.putTicket(t)
	}
	return true, tally, nil
}

// await waits until each item has ended or waits for the first time.
func (e *Engine) await(ctx context.Context, parent string, l *loop) (orchestrator.Tally, error) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		e.mu.Lock()
		tally, left, stopped := l.tally, len(l.left), l.stopped
		e.mu.Unlock()
		if left == 0 {
			if stopped != nil {
				return tally, &itemsError{stopped}
			}
			return tally, nil
		}
		select {
		case <-ctx.Done():
			return tally, ctx.Err()
		case <-l.changed:
		case <-look.C:
			if e.o.Host.Lease > 0 && e.elsewhere(l) {
				if err := e.lookAtItems(ctx, parent, l); err != nil && !errors.Is(err, store.ErrUnavailable) {
					return tally, err
				}
			}
		}
	}
}

// itemsError is what a loop returns that a failure of the system stopped. Its reason is one item's, so
// it isn't the loop's own error.
type itemsError struct{ one error }

func (e *itemsError) Error() string {
	return "items of the loop met failures of the system; they go on by themselves; one of them: " + e.one.Error()
}

// As has only for how long that has been met, and where.
func (e *itemsError) As(target any) bool {
	lasting, ok := target.(**orchestrator.LastingError)
	return ok && errors.As(e.one, lasting)
}

// elsewhere reports whether this process doesn't work at some of the items: then other
// hosts do, or will.
func (e *Engine) elsewhere(l *loop) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id := range l.left {
		if e.active[id] == nil {
			return true
		}
	}
	return false
}

func (e *Engine) lookAtItems(ctx context.Context, parent string, l *loop) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{Parent: parent, States: []store.State{store.Waiting, store.Ended}})
	if err != nil {
		return fmt.Errorf("looking at the items of a loop: %w", err)
	}
	for _, row := range rows {
		e.itemEnded(l, row.ID, row.State, row.Outcome, nil)
	}
	return e.lookForOverdue(ctx, parent, l)
}

// itemEnded counts an item, once. When few are left their run gives its worker back: the
// next firing searches meanwhile, so the loop's workers find its items when these have
// ended. Items begin in order, so it never runs ahead by more than about one firing.
func (e *Engine) itemEnded(l *loop, id string, state store.State, outcome store.Outcome, stopped error) {
	if give := e.ticksOff(l, id, state, outcome, stopped); give != nil {
		give(time.Now())
	}
}

func (e *Engine) ticksOff(l *loop, id string, state store.State, outcome store.Outcome, stopped error) (give func(time.Time)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !l.left[id] || state != store.Ended && state != store.Waiting {
		return nil
	}
	delete(l.left, id)
	if n := len(l.left); n > 0 && n <= l.few {
		give, l.give = l.give, nil
	}
	if l.stopped == nil {
		l.stopped = stopped
	}
	switch {
	case state == store.Waiting:
		l.tally.Waiting++
	case outcome == store.Applied:
		l.tally.Applied++
	case outcome == store.Left:
		l.tally.Left++
	case outcome == store.Dead:
		l.tally.Dead++
	default:
		l.tally.Other++
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
	return give
}

func (e *Engine) forgetLoop(run string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.loops, run)
}

// itemOf is what an item was given; nil where its value was only in the memory of a
// process that has ended.
func (e *Engine) itemOf(row store.Run) *orchestrator.LoopItem {
	if item, err := kept.DecodeItem(row.Item); err == nil {
		return &item
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if item, ok := e.values[row.ID]; ok {
		return &item
	}
	return nil
}

// hasItems reports whether the run's items are stored. Its step says so, and what is at
// work, which stays where steps are dropped.
func (r *run) hasItems() bool {
	_, ok := r.steps[stepSpawned]
	return ok || r.spawnedHere || strings.HasPrefix(r.row.AtWork, stepSpawned)
}

// lending reports whether the run has items to which it lends its tickets. Its later steps
// may be about these, so it is resumed: else they would stay half done. Where it begins
// anew because its configuration is another one, its items alone go on.
func (r *run) lending() bool { return r.steps[stepSpawned].Params != "" }

// awaited reports whether the run was interrupted while it waited for its items.
func (r *run) awaited() bool {
	return r.lending() && r.row.AtWork == stepSpawned+r.steps[stepSpawned].Params
}

// spawned reports whether the run's work is done by its items, or can't be done here.
func (r *run) spawned() bool {
	return r.hasItems() && !r.lending() || r.item == nil && r.p.Loop != nil
}

// endSpawned ends a run that isn't resumed. An item whose value is gone becomes a run at
// the place of its runner, where it begins anew with its own ticket.
func (r *run) endSpawned(ctx context.Context) {
	at := outermost(r.p)
	if r.hasItems() || at == r.p || len(r.tickets) == 0 {
		_ = r.End(ctx, api.PipeResult{}, nil) // what concerns the runner is said by its items
		return
	}
	defer r.leave()
	row := store.Run{ID: newID(), Runner: at.Runner, Place: at.Path, Hash: at.Hash, State: store.Ready, DueAt: r.e.now(), Parked: true, Begun: true}
	b := store.Batch{Spawn: []store.Run{row}, End: &store.End{State: store.Ended, Outcome: store.Left}, Forget: true}
	for _, t := range r.tickets {
		t.Run, t.Working = row.ID, false
		b.Tickets = append(b.Tickets, t)
	}
	if _, err := r.commit(ctx, b); err != nil {
		r.e.logger.Debug("an item was not given back to its loop", "run", r.row.ID, "err", err.Error())
		return
	}
	r.e.places.of(at).wake()
}
