package runs

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// End implements [orchestrator.Run]. That a run has applied what it was to is stored while
// its worker goes on: until then it has its tickets, and searches leave them out.
func (r *run) End(ctx context.Context, _ api.PipeResult, err error) error {
	e, v, err := r.conclude(ctx, err)
	if v == nil {
		r.leave()
		return err
	}
	if v.end.State == store.Ended && v.end.Outcome == store.Applied && !r.p.Repeat {
		err := r.e.inStreak(r, *v, e)
		r.e.ends.Go(func() {
			defer r.leave()
			if r.storeEnd(r.e.work, *v, e) == nil {
				r.e.countItem(r, *v, err)
			}
		})
		return err
	}
	defer r.leave()
	if err := r.storeEnd(ctx, *v, e); err != nil {
		return r.notStored(err)
	}
	err = r.e.inStreak(r, *v, e)
	r.e.countItem(r, *v, err)
	return err
}

// conclude decides how the attempt ends. The decision is nil where there is nothing to be
// stored, or nothing can be.
func (r *run) conclude(ctx context.Context, err error) (ending, *decision, error) {
	if r.resumed && r.phase == unprepared { // a pipe without steps
		r.phase = going
		_ = r.prepare(ctx) // what it found is in r.saw
	}
	r.saw.stopped = r.saw.stopped || err != nil && ctx.Err() != nil
	if !r.stored && len(r.pending.Effects) == 0 {
		return ending{}, nil, err
	}
	if r.gaveAllBack() {
		return ending{}, nil, r.endEmpty(ctx, err)
	}
	e := r.ending(err, r.healthyBeside(ctx))
	if rejection := r.rejection(); rejection != nil {
		counted, cErr := r.commitPersistently(ctx, store.Batch{Rejection: rejection})
		if cErr != nil {
			return e, nil, r.notStored(cErr)
		}
		e.closed = counted != nil && counted.Closed
		r.e.sayClosed(counted)
	}
	if i := r.subject(); i >= 0 {
		r.concern = r.tickets[i].Ticket
	}
	v := decide(e)
	return e, &v, nil
}

func (r *run) storeEnd(ctx context.Context, v decision, e ending) error {
	b := r.batch(v)
	if opens(r.row, v, e) {
		b.Success = append(b.Success, r.row.Cause)
	}
	if _, err := r.commitPersistently(ctx, b); err != nil {
		return err
	}
	r.e.ended(r, v)
	r.say(v)
	r.sayWaits(ctx, v, e)
	return nil
}

// ended makes known in this process what the store has by now.
func (e *Engine) ended(r *run, v decision) {
	e.mu.Lock()
	if v.end.State == store.Ended {
		delete(e.values, r.row.ID)
	}
	e.mu.Unlock()
	if v.end.State != store.Ended && v.end.DueAt != 0 {
		e.places.of(r.p).later(v.end.DueAt, e.now())
	}
}

// countItem counts a run for the loop of which it is an item. err is what [Engine.inStreak]
// said of it.
func (e *Engine) countItem(r *run, v decision, err error) {
	e.mu.Lock()
	l := e.loops[r.row.Parent]
	e.mu.Unlock()
	if l != nil {
		e.itemEnded(l, r.row.ID, v.end.State, v.end.Outcome, err != nil)
	}
}

// gaveAllBack reports whether nothing is left of what the run has claimed: its steps have
// seen an empty search.
func (r *run) gaveAllBack() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stored && !r.resumed && r.item == nil && len(r.tickets)+len(r.effects)+len(r.saw.rejections) == 0 && !r.hasItems() && !r.saw.halts() && !r.saw.stopped
}

// endEmpty ends such a run as one that has claimed nothing.
func (r *run) endEmpty(ctx context.Context, err error) error {
	r.mu.Lock()
	r.pending.Steps, r.pending.Documents = nil, nil
	r.mu.Unlock()
	none := ""
	if _, cErr := r.commitPersistently(ctx, store.Batch{Forget: true, AtWork: &none, End: &store.End{State: store.Ended, Outcome: store.Left}}); cErr != nil {
		return r.notStored(cErr)
	}
	return err
}

