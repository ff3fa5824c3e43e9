package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// UpdateTicket changes a ticket as an effect of the run.
func (t *ticketSystem) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	_, err := t.write(ctx, store.OpUpdate, id, "", u)
	return toPipe(err)
}

// AddNote adds a note as an effect of the run.
func (t *ticketSystem) AddNote(ctx context.Context, id string, n api.Note) error {
	_, err := t.write(ctx, store.OpNote, id, "", api.TicketUpdate{Notes: []api.Note{n}})
	return toPipe(err)
}

// send is the call of the ticket system itself.
func (t *ticketSystem) send(ctx context.Context, operation, id string, u api.TicketUpdate) error {
	if operation == store.OpNote {
		return t.inner.AddNote(ctx, id, u.Notes[0])
	}
	return t.inner.UpdateTicket(ctx, id, u)
}

// write is one write of a run: what is done already is not sent, what was begun is
// finished from its intent, and what is new gets an intent first. suggests is what it
// suggests, "" where that is nothing; written is false for one that stands
// already.
func (t *ticketSystem) write(ctx context.Context, operation, id, suggests string, u api.TicketUpdate) (written bool, err error) {
	step, ok := StepOf(ctx)
	if !ok {
		if err := t.allowed(ctx, nil, id, t.bounds.Allow.Update(u)); err != nil {
			return false, err
		}
		return true, t.send(ctx, operation, id, u)
	}
	if id, err = t.ticketID(ctx, step, operation, id); err != nil {
		return false, err
	}
	unlock, err := t.writing.lock(ctx, id)
	if err != nil {
		return false, fmt.Errorf("change ticket %s: %w", id, err)
	}
	defer unlock()
	key := step.NextWrite(operation, id)
	if e, known := effectOf(step, key); known {
		switch e.State {
		case store.Done, store.Closed:
			return true, nil
		case store.Intent:
			return true, t.finish(ctx, step, e)
		}
	}
	w := &write{ticketSystem: t, step: step, effect: store.Effect{
		Key: key, Step: step.Key(), Operation: operation, System: t.system, Service: t.service, Ticket: id, State: store.Intent,
	}}
	defer w.beside.Wait()
	if suggests != "" {
		if stands, err := w.suggests(ctx, suggests); stands || err != nil {
			return false, err
		}
	}
	return true, w.begin(ctx, u)
}

// write is a write on its way.
type write struct {
	*ticketSystem
	step   Step
	effect store.Effect
	row    store.Ticket // the run's claim on the ticket
	intent intent

	beside   sync.WaitGroup // what is read for others meanwhile
	unstored bool           // its intent is not stored yet
	created  string         // id of the ticket that it made
}

// begin decides whether and what to write, stores the intent, and carries it out.
func (w *write) begin(ctx context.Context, u api.TicketUpdate) error {
	if err := w.allowed(ctx, w.step, w.effect.Ticket, w.bounds.Allow.Update(u)); err != nil {
		return err
	}
	if err := w.hold(ctx); err != nil {
		return err
	}
	key, err := w.gate.key(ctx)
	if err != nil {
		return err
	}
	before := len(u.Notes)
	if u = w.withoutCounted(u); before > 0 && empty(u) {
		w.done(ctx, u)
		return nil
	}
	if err := w.mayTry(ctx, u); err != nil {
		return err
	}
	w.gate.learn(ctx, w.step.Runner(), u, key.Change(u))
	base, now, err := w.compareFirst(ctx, len(u.Notes) > 0)
	if err != nil {
		return err
	}
	if now != nil && endedBySomebody(base, *now, key.Change(u)) {
		return w.giveUp(ctx, *now, u)
	}
	seen, rest := base, u
	if now != nil {
		seen, rest = *now, w.missing(base, *now, u, nil)
	}
	if rest, err = w.withoutOld(ctx, seen, rest); err != nil {
		return err
	}
	w.intent.Picture = base
	if empty(rest) {
		w.done(ctx, u)
		return nil
	}
	if err := begins(w.step); err != nil {
		return err
	}
	if err := w.intend(seen, rest); err != nil {
		return err
	}
	return w.carry(ctx, rest)
}

// intend makes an intent of what is still wanted. seen is how the ticket is now, as far as
// it is known.
func (w *write) intend(seen picture.Picture, rest api.TicketUpdate) (err error) {
	for _, n := range rest.Notes {
		w.intent.Equal = append(w.intent.Equal, equal(seen, w.gate.hashing.Note(n)))
	}
	w.intent.Change, w.intent.Step, w.intent.At = w.changes(rest), w.step.Name(), w.gate.at(w.step)
	w.intent.Update, err = storedUpdate(rest)
	if err == nil {
		w.effect.Intent, err = w.intent.encode()
	}
	if err != nil {
		return fmt.Errorf("change ticket %s: what is to be written can't be kept: %w", w.effect.Ticket, err)
	}
	w.unstored = true
	return nil
}

