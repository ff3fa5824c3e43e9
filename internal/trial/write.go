package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/untold"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// UpdateTicket shows a change and lays it over the ticket.
func (s *system) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	b := s.bounds()
	var refused error
	if b != nil {
		refused = b.Update(u)
	}
	return s.write(ctx, "update", id, u, refused)
}

// AddNote shows a note and lays it over the ticket.
func (s *system) AddNote(ctx context.Context, id string, n api.Note) error {
	b := s.bounds()
	var refused error
	if b != nil {
		refused = b.Note(n)
	}
	return s.write(ctx, "note", id, api.TicketUpdate{Notes: []api.Note{n}}, refused)
}

func (s *system) bounds() Bounds {
	if s.t.o.Bounds == nil {
		return nil
	}
	return s.t.o.Bounds(s.service.ID)
}

func (s *system) write(ctx context.Context, operation, id string, u api.TicketUpdate, refused error) error {
	at := stepOf(ctx)
	now, err := s.ticketOf(ctx, at, id)
	if err != nil {
		return err
	}
	id = cmp.Or(now.ID, id)
	if s.t.o.Shown != nil {
		s.t.o.Shown(ctx, Write{Service: s.service, Ticket: id, Now: now, Update: u, Refused: refused})
	}
	if refused != nil {
		at.refuse(refused)
		return fmt.Errorf("ticket %s: %w", id, refused)
	}
	at.writes(s, id, now, s.desk.written(operation, now, u))
	s.desk.lay(id, u)
	return nil
}

// current is a ticket as it is by now; one that can't be read has no id. A run claims no ticket
// that nobody knows: an id that isn't in the configuration, and by which none can be read, is an
// error, which doesn't quote it.
func (s *system) current(ctx context.Context, id string) (api.Ticket, error) {
	if t, ok := s.desk.anyNow(id); ok {
		return t, nil
	}
	t, err := s.GetTicket(ctx, id)
	lasting := errors.Is(err, api.ErrNotFound) || errors.Is(err, api.ErrDenied) || errors.Is(err, api.ErrInvalid)
	switch {
	case err == nil && t.ID != "":
		return t, nil
	case s.t.o.Written != nil && s.t.o.Written(id):
		return api.Ticket{}, nil
	case err == nil, lasting && !errors.Is(err, api.ErrTemporary):
		return api.Ticket{}, untold.NoTicket(cmp.Or(err, api.ErrNotFound))
	}
	return api.Ticket{}, fmt.Errorf("look for the ticket of a ticket_id: %w", untold.Error(err, id))
}

// ticketOf is the ticket that a step names by an id.
func (s *system) ticketOf(ctx context.Context, at *step, id string) (api.Ticket, error) {
	now, err := s.current(ctx, id)
	if errors.As(err, new(*api.FieldError)) {
		at.refuse(err)
	}
	return now, err
}

// refuse notes why a write is never sent.
func (s *step) refuse(err error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = trouble{s.s.Name, err}
}

// writes notes what the step would write.
func (s *step) writes(at *system, id string, now api.Ticket, w decisions.Write) {
	if s == nil || len(w.New) == 0 && w.Note == 0 { // all is as it was to be
		return
	}
	for around := s.parent; around != nil; around = around.parent {
		around.writtenBelow(at.desk, id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.tickets, func(h *held) bool { return h.id == id && h.system.desk == at.desk })
	if i < 0 {
		i = len(s.tickets)
		now.ID = id
		s.tickets = append(s.tickets, &held{system: at, id: id, before: now})
	}
	h := s.tickets[i]
	w.Step, w.At = s.s.Name, s.at()
	h.suggested = s.suggests && (h.suggested || len(h.writes) == 0)
	h.writes = append(h.writes, w)
}

// writtenBelow notes that an item of a loop has written to a ticket of the run.
func (r *run) writtenBelow(at *desk, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.tickets {
		h.below = h.below || h.id == id && h.system.desk == at
	}
}

// CreateTicket shows the ticket. No ticket has the id that it returns.
func (c *creator) CreateTicket(ctx context.Context, t api.Ticket) (string, error) {
	var refused error
	if b := c.bounds(); b != nil {
		refused = b.Create(t)
	}
	if c.t.o.Shown != nil {
		c.t.o.Shown(ctx, Write{Service: c.service, New: &t, Refused: refused})
	}
	at := stepOf(ctx)
	if refused != nil {
		at.refuse(refused)
		return "", fmt.Errorf("a new ticket: %w", refused)
	}
	at.creates(c.desk.written("create", api.Ticket{}, api.TicketUpdate{Queue: t.Queue, Priority: t.Priority, State: t.State}))
	return "0", nil
}

// creates notes a new ticket with the one that the run is about.
func (s *step) creates(w decisions.Write) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.subject(); h != nil {
		w.Step, w.At = s.s.Name, s.at()
		h.writes = append(h.writes, w)
	}
}

