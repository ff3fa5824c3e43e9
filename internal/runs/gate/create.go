package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// CreateTicket makes a ticket as an effect of the run. It can't be looked for: where its
// outcome isn't known it is in doubt, unless the ticket system finds it by its record.
func (t *ticketCreator) CreateTicket(ctx context.Context, ticket api.Ticket) (string, error) {
	step, ok := StepOf(ctx)
	if !ok {
		if err := t.allowed(ctx, nil, "", t.bounds.Allow.Create(ticket)); err != nil {
			return "", err
		}
		return t.inner.CreateTicket(ctx, ticket)
	}
	w := &write{ticketSystem: t.ticketSystem, step: step}
	key := step.NextWrite(store.OpCreate, "")
	e, known := effectOf(step, key)
	switch {
	case known && (e.State == store.Done || e.State == store.Closed):
		o, _ := outcomeOf(e)
		return o.ID, nil
	case known && e.State == store.Intent:
		w.effect = e
		if w.intent, _ = decodeIntent(e.Intent); w.intent.Create != nil {
			return t.createAgain(ctx, w)
		}
	}
	if err := errors.Join(t.allowed(ctx, step, "", t.bounds.Allow.Create(ticket)), begins(step)); err != nil {
		return "", err
	}
	w.effect = store.Effect{Key: key, Step: step.Key(), Operation: store.OpCreate, System: t.system, Service: t.service, State: store.Intent}
	if _, err := w.gate.key(ctx); err != nil {
		return "", err
	}
	if err := w.mayTry(ctx, created(ticket)); err != nil {
		return "", err
	}
	stored, err := storeTicket(ticket)
	if err != nil {
		return "", fmt.Errorf("create a ticket: what is to be written can't be kept: %w", err)
	}
	w.intent = intent{Create: stored, Change: w.changes(created(ticket)), Step: step.Name(), At: w.gate.at(step)}
	if w.effect.Intent, err = w.intent.encode(); err != nil {
		return "", fmt.Errorf("create a ticket: what is to be written can't be kept: %w", err)
	}
	w.unstored = true
	return t.create(ctx, w, ticket)
}

// createAgain finishes a new ticket whose outcome isn't known, if the ticket system keeps
// a record by which it finds it.
func (t *ticketCreator) createAgain(ctx context.Context, w *write) (string, error) {
	if _, err := w.gate.key(ctx); err != nil {
		return "", err
	}
	sent := w.effect.Begun != 0
	if sent && len(w.effect.Record) == 0 && w.effect.Until != 0 {
		w.step.InDoubt(w.effect.Key)
		return "", fmt.Errorf("create a ticket: %w: it may have been made", ErrStopped)
	}
	left, err := w.remaining(ctx)
	if err != nil {
		return "", err
	}
	if left > 0 {
		now, err := w.gate.options.Store.Now(ctx)
		if err != nil {
			return "", storeError("ask for the time", err)
		}
		w.step.Waits(Wait{Reason: store.ReasonUntil, Until: now + left.Microseconds()})
		return "", ErrStopped
	}
	ticket, err := restoreTicket(w.intent.Create)
	if err != nil {
		return "", err
	}
	if err := t.allowed(ctx, w.step, "", t.bounds.Allow.Create(ticket)); err != nil {
		return "", err
	}
	return t.create(ctx, w, ticket)
}

func (t *ticketCreator) create(ctx context.Context, w *write, ticket api.Ticket) (string, error) {
	c := w.call()
	calling := withCall(ctx, c)
	if !t.fences {
		if err := fence(calling); err != nil {
			return "", t.notStored(ctx, w.step, "create a ticket", err)
		}
	}
	id, err := t.inner.CreateTicket(calling, ticket)
	c.ended(err == nil || refused(err))
	if e, ok := effectOf(w.step, w.effect.Key); ok {
		w.effect = e
	}
	switch {
	case err == nil:
		w.created = id
		t.known.is(id, id)
		w.conclude(store.Done, created(ticket))
		return id, nil
	case c.err != nil:
		return "", t.notStored(ctx, w.step, "create a ticket", c.err)
	case id != "": // it is there, and what belongs to it is missing
		w.effect.Until = 0
		w.step.Later(store.Batch{Effects: []store.Effect{w.effect}})
		if refused(err) {
			w.step.Refused(w.rejection(w.step, store.OpCreate, "", true, err, w.values(created(ticket))))
		} else {
			w.step.Failed(err)
		}
	case refused(err):
		w.gate.causes.forget()
		w.conclude(store.Refused, created(ticket))
		w.step.Refused(w.rejection(w.step, store.OpCreate, "", true, err, w.values(created(ticket))))
	case !c.asked, didNothing(err):
		w.conclude(store.Refused, created(ticket))
		w.step.Failed(err)
	case len(w.effect.Record) > 0:
		w.step.Failed(err)
		w.step.Waits(Wait{Reason: store.ReasonUntil, Until: w.effect.Until, Err: err})
	default:
		w.step.Failed(err)
		w.step.InDoubt(w.effect.Key)
	}
	return id, toPipe(err)
}

// created is a new ticket as a change, by which its causes are known.
func created(t api.Ticket) api.TicketUpdate {
	return api.TicketUpdate{Queue: t.Queue, Priority: t.Priority, State: t.State, Owner: t.Owner, Customer: t.Customer, Fields: t.Fields}
}

// newTicket is an api.Ticket as it is stored until it is made.
type newTicket struct {
	Number string  `json:"number,omitempty"`
	Body   string  `json:"body,omitempty"`
	Update *update `json:"update"`
}

func storeTicket(t api.Ticket) ([]byte, error) {
	u := created(t)
	u.Subject, u.Notes = &t.Subject, t.Notes
	s, err := storedUpdate(u)
	if err != nil {
		return nil, err
	}
	return json.Marshal(newTicket{Number: t.Number, Body: t.Body, Update: s})
}

func restoreTicket(b []byte) (t api.Ticket, err error) {
	var s newTicket
	if err := json.Unmarshal(b, &s); err != nil || s.Update == nil {
		return t, fmt.Errorf("read the ticket that is to be made: %w", errors.Join(err, errNoIntent))
	}
	u, err := s.Update.restore()
	if err != nil {
		return t, err
	}
	t.Number, t.Body, t.Notes, t.Fields = s.Number, s.Body, u.Notes, u.Fields
	t.Queue, t.Priority, t.State, t.Owner, t.Customer = u.Queue, u.Priority, u.State, u.Owner, u.Customer
	if u.Subject != nil {
		t.Subject = *u.Subject
	}
	return t, nil
}
