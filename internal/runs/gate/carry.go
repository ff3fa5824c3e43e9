package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// call is the call of the ticket system. A new intent is stored by it, before the first
// request.
func (w *write) call() *call {
	c := &call{system: w.ticketSystem, step: w.step, effect: w.effect.Key}
	if w.unstored {
		c.intent = &w.effect
	}
	return c
}

// carry sends what is to be written, and stores what became of it.
func (w *write) carry(ctx context.Context, u api.TicketUpdate) error {
	c := w.call()
	calling := withCall(ctx, c)
	if !w.fences {
		if err := fence(calling); err != nil {
			return w.notStored(ctx, w.step, "change ticket "+w.effect.Ticket, err)
		}
	}
	err := w.send(calling, w.effect.Operation, w.effect.Ticket, u)
	c.ended(err == nil || refused(err))
	if e, ok := effectOf(w.step, w.effect.Key); ok {
		w.effect = e // with what the fence and the record made of it
	}
	switch {
	case err == nil:
		w.done(ctx, u)
		return nil
	case c.err != nil:
		return w.notStored(ctx, w.step, "change ticket "+w.effect.Ticket, c.err)
	case refused(err):
		return w.refuse(ctx, u, err)
	case !c.asked && w.effect.Begun == 0:
		w.conclude(store.Refused, u) // nothing was ever sent: it counts as not begun
		w.step.Failed(err)
		return err
	case didNothing(err):
		w.effect.Until = 0 // certainly not at work
		w.step.Later(store.Batch{Effects: []store.Effect{w.effect}})
		w.step.Failed(err)
		return err
	case ctx.Err() != nil:
		return err // whoever has the run next looks
	}
	return w.afterUnknown(ctx, err)
}

// afterUnknown looks at once; what isn't there may still come until the effect's Until.
func (w *write) afterUnknown(ctx context.Context, cause error) error {
	w.step.Failed(cause)
	err := w.settleOpen(ctx, false)
	if err == nil && freeze.Broken(cause) {
		w.gate.options.Logger.ErrorContext(ctx, "a ticket system did not return from a write as it should; all of it is on the ticket", "service", w.service, "ticket", w.effect.Ticket, "runner", w.step.Runner(), "err", cause)
	}
	if err != nil && errors.Is(err, ErrStopped) {
		return errors.Join(ErrStopped, cause)
	}
	return err
}

// finish finishes an effect that is open: by a look at the ticket, and where something
// is missing and nothing of it can be at work any more, by sending that.
func (t *ticketSystem) finish(ctx context.Context, step Step, e store.Effect) error {
	w := &write{ticketSystem: t, step: step, effect: e}
	if e.Operation == store.OpCreate {
		return errCreateOpen
	}
	if err := w.hold(ctx); err != nil {
		return err
	}
	return w.settleOpen(ctx, true)
}

var errCreateOpen = errors.New("a new ticket is finished by the call that makes it")

// settleOpen looks at the ticket of an open effect and decides by what is there. send
// says whether it may send again.
func (w *write) settleOpen(ctx context.Context, send bool) error {
	var err error
	if w.intent, err = decodeIntent(w.effect.Intent); err != nil {
		return err
	}
	if w.intent.Update == nil {
		return fmt.Errorf("change ticket %s: its intent says no change", w.effect.Ticket)
	}
	u, err := w.intent.Update.restore()
	if err != nil {
		return err
	}
	key, err := w.gate.key(ctx)
	if err != nil {
		return err
	}
	base := w.intent.Picture
	_, now, err := w.look(ctx, base)
	if err != nil {
		return err
	}
	rest := w.missing(base, now, u, w.counts())
	switch {
	case empty(rest):
		w.done(ctx, u)
		return nil
	case endedBySomebody(base, now, key.Change(u)):
		return w.giveUp(ctx, now, u)
	}
	left, err := w.remaining(ctx)
	if fields := key.Change(u).Fields; err == nil && left <= 0 && w.intent.changedSince(now) && len(fields) > 0 && len(w.intent.Left) == len(fields) {
		w.gate.options.Logger.InfoContext(ctx, "what an earlier release was about to write is left to a new run: the ticket was changed since, and nothing of it is there", "ticket", w.effect.Ticket)
		w.conclude(store.Closed, u)
		return nil
	}
	switch {
	case err != nil:
		return err
	case left > 0 || !send:
		now, err := w.gate.options.Store.Now(ctx)
		if err != nil {
			return storeError("ask for the time", err)
		}
		w.step.Waits(Wait{Reason: store.ReasonUntil, Until: now + left.Microseconds()})
		return ErrStopped
	}
	// It may be allowed no longer, since its service has other bounds now.
	if err := w.allowed(ctx, w.step, w.effect.Ticket, w.bounds.Allow.Update(rest)); err != nil {
		return err
	}
	if err := w.mayTry(ctx, rest); err != nil {
		return err
	}
	if w.records {
		rest.Notes = u.Notes // the ticket system knows by its record which of them are there
	}
	return w.carry(ctx, rest)
}