// withoutCounted drops a note for each that the run has written in steps which its
// configuration has no more: it was begun with another one. What such steps did to fields
// needs no counting, as it is seen on the ticket.
func (w *write) withoutCounted(u api.TicketUpdate) api.TicketUpdate {
	if len(u.Notes) == 0 {
		return u
	}
	for _, e := range w.step.Strays(w.system, w.effect.Ticket) {
		o, known := outcomeOf(e)
		if !known || len(o.Change.Notes) == 0 {
			continue
		}
		w.step.Counts(e)
		u.Notes = u.Notes[min(len(o.Change.Notes), len(u.Notes)):]
		if len(u.Notes) == 0 {
			break
		}
	}
	return u
}

// hold claims the ticket for the run, if it has not.
func (w *write) hold(ctx context.Context) error {
	row, held := heldRow(w.step, w.system, w.effect.Ticket)
	if held && row.Working {
		w.row = row
		return nil
	}
	if !held {
		row = store.Ticket{Runner: w.step.Runner(), System: w.system, Ticket: w.effect.Ticket}
	}
	taken, busy, err := w.step.ClaimOne(ctx, row)
	switch {
	case err != nil:
		return storeError("claim a ticket", err)
	case busy:
		w.step.Waits(Wait{Reason: store.ReasonBusy})
		return ErrStopped
	}
	w.row = taken
	return nil
}

// mayTry holds a write back whose cause is closed.
func (w *write) mayTry(ctx context.Context, u api.TicketUpdate) error {
	cause, err := w.gate.closed(ctx, w.causesOf(w.step, w.effect.Operation, u))
	switch {
	case err != nil:
		return err
	case cause == "" || cause == w.step.Tries():
		return nil
	}
	w.step.Waits(Wait{Reason: store.ReasonCause, Cause: cause})
	return ErrStopped
}

// freshFor is for how long a reading counts as how the ticket is.
const freshFor = 30 * time.Second

// compareFirst returns the run's picture of the ticket, with all of ours laid over it,
// and the ticket as it is now where it has to be read: after a pause, or in another
// process than the one that had read it. Before its first intent the run ends there if
// it was overtaken.
func (w *write) compareFirst(ctx context.Context, notes bool) (base picture.Picture, now *picture.Picture, err error) {
	id := w.effect.Ticket
	p, known := decodePicture(w.row.Picture)
	ours := changes(ofTicket(w.step.Effects(), w.system, id))
	ended := w.row.EndedAt > p.Read.Mark // a run at the ticket, since it was read
	if known && !ended && p.Read.Process == w.gate.process && time.Duration(w.gate.clock()-p.Read.Clock) < freshFor {
		return p.Lay(ours...), nil, nil
	}
	if !known && (w.records || !notes) {
		return picture.Picture{}, nil, nil // nothing to compare with
	}
	first, err := w.lookFirst(ctx, p)
	if err != nil {
		return p, nil, err
	}
	seen, why := first.Picture, first.unmet
	if !known {
		return seen, nil, nil
	}
	laid, _, err := w.lay(ctx, id, p)
	if err != nil {
		return p, nil, err
	}
	if seen.Final == picture.Merged && laid.Final != picture.Merged {
		w.step.Gone(id)
		return p, nil, ErrStopped
	}
	if anyBegun(w.step) {
		return laid, &seen, nil
	}
	if w.row.Standing == store.Handled && w.step.Lent(w.row) {
		why = "" // other items of the same loop have changed it
	}
	if d := laid.Changed(seen, !laid.Laid); d.Any() {
		why = "somebody changed " + d.String()
	}
	if why != "" && !w.often(w.step, id) {
		w.letGo(w.step, id)
		w.step.Overtaken(id, why)
		return p, nil, ErrStopped
	}
	seen = p.Absorb(seen)
	seen.Read.Mark = w.row.EndedAt
	w.row.Picture = encodePicture(seen)
	w.step.Later(store.Batch{Tickets: []store.Ticket{w.row}})
	return seen, nil, nil
}

func ofTicket(effects []store.Effect, system, ticket string) []store.Effect {
	return slices.DeleteFunc(slices.Clone(effects), func(e store.Effect) bool { return e.System != system || e.Ticket != ticket })
}

// anyBegun reports whether the run has an intent of its own: from then on it is finished.
func anyBegun(step Step) bool {
	return slices.ContainsFunc(step.Effects(), func(e store.Effect) bool { return e.State != store.Refused })
}