// written compares an update with the ticket: what is as wanted already isn't written.
func (d *desk) written(operation string, now api.Ticket, u api.TicketUpdate) decisions.Write {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := decisions.Write{Operation: operation, Old: map[string]decisions.Value{}, New: map[string]decisions.Value{}, Note: len(u.Notes), Outcome: decisions.Done}
	known := now.ID != ""
	if u.Subject != nil && !(known && *u.Subject == now.Subject) {
		w.New[decisions.Title] = notKept
		if known {
			w.Old[decisions.Title] = notKept
		}
	}
	for _, f := range []struct {
		name     string
		is, want *api.Entity
	}{
		{decisions.Queue, now.Queue, u.Queue},
		{decisions.Priority, now.Priority, u.Priority},
		{decisions.State, now.State, u.State},
		{decisions.Owner, now.Owner, u.Owner},
		{decisions.Customer, now.Customer, u.Customer},
	} {
		if f.want == nil {
			continue
		}
		want := d.names.whole(f.name, f.want)
		if f.is != nil && sameEntity(*f.is, *want) {
			continue
		}
		if f.name == decisions.Customer {
			w.Old[f.name], w.New[f.name] = notKept, notKept
			continue
		}
		w.New[f.name] = valueOf(want)
		if known {
			w.Old[f.name] = valueOf(f.is)
		}
	}
	for name, want := range u.Fields {
		is := now.Fields[name]
		if known && fmt.Sprint(is) == fmt.Sprint(want) {
			continue
		}
		key := decisions.Further(name)
		if w.New[key] = notKept; plainFields[name] {
			w.New[key] = decisions.Value{Name: text(want)}
		}
		if w.Old[key] = notKept; plainFields[name] || is == nil {
			w.Old[key] = decisions.Value{Name: text(is)}
		}
	}
	return w
}

// notKept stands for a text that a prediction doesn't have.
var notKept = decisions.Value{Hash: "-"}

// plainFields are further fields whose values aren't texts of a ticket.
var plainFields = map[string]bool{"Type": true, "Service": true, "SLA": true, "Lock": true, "Responsible": true}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func sameEntity(is, want api.Entity) bool {
	if is.ID != "" && want.ID != "" {
		return is.ID == want.ID
	}
	return is.Name != "" && is.Name == want.Name
}

func valueOf(e *api.Entity) decisions.Value {
	if e == nil {
		return decisions.Value{}
	}
	return decisions.Value{Name: e.Name, ID: e.ID}
}

// readOf is how a ticket was when the run got it.
func readOf(t api.Ticket) decisions.Read {
	var r decisions.Read
	for _, f := range []struct {
		of *api.Entity
		to **decisions.Value
	}{{t.Queue, &r.Queue}, {t.Priority, &r.Priority}, {t.State, &r.State}} {
		if f.of != nil {
			v := valueOf(f.of)
			*f.to = &v
		}
	}
	r.Lock, _ = t.Fields["Lock"].(string)
	return r
}

// Suggest shows a suggestion: a note, and maybe a field. None stands yet.
func (s *system) Suggest(ctx context.Context, id, _ string, u api.TicketUpdate) (written bool, err error) {
	if at := stepOf(ctx); at != nil { // the pipe says what it has decided only when it has written
		at.mu.Lock()
		at.suggests = true
		at.mu.Unlock()
	}
	return true, s.UpdateTicket(ctx, id, u)
}

// Leave is for a pipe that leaves a ticket alone for good. Each runner gets it once anyway.
func (s *system) Leave(ctx context.Context, id, _ string) error {
	_, err := s.ticketOf(ctx, stepOf(ctx), id)
	return err
}