// opens reports whether a run that waited for a cause has got past it, which opens it
// for all. A write's cause is opened by the gate as well.
func opens(row store.Run, v decision, e ending) bool {
	if row.Reason != store.ReasonCause || !row.Try || e.stopped || v.system || e.cause() == row.Cause {
		return false
	}
	return v.end.State == store.Ended || v.end.Reason == store.ReasonAside
}

// notStored is for an end that could not be stored: another host has the run, or it
// stays this one's until Reconcile frees it.
func (r *run) notStored(err error) error {
	if errors.Is(err, store.ErrFence) {
		return nil
	}
	return err
}

func (r *run) leave() {
	r.e.leave(r)
	close(r.ended)
}

// ending collects what the end is decided on.
func (r *run) ending(err error, healthy bool) ending {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := ending{
		attempt: r.saw, canceled: r.canceled.Load(), err: err, now: r.e.now(), repeat: r.p.Repeat,
		attempts: r.row.Attempts, retry: withDefaults(r.p.Retry),
		spawned: r.hasItems() && !r.lending(), lending: r.lending(),
		memory: r.memory, jitter: rand.N(2 * time.Second),
	}
	for _, f := range r.effects {
		switch f.State {
		case store.Done:
			e.wrote = true
		case store.Intent:
			e.open, e.until = true, max(e.until, f.Until)
		case store.Refused, store.Closed:
		}
	}
	if i := r.subject(); i >= 0 && r.tickets[i].Standing == store.StandingLeft && slices.Contains(r.tickets[i].Hashes, claimHash(r.p)) {
		e.lefts = r.tickets[i].Attempts
	}
	e.healthy = e.memory.Count > 0 && (healthy || r.e.succeededSince(e.memory.Path, e.memory.Since))
	return e
}

// healthyBeside reports whether the services are healthy while this run goes on meeting
// failures of the system. It asks only where that decides.
func (r *run) healthyBeside(ctx context.Context) bool {
	r.mu.Lock()
	waits := r.saw.wait != nil && r.saw.wait.Reason == store.ReasonUntil
	m, failed := r.memory, r.saw.system != nil && !r.saw.stopped && (waits || !r.saw.halts())
	same := failed && m.Step == r.saw.system.step.Key && m.Step != ""
	r.mu.Unlock()
	m.Count++
	return same && m.mayBeItsOwn(r.e.now()) && r.e.o.Healthy != nil && r.e.o.Healthy(ctx)
}

// withDefaults is for places that no configuration has.
func withDefaults(r orchestrator.Retry) orchestrator.Retry {
	usual := orchestrator.DefaultRetry()
	return orchestrator.Retry{
		First: cmp.Or(r.First, usual.First), Longest: cmp.Or(r.Longest, usual.Longest), Attempts: cmp.Or(r.Attempts, usual.Attempts),
	}
}

// rejection is what is counted at its cause.
func (r *run) rejection() *store.Rejection {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.saw.stopped || r.saw.died != "" || r.saw.halts() && !r.saw.waitsRefused() {
		return nil
	}
	cause := r.saw.cause()
	if cause == "" {
		return nil
	}
	ticket := r.row.ID
	if i := r.subject(); i >= 0 {
		ticket = r.tickets[i].Ticket
	}
	if r.saw.bad != nil && len(r.saw.rejections) == 0 {
		r.e.countedStep(r.saw.bad.step.Path, cause)
	}
	return &store.Rejection{Cause: cause, Runner: r.row.Runner, Label: r.e.o.Redact(r.saw.label()), Ticket: ticket}
}