// counts are the equal notes that the ticket had before, never nil.
func (w *write) counts() []int {
	if w.intent.Equal == nil {
		return []int{}
	}
	return w.intent.Equal
}

// remaining is how long the last request of the effect may still be at work.
func (w *write) remaining(ctx context.Context) (time.Duration, error) {
	e := w.effect
	if e.Begun == 0 || e.Until <= e.Begun {
		return 0, nil
	}
	lasts := time.Duration(e.Until-e.Begun) * time.Microsecond
	if w.gate.options.Clock != nil {
		boot, nanos := w.gate.options.Clock()
		if boot == e.Boot {
			return lasts - time.Duration(nanos-e.BootClock), nil
		}
		// Another boot's clock says nothing: the whole wait is taken, by this one's.
		if err := w.step.Fence(ctx, e.Key, lasts); err != nil {
			return 0, storeError("wait for what may be at work", err)
		}
		return lasts, nil
	}
	now, err := w.gate.options.Store.Now(ctx)
	if err != nil {
		return 0, storeError("ask for the time", err)
	}
	return min(time.Duration(e.Until-now)*time.Microsecond, lasts), nil
}

// done stores, with the result of the step, that the effect is on the ticket.
func (w *write) done(ctx context.Context, u api.TicketUpdate) {
	if len(w.intent.Left) > 0 {
		w.gate.options.Logger.InfoContext(ctx, "what somebody else changed is left as it is", "ticket", w.effect.Ticket, "runner", w.step.Runner(), "fields", inWords(w.intent.Left))
	}
	w.workedAt(w.step, w.effect.Ticket)
	w.sight.Wrote(w.effect.Ticket)
	w.conclude(store.Done, u)
}

// conclude keeps how the effect ended, without its texts.
func (w *write) conclude(state store.EffectState, u api.TicketUpdate) {
	w.effect.State, w.effect.Until, w.effect.Record = state, 0, nil
	before, _ := outcomeOf(w.effect)
	change := w.changes(u)
	if state == store.Done && w.effect.Begun != 0 && len(w.intent.Change.Fields)+len(w.intent.Change.Notes) > 0 {
		change = w.intent.Change // of all its requests
	}
	for _, name := range w.intent.Left {
		delete(change.Fields, name)
		delete(change.From, name)
	}
	b := store.Batch{}
	if state == store.Done {
		b.Success = w.causesOf(w.step, w.effect.Operation, u)
		if p, ok := decodePicture(w.row.Picture); ok {
			w.row.Picture = encodePicture(p.Remember(change))
		}
		if w.intent.Suggest != "" {
			w.row.Suggestion = w.intent.Suggest
		}
		b.Tickets = []store.Ticket{w.row}
	}
	did := outcome{Change: change, Left: w.intent.Left, ID: w.created, Step: w.intent.Step, At: w.intent.At, Recorded: before.Recorded, Unsent: w.effect.Begun == 0}
	kept, err := json.Marshal(did)
	if err != nil { // hashes and names alone
		kept = nil
	}
	w.effect.Intent, w.effect.Outcome, w.effect.Made = finished, kept, made{kept, did}
	b.Effects = []store.Effect{w.effect}
	w.step.Later(b)
}

// changes is what an update changes, with what the fields had been.
func (w *write) changes(u api.TicketUpdate) picture.Change {
	c := w.gate.hashing.Change(u)
	c.From = make(map[string]picture.Value, len(c.Fields))
	for name := range c.Fields {
		if had, known := w.intent.Picture.Fields[name]; known {
			c.From[name] = had
		}
	}
	return c
}