// look reads a ticket as the run had read it. One that can't be read makes the run wait.
func (w *write) look(ctx context.Context, p picture.Picture) (api.Ticket, picture.Picture, error) {
	id := w.effect.Ticket
	c, err := decodeCriteria(p.Read.Criteria)
	if err != nil {
		return api.Ticket{}, p, err
	}
	read, err := w.read(ctx, []string{id}, c)
	if err == nil && len(read) == 0 {
		err = fmt.Errorf("ticket %s: %w", id, api.ErrNotFound)
	}
	switch {
	case err == nil:
	case unreadable(err):
		w.step.Waits(Wait{Reason: store.ReasonGone, Cause: w.cause(w.step, "read", "", "unreadable"), Err: err})
		return api.Ticket{}, p, errors.Join(ErrStopped, err)
	case refused(err):
		w.step.Refused(w.rejection(w.step, "read", id, false, err))
		return api.Ticket{}, p, err
	default:
		w.step.Failed(err)
		return api.Ticket{}, p, err
	}
	seen, err := w.pictureOf(ctx, w.step.Runner(), read[0], c, 0)
	return read[0], seen, err
}

// missing is what of an update is still to be written: not what is there, nor what
// somebody wanted otherwise. counts are the equal notes that the ticket had; nil: no
// note is there yet.
func (w *write) missing(base, now picture.Picture, u api.TicketUpdate, counts []int) api.TicketUpdate {
	key := w.gate.hashing
	rest := u
	want := key.Change(u)
	found := false
	var unseen, person []string
	drop := make(map[string]bool)
	since := w.intent.changedSince(now)
	for name, v := range want.Fields {
		decision := base.Decide(now, name, v)
		if decision == picture.Write && since {
			decision = picture.Person
		}
		switch decision {
		case picture.Done:
			drop[name], found = true, true
		case picture.PutBack:
			drop[name] = true
			person = append(person, name)
			w.row.Note = notePutBack
		case picture.Person:
			drop[name] = true
			person = append(person, name)
		case picture.Write:
			if _, readable := now.Fields[name]; !readable {
				unseen = append(unseen, name)
			}
		}
	}
	rest.Notes = nil
	for i, n := range u.Notes {
		if counts != nil && i < len(counts) && now.Equal(key.Note(n)) > counts[i] {
			found = true
			continue
		}
		rest.Notes = append(rest.Notes, n)
	}
	if counts != nil && found && len(rest.Notes) == 0 && len(drop)+len(unseen) == len(want.Fields) {
		for _, name := range unseen { // it was in the request of what is there
			drop[name] = true
		}
	}
	if len(person) > 0 {
		slices.Sort(person)
		w.intent.Left = person
	}
	return without(rest, drop)
}

const notePutBack = "put back by a person"

// without is an update without some of its fields.
func without(u api.TicketUpdate, names map[string]bool) api.TicketUpdate {
	if names[picture.Subject] {
		u.Subject = nil
	}
	for name, e := range entityFields(&u) {
		if names[name] {
			*e = nil
		}
	}
	var fields map[string]any
	for name, v := range u.Fields {
		if !names[picture.Further(name)] {
			if fields == nil {
				fields = make(map[string]any)
			}
			fields[name] = v
		}
	}
	u.Fields = fields
	return u
}

func empty(u api.TicketUpdate) bool {
	return u.Subject == nil && u.Queue == nil && u.Priority == nil && u.State == nil && u.Owner == nil && u.Customer == nil && len(u.Fields) == 0 && len(u.Notes) == 0
}

// equal counts the notes of a ticket that read as this one, those of ours included.
func equal(p picture.Picture, n picture.Article) int {
	return p.Equal(n) + picture.Picture{Articles: p.Ours}.Equal(n)
}

// endedBySomebody reports whether somebody closed or merged the ticket: then the rest is
// not written.
func endedBySomebody(base, now picture.Picture, want picture.Change) bool {
	if now.Final == "" || now.Final == base.Final {
		return false
	}
	state := now.Fields[picture.State]
	wanted, ours := want.Fields[picture.State]
	return !base.Fields[picture.State].Same(state) && !(ours && wanted.Same(state))
}

// part is what is on the ticket of an effect that nothing more is written for.
func (w *write) part(now picture.Picture, u api.TicketUpdate) (store.EffectState, api.TicketUpdate) {
	if w.effect.Begun == 0 {
		return store.Closed, u
	}
	key := w.gate.hashing
	rest := w.missing(w.intent.Picture, now, u, w.counts())
	drop := make(map[string]bool)
	for name := range key.Change(rest).Fields {
		drop[name] = true
	}
	for _, name := range w.intent.Left {
		drop[name] = true
	}
	there := without(u, drop)
	there.Notes = there.Notes[:len(u.Notes)-len(rest.Notes)]
	if empty(there) {
		return store.Closed, u
	}
	w.intent.Change = w.changes(there)
	return store.Done, there
}

// giveUp ends an effect whose ticket somebody has closed or merged.
func (w *write) giveUp(ctx context.Context, now picture.Picture, u api.TicketUpdate) error {
	if now.Final == picture.Merged {
		w.step.Gone(w.effect.Ticket)
	}
	w.gate.options.Logger.InfoContext(ctx, "the rest of a change is not written: somebody has ended the ticket", "ticket", w.effect.Ticket, "runner", w.step.Runner(), "ended", now.Final)
	w.conclude(w.part(now, u))
	if now.Final == picture.Merged {
		return ErrStopped
	}
	return nil
}