// subject is the ticket that the run concerns, as an index of its tickets: the one of
// the item or of the refused write if the run claimed it by its fetch or as an item, else
// the first of the fetch; -1 if there is none.
func (r *run) subject() int {
	var named string
	switch {
	case len(r.saw.rejections) > 0:
		named = r.saw.rejections[len(r.saw.rejections)-1].Ticket
	case r.saw.overtaken != "":
		named = r.saw.overtaken
	case r.saw.gone != "":
		named = r.saw.gone
	case r.item != nil:
		named = r.item.Ticket
	}
	first := -1
	for i, t := range r.tickets {
		if !t.Fetched {
			continue
		}
		if t.Ticket == named {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// batch is what stores the decision.
func (r *run) batch(v decision) store.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.end.Err = r.e.o.Redact(v.end.Err)
	none := ""
	b := store.Batch{Forget: v.forget, End: &v.end, AtWork: &none}
	if kept := v.memory.encode(); kept != r.steps[stepMemory].Params && v.end.State != store.Ended {
		b.Steps = []store.Step{{Key: stepMemory, Params: kept}}
	}
	if v.forget {
		r.pending.Steps, r.pending.Documents = nil, nil
	}
	if v.closes && v.end.State == store.Ended {
		for _, f := range r.effects {
			if f.State == store.Intent {
				f.State = store.Closed
				b.Effects = append(b.Effects, f)
			}
		}
	}
	if v.end.State == store.Ready || !v.stands {
		if v.end.Reason == store.ReasonBusy { // gives back what it has
			for _, t := range r.tickets {
				t.Working = false
				b.Tickets = append(b.Tickets, t)
			}
		}
		return b
	}
	subject := r.subject()
	for i, t := range r.tickets {
		if r.hasItems() && !t.Working && !(v.standing == store.Handled && r.wroteTo(t)) {
			continue // its standing is its items'
		}
		switch {
		case t.Working && r.hasItems() && v.standing != store.Handled && t.Standing == store.Handled && (v.standing == store.StandingLeft || !r.lending()):
			t.Working = false // what its items applied counts
			b.Tickets = append(b.Tickets, t)
		case i == subject, t.Fetched && v.standing == store.Handled && r.wroteTo(t):
			b.Tickets = append(b.Tickets, r.standing(t, v))
		case v.end.State == store.Waiting && !r.wroteTo(t):
			t.Run, t.Working = "", false
			b.Tickets = append(b.Tickets, t)
		}
	}
	return b
}

// standing is a ticket's row as the decision leaves it.
func (r *run) standing(t store.Ticket, v decision) store.Ticket {
	hash := claimHash(r.p)
	switch v.standing {
	case store.Free, store.Handled:
		t.Hashes = nil
	default:
		if t.Standing == store.Free || t.Standing == store.Handled {
			t.Hashes = nil
		}
		if !slices.Contains(t.Hashes, hash) {
			t.Hashes = append(slices.Clone(t.Hashes), hash)
		}
	}
	t.Standing, t.DueAt, t.Attempts, t.Cause = v.standing, v.due, v.attempts, v.end.Cause
	if v.note != "" || v.standing != store.Handled || !gate.Noted(t) {
		t.Note = r.e.o.Redact(v.note)
	}
	t.Working = false
	if v.end.State == store.Ended && v.about != sayDoubt {
		t.Run = "" // a run in doubt keeps its ticket, so that no other does it again
		t.Settled = false
	}
	if v.released {
		t.Released++
	} else {
		t.Released = 0
	}
	return t
}

// concerned is the ticket of a run whose claims are gone.
func (r *run) concerned() string {
	switch {
	case r.concern != "":
		return r.concern
	case r.item != nil:
		return r.item.Ticket
	}
	return ""
}

func (r *run) wroteTo(t store.Ticket) bool {
	return slices.ContainsFunc(r.effects, func(f store.Effect) bool {
		return f.State == store.Done && f.System == t.System && f.Ticket == t.Ticket
	})
}