// refuse reports a refused write by its cause. A part of it may be on the ticket: then
// the effect stays open, and is finished when the cause is over.
func (w *write) refuse(ctx context.Context, u api.TicketUpdate, err error) error {
	w.gate.causes.forget()
	r := w.rejection(w.step, w.effect.Operation, w.effect.Ticket, true, err, w.values(u))
	moved, partly := w.moved(ctx, u, err)
	lost := unreadable(err) && w.lost(ctx)
	reads := w.cause(w.step, "read", "", "unreadable")
	if moved != "" { // counts there also if it was deleted, which nobody can know: else more would be moved
		r.Cause, r.Label = w.cause(w.step, noteMissing, picture.Queue, moved), w.missingParts(u)+" missing after a move to "+moved
		reads = r.Cause
		if !lost && w.gate.first(r.Cause) {
			w.gate.options.Logger.ErrorContext(ctx, "a ticket was moved, and what was to follow is refused: the agent needs the right to change tickets in that queue", "ticket", w.effect.Ticket, "runner", w.step.Runner(), "queue", moved, "err", err)
		}
	}
	if partly {
		w.effect.Until = 0
		w.step.Later(store.Batch{Effects: []store.Effect{w.effect}})
	} else {
		w.conclude(store.Refused, u)
	}
	w.step.Refused(r)
	switch {
	case lost:
		w.step.Waits(Wait{Reason: store.ReasonGone, Cause: reads, Err: err})
	case moved != "":
		w.step.Waits(Wait{Reason: store.ReasonCause, Cause: r.Cause, Err: err})
	}
	return err
}

// missingParts names what is refused, for people.
func (w *write) missingParts(u api.TicketUpdate) string {
	names := inWords(slices.Collect(maps.Keys(w.gate.hashing.Change(u).Fields)))
	if len(u.Notes) > 0 {
		names = append(names, "note")
	}
	return strings.Join(names, ", ")
}

// inWords are names of fields for people, sorted.
func inWords(fields []string) []string {
	names := make([]string, len(fields))
	for i, name := range fields {
		names[i] = picture.InWords(name)
	}
	slices.Sort(names)
	return names
}

// moved says to which queue the run has moved the ticket, if the rejection came after
// that, and whether a part of this very write is on the ticket.
func (w *write) moved(ctx context.Context, u api.TicketUpdate, err error) (queue string, partly bool) {
	for _, e := range ofTicket(w.step.Effects(), w.system, w.effect.Ticket) {
		o, known := outcomeOf(e)
		if to, moves := o.Change.Fields[picture.Queue]; known && moves && e.State == store.Done {
			queue = to.Name + to.ID
		}
	}
	// An earlier request may have written a part: so all of the intent is looked at, not
	// what was sent now.
	whole := u
	if w.intent.Update != nil {
		if all, bad := w.intent.Update.restore(); bad == nil {
			whole = all
		}
	}
	var part interface{ Partly() bool }
	switch {
	case errors.As(err, &part):
		partly = part.Partly()
	case len(whole.Notes) > 0 && w.gate.hashing.Change(whole).Many():
		rest := whole
		if _, now, bad := w.peek(ctx); bad == nil {
			rest = w.missing(w.intent.Picture, now, whole, w.counts())
		}
		partly = len(w.gate.hashing.Change(rest).Fields) < len(w.gate.hashing.Change(whole).Fields)
	}
	if partly && whole.Queue != nil {
		queue = whole.Queue.String()
	}
	return queue, partly
}

// peek reads the ticket and reports nothing.
func (w *write) peek(ctx context.Context) (api.Ticket, picture.Picture, error) {
	c, err := decodeCriteria(w.intent.Picture.Read.Criteria)
	if err != nil {
		return api.Ticket{}, picture.Picture{}, err
	}
	read, err := w.read(ctx, []string{w.effect.Ticket}, c)
	if err != nil || len(read) == 0 {
		return api.Ticket{}, picture.Picture{}, errors.Join(err, api.ErrNotFound)
	}
	p, err := w.pictureOf(ctx, w.step.Runner(), read[0], c, 0)
	return read[0], p, err
}

// lost reports a ticket that can't be read.
func (w *write) lost(ctx context.Context) bool {
	_, _, err := w.peek(ctx)
	return unreadable(err)
}
