package runs

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"

	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/kept"
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
	if v.End.State == store.Ended && v.End.Outcome == store.Applied && !r.p.Repeat {
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
func (r *run) conclude(ctx context.Context, err error) (ends.Ending, *ends.Decision, error) {
	if r.resumed && r.phase == unprepared { // a pipe without steps
		r.phase = going
		_ = r.prepare(ctx) // what it found is in r.saw
	}
	r.saw.Stopped = r.saw.Stopped || err != nil && ctx.Err() != nil
	if !r.stored && len(r.pending.Effects) == 0 {
		if r.saw.NotAllowed != nil {
			r.sayNotAllowed("", r.e.o.Redact(r.saw.Reason()))
		}
		r.sayRefusedUnclaimed(ctx)
		if r.waitsFor(store.ReasonPaused) { // it has begun nothing
			return ends.Ending{}, nil, nil
		}
		return ends.Ending{}, nil, err
	}
	if r.gaveAllBack() {
		return ends.Ending{}, nil, r.endEmpty(ctx, err)
	}
	e := r.ending(err, r.healthyBeside(ctx))
	if rejection := r.rejection(); rejection != nil {
		counted, cErr := r.commitPersistently(ctx, store.Batch{Rejection: rejection})
		if cErr != nil {
			return e, nil, r.notStored(cErr)
		}
		e.Closed = counted != nil && counted.Closed
		why := r.e.o.Redact(r.saw.Reason())
		r.e.refusedSo(rejection.Cause, why)
		r.e.sayClosed(counted, why)
	}
	if i := r.subject(); i >= 0 {
		r.concern = r.tickets[i].Ticket
	}
	v := ends.Decide(e)
	return e, &v, nil
}

func (r *run) storeEnd(ctx context.Context, v ends.Decision, e ends.Ending) error {
	b := r.batch(v)
	r.decide(&b, v)
	if opens(r.row, v, e) {
		b.Success = append(b.Success, r.row.Cause)
	}
	if _, err := r.commitPersistently(ctx, b); err != nil {
		return err
	}
	r.e.ended(r, v)
	r.counted(v, b.Decisions)
	r.say(v)
	r.sayWaits(ctx, v, e)
	return nil
}

// ended makes known in this process what the store has by now.
func (e *Engine) ended(r *run, v ends.Decision) {
	e.mu.Lock()
	if v.End.State == store.Ended {
		delete(e.values, r.row.ID)
		// A loop that wrote nothing itself has only handed on its tickets: its items say how they ended.
		if slices.Contains(well, v.End.Outcome) && (v.End.Outcome != store.Left || !r.hasItems()) {
			e.good[r.row.Runner] = time.Now()
			delete(e.delays, r.row.Runner)
		}
	} else if v.End.Err != "" {
		e.delays[r.row.Runner] = e.o.Redact(v.End.Err)
	}
	e.mu.Unlock()
	if v.End.State != store.Ended && v.End.DueAt != 0 {
		e.places.of(r.p).later(v.End.DueAt, e.now())
	}
}

// countItem counts a run for the loop of which it is an item. err is what [Engine.inStreak]
// said of it.
func (e *Engine) countItem(r *run, v ends.Decision, err error) {
	e.mu.Lock()
	l := e.loops[r.row.Parent]
	e.mu.Unlock()
	if l != nil {
		e.itemEnded(l, r.row.ID, v.End.State, v.End.Outcome, err)
	}
}

// gaveAllBack reports whether nothing is left of what the run has claimed: its steps have
// seen an empty search.
func (r *run) gaveAllBack() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stored && !r.resumed && r.item == nil && len(r.tickets)+len(r.effects)+len(r.saw.Rejections) == 0 && !r.hasItems() && !r.saw.Halts() && !r.saw.Stopped
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
func opens(row store.Run, v ends.Decision, e ends.Ending) bool {
	if row.Reason != store.ReasonCause || !row.Try || e.Stopped || v.System || e.Cause() == row.Cause {
		return false
	}
	return v.End.State == store.Ended || v.End.Reason == store.ReasonAside
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
func (r *run) ending(err error, healthy bool) ends.Ending {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := ends.Ending{
		Attempt: r.saw, Canceled: r.canceled.Load(), Err: err, Now: r.e.now(), Repeat: r.p.Repeat,
		Attempts: r.row.Attempts, Retry: withDefaults(r.p.Retry),
		Spawned: r.hasItems() && !r.lending(), Lending: r.lending(),
		Memory: r.memory, Jitter: rand.N(2 * time.Second),
	}
	for _, f := range r.effects {
		switch f.State {
		case store.Done:
			e.Wrote = true
		case store.Intent:
			e.Open, e.Until = true, max(e.Until, f.Until)
		case store.Refused, store.Closed:
		}
	}
	if i := r.subject(); i >= 0 && r.tickets[i].Standing == store.StandingLeft && slices.Contains(r.tickets[i].Hashes, claimHash(r.p)) {
		e.Lefts = r.tickets[i].Attempts
	}
	e.Healthy = e.Memory.Count > 0 && (healthy || r.e.succeededSince(e.Memory.Path, e.Memory.Since))
	return e
}

// healthyBeside reports whether the services are healthy while this run goes on meeting
// failures of the system. It asks only where that decides.
func (r *run) healthyBeside(ctx context.Context) bool {
	r.mu.Lock()
	waits := r.saw.Wait != nil && r.saw.Wait.Reason == store.ReasonUntil
	m, failed := r.memory, r.saw.System != nil && !r.saw.Stopped && (waits || !r.saw.Halts())
	same := failed && m.Step == r.saw.System.Step.Key && m.Step != ""
	r.mu.Unlock()
	m.Count++
	return same && m.MayBeItsOwn(r.e.now()) && r.e.o.Healthy != nil && r.e.o.Healthy(ctx)
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
	if r.saw.Stopped || r.saw.Died != "" || r.saw.Halts() && !r.saw.WaitsRefused() {
		return nil
	}
	cause := r.saw.Cause()
	if cause == "" {
		return nil
	}
	ticket := r.row.ID
	if i := r.subject(); i >= 0 {
		ticket = r.tickets[i].Ticket
	}
	if r.saw.Bad != nil && len(r.saw.Rejections) == 0 {
		r.e.countedStep(r.saw.Bad.Step.Path, cause)
	}
	return &store.Rejection{Cause: cause, Runner: r.row.Runner, Label: r.e.o.Redact(r.saw.Label()), Ticket: ticket}
}

// subject is the ticket that the run concerns, as an index of its tickets: the one of
// the item or of the refused write if the run claimed it by its fetch or as an item, else
// the one that it wrote to last, else the first of the fetch; -1 if there is none.
func (r *run) subject() int {
	var named string
	switch {
	case r.saw.NotAllowed != nil:
		named = r.saw.NotAllowed.Ticket
	case len(r.saw.Rejections) > 0:
		named = r.saw.Rejections[len(r.saw.Rejections)-1].Ticket
	case r.saw.Overtaken != "":
		named = r.saw.Overtaken
	case r.saw.Gone != "":
		named = r.saw.Gone
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
	for _, f := range slices.Backward(r.effects) {
		wrote := slices.IndexFunc(r.tickets, func(t store.Ticket) bool { return t.Fetched && t.System == f.System && t.Ticket == f.Ticket })
		if wrote >= 0 {
			return wrote
		}
	}
	return first
}

// batch is what stores the decision.
func (r *run) batch(v ends.Decision) store.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.End.Err = r.e.o.Redact(v.End.Err)
	none := ""
	b := store.Batch{Forget: v.Forget, End: &v.End, AtWork: &none}
	if left := v.Memory.Encode(); left != r.steps[ends.StepMemory].Params && v.End.State != store.Ended {
		b.Steps = []store.Step{{Key: ends.StepMemory, Params: left}}
	}
	if v.Forget {
		r.pending.Steps, r.pending.Documents = nil, nil
		if job, is := r.steps[stepRevert]; is && (v.End.State != store.Ended || v.End.Outcome == store.Dead) {
			b.Steps = append(b.Steps, job) // it says what the run is for
		}
	}
	if v.Closes && v.End.State == store.Ended {
		for _, f := range r.effects {
			if f.State == store.Intent {
				f.State = store.Closed
				b.Effects = append(b.Effects, f)
			}
		}
	}
	if v.End.State == store.Ready || !v.Stands {
		if v.End.Reason == store.ReasonBusy { // gives back what it has
			for _, t := range r.tickets {
				t.Working = false
				b.Tickets = append(b.Tickets, t)
			}
		}
		return b
	}
	subject := r.subject()
	good, final := ends.LeavesForGood(v, r.p.Repeat)
	for i, t := range r.tickets {
		if r.hasItems() && !t.Working && !(v.Standing == store.Handled && r.wroteTo(t)) {
			continue // its standing is its items'
		}
		switch {
		case final && r.leavesAlone(t):
			b.Tickets = append(b.Tickets, r.standing(t, good))
		case t.Working && r.hasItems() && v.Standing != store.Handled && t.Standing == store.Handled && (v.Standing == store.StandingLeft || !r.lending()):
			t.Working = false // what its items applied counts
			b.Tickets = append(b.Tickets, t)
		case i == subject, t.Fetched && v.Standing == store.Handled && r.wroteTo(t):
			b.Tickets = append(b.Tickets, r.standing(t, v))
		case v.End.State == store.Waiting && !r.wroteTo(t):
			t.Run, t.Working = "", false
			b.Tickets = append(b.Tickets, t)
		}
	}
	return b
}

// standing is a ticket's row as the decision leaves it.
func (r *run) standing(t store.Ticket, v ends.Decision) store.Ticket {
	hash := claimHash(r.p)
	switch v.Standing {
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
	t.Standing, t.DueAt, t.Attempts, t.Cause = v.Standing, v.Due, v.Attempts, v.End.Cause
	if v.Note != "" || v.Standing != store.Handled || !gate.Noted(t) {
		t.Note = r.e.o.Redact(v.Note)
	}
	t.Working = false
	if v.End.State == store.Ended && v.About != ends.SayDoubt {
		t.Run = "" // a run in doubt keeps its ticket, so that no other does it again
		t.Settled = false
	}
	if v.Released {
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

// leavesAlone reports whether a step says that leaving the ticket alone is final.
func (r *run) leavesAlone(t store.Ticket) bool {
	return slices.Contains(r.leaves, kept.Leave{System: t.System, Ticket: t.Ticket})
}

func (r *run) wroteTo(t store.Ticket) bool {
	return slices.ContainsFunc(r.effects, func(f store.Effect) bool {
		return f.State == store.Done && f.System == t.System && f.Ticket == t.Ticket
	})
}
