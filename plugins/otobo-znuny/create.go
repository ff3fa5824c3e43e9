package main

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// CreateTicket creates a ticket on behalf of its customer: Subject and Body become
// its first article, written by the customer and visible to them. Queue and Customer
// are required; State defaults to "new", Priority to "3 normal". Notes are added
// afterwards; if that fails, the id is returned with the error.
//
// A ticket whose id is unknown can't be looked for, so an unknown outcome is
// api.ErrUncertain at once. A repetition for the same intent of the host goes on with
// the ticket that was created.
func (s *TicketSystem) CreateTicket(ctx context.Context, t api.Ticket) (string, error) {
	m, notes, err := s.createMessage(t)
	if err != nil {
		return "", fmt.Errorf("create a ticket: %w", err)
	}
	kept, err := s.records.ofHost(ctx)
	if err != nil {
		return "", fmt.Errorf("create a ticket: nothing was sent: %w", err)
	}
	id := kept.Created
	if id == "" {
		if id, err = s.create(ctx, m); err != nil {
			return id, err
		}
	}
	return id, s.deliver(ctx, id, change{Notes: notes})
}

func (s *TicketSystem) create(ctx context.Context, m wire.Message) (string, error) {
	a, err := s.client.Write(ctx, wire.TicketCreate, "", m)
	if err != nil {
		if wire.EffectOf(err) != wire.NoEffect {
			return "", wire.Uncertain(wire.TicketCreate, "", err)
		}
		return "", err
	}
	id := a.TicketID[0]
	if err := s.records.saveCreated(ctx, id); err != nil {
		return id, fmt.Errorf("ticket %s was created: %w", id, err)
	}
	return id, nil
}

func (s *TicketSystem) createMessage(t api.Ticket) (wire.Message, []pendingNote, error) {
	c := change{Ticket: wire.Message{"State": "new", "Priority": "3 normal"}, Dynamic: make(map[string]any)}
	subject, err := title(t.Subject)
	if err != nil {
		return nil, nil, err
	}
	c.Ticket["Title"] = subject
	if t.Queue == nil {
		return nil, nil, missingField("queue")
	}
	if t.Customer == nil {
		return nil, nil, missingField("customer")
	}
	if t.State != nil {
		delete(c.Ticket, "State")
	}
	if t.Priority != nil {
		delete(c.Ticket, "Priority")
	}
	for _, refused := range []error{
		c.setEntity("queue", "Queue", "QueueID", t.Queue),
		c.setEntity("customer", "CustomerUser", "CustomerUser", t.Customer),
		c.setEntity("state", "State", "StateID", t.State),
		c.setEntity("priority", "Priority", "PriorityID", t.Priority),
		c.setEntity("owner", "Owner", "OwnerID", t.Owner),
		c.setFields("create a ticket", t.Fields, s.zone),
	} {
		if refused != nil {
			return nil, nil, refused
		}
	}
	first, err := s.newNote("", api.Note{Subject: t.Subject, Body: t.Body, VisibleToCustomer: true})
	if err != nil {
		return nil, nil, err
	}
	first.SenderType = "customer"
	var notes []pendingNote
	for i, n := range t.Notes {
		p, err := s.newNote(fmt.Sprintf("notes[%d].", i), n)
		if err != nil {
			return nil, nil, err
		}
		notes = append(notes, p)
	}
	m := wire.Message{"Ticket": c.Ticket, "Article": first.Article}
	if len(c.Dynamic) > 0 {
		m["DynamicField"] = dynamicList(c.Dynamic)
	}
	return m, notes, nil
}

func missingField(field string) error {
	return &api.FieldError{Field: field, Err: fmt.Errorf("%w: is needed to create a ticket", api.ErrInvalid)}
}
