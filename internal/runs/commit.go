package runs

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// What a run learns is stored in batches. Most of it waits for the next one: an outcome is
// stored in one transaction with the result of its step.

// later keeps a batch for the next commit.
func (r *run) later(b store.Batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apply(b)
	r.pending = joined(r.pending, b)
}

// commit stores a batch with what waits to be stored. Where the run is lost, an outcome
// is stored all the same as long as nobody has taken the run over.
func (r *run) commit(ctx context.Context, b store.Batch) (*store.Cause, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost.Load() {
		return nil, r.facts(ctx)
	}
	whole := joined(r.pending, b)
	whole.Held, whole.Fact = r.held(), false
	r.saying(&whole)
	if !r.stored {
		row := r.row
		whole.Create = &row
	}
	counted, err := r.e.o.Store.Commit(ctx, whole)
	r.e.noteWrite(ctx, err)
	switch {
	case errors.Is(err, store.ErrFence):
		r.lose()
		return nil, r.facts(ctx)
	case err != nil:
		return nil, err
	}
	r.stored, r.owes, r.unsaid, r.pending = true, false, false, store.Batch{}
	r.apply(b)
	if len(whole.Decisions) > 0 {
		r.sayDecided(ctx)
	}
	if counted != nil { // what waited for a cause that is open now is due
		r.e.places.wakeAll()
	}
	return counted, nil
}

// facts stores the outcomes of a run that is lost. Its error is ErrFence where there is
// nothing more to be stored.
func (r *run) facts(ctx context.Context) error {
	facts := factsOf(r.pending)
	if len(facts.Effects) == 0 || !r.stored {
		return store.ErrFence
	}
	facts.Held = r.held()
	if _, err := r.e.o.Store.Commit(ctx, facts); errors.Is(err, store.ErrUnavailable) {
		return err
	}
	r.pending = store.Batch{}
	return store.ErrFence
}

// drop gives the run up because its host's lease has ended, with its outcomes stored
// before another incarnation takes it over.
func (r *run) drop(ctx context.Context) {
	r.lose()
	if !r.mu.TryLock() {
		return // what it stores at this moment finds out by itself
	}
	defer r.mu.Unlock()
	_ = r.facts(ctx)
}

// commitPersistently waits for a store that can't be used now: what a run has finished
// is not given up, and nothing further is begun.
func (r *run) commitPersistently(ctx context.Context, b store.Batch) (*store.Cause, error) {
	pause := 100 * time.Millisecond
	for {
		counted, err := r.commit(ctx, b)
		if err == nil || !errors.Is(err, store.ErrUnavailable) || ctx.Err() != nil {
			return counted, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, err
		case <-r.e.closing:
			return nil, err
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// fenced learns from an error of the store that the run is lost, or was canceled.
func (r *run) fenced(err error) {
	if errors.Is(err, store.ErrFence) {
		r.lose()
	}
	if errors.Is(err, store.ErrCanceled) {
		r.canceled.Store(true)
	}
}

// apply makes what a batch stores part of what is known of the run.
func (r *run) apply(b store.Batch) {
	for _, f := range b.Effects {
		r.putEffect(f)
	}
	if b.Begin != nil {
		r.begun(*b.Begin)
	}
	for _, t := range b.Tickets {
		if t.Runner == r.row.Runner {
			r.putTicket(t)
		}
	}
}

// begun makes what the store knows of a request part of what is known of the run.
func (r *run) begun(b store.Begin) {
	for i := range r.effects {
		if f := &r.effects[i]; f.Key == b.Effect {
			f.Begun = r.e.now()
			f.Until = f.Begun + b.Lasts.Microseconds()
			f.Boot, f.BootClock = b.Boot, b.BootClock
		}
	}
}

// putEffect replaces an effect by its key, as the store does.
func (r *run) putEffect(f store.Effect) {
	i := slices.IndexFunc(r.effects, func(had store.Effect) bool { return had.Key == f.Key })
	if i < 0 {
		r.effects = append(r.effects, f)
		return
	}
	had := r.effects[i]
	if len(f.Intent) == 0 {
		f.Intent = had.Intent
	}
	if len(f.Record) == 0 {
		f.Record = had.Record
	}
	if len(f.Outcome) == 0 {
		f.Outcome, f.Made = had.Outcome, had.Made
	}
	if f.Boot == "" {
		f.Boot, f.BootClock = had.Boot, had.BootClock
	}
	if f.Begun == 0 {
		f.Begun, f.Until = had.Begun, had.Until
	}
	r.effects[i] = f
}

// putTicket replaces a ticket; one that the run has let go of is no longer its own.
func (r *run) putTicket(t store.Ticket) {
	i := slices.IndexFunc(r.tickets, func(had store.Ticket) bool { return had.System == t.System && had.Ticket == t.Ticket })
	switch {
	case t.Run != r.row.ID && i >= 0:
		r.tickets = slices.Delete(r.tickets, i, i+1)
	case t.Run != r.row.ID:
	case i < 0:
		r.tickets = append(r.tickets, t)
	default:
		r.tickets[i] = t
	}
}

// joined is one batch of two, the first one's content first.
func joined(a, b store.Batch) store.Batch {
	j := b
	j.Durable = a.Durable || b.Durable
	if j.AtWork == nil {
		j.AtWork = a.AtWork
	}
	j.Forget = a.Forget || b.Forget
	j.Steps = append(slices.Clone(a.Steps), b.Steps...)
	if b.Forget {
		j.Steps = b.Steps
	}
	j.Documents = append(slices.Clone(a.Documents), b.Documents...)
	if b.Forget {
		j.Documents = b.Documents
	}
	j.Effects = append(slices.Clone(a.Effects), b.Effects...)
	j.Tickets = append(without(a.Tickets, b.Tickets), b.Tickets...)
	j.Success = append(slices.Clone(a.Success), b.Success...)
	if j.Rejection == nil {
		j.Rejection = a.Rejection
	}
	return j
}

// without are the tickets that are not replaced by others.
func without(tickets, by []store.Ticket) []store.Ticket {
	return slices.DeleteFunc(slices.Clone(tickets), func(t store.Ticket) bool {
		return slices.ContainsFunc(by, func(o store.Ticket) bool {
			return o.Ticket == t.Ticket && o.System == t.System && o.Runner == t.Runner
		})
	})
}

// factsOf is what of a batch is a fact: outcomes, and the result of their step.
func factsOf(b store.Batch) store.Batch {
	facts := store.Batch{Fact: true, Durable: b.Durable, Success: b.Success}
	for _, f := range b.Effects {
		if f.State != store.Intent {
			facts.Effects = append(facts.Effects, f)
		}
	}
	facts.Steps, facts.Documents = b.Steps, b.Documents
	return facts
}
