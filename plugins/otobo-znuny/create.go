package main

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// CreateTicket makes a ticket in the name of its customer: Subject and Body become
// its first article, written by the customer and visible to them. It needs Queue
// and Customer; without State it is "new", without Priority "3 normal". Notes are
// added after it; if that fails, the id is returned with the error.
//
// There is no way to look for a ticket whose id is not known, so an unknown
// outcome is api.ErrUncertain at once.
func (s *TicketSystem) CreateTicket(ctx context.Context, t api.Ticket) (string, error) {
	m, notes, err := createMessage(t)
	if err != nil {
		return "", fmt.Errorf("create a ticket: %w", err)
	}
	a, err := s.writeCall(ctx, opCreate, "", m)
	if err != nil {
		if effectOf(err) != none {
			return "", uncertain(opCreate, "", err)
		}
		return "", err
	}
	id := a.TicketID[0]
	return id, s.deliver(ctx, id, change{notes: notes})
}

func createMessage(t api.Ticket) (message, []pendingNote, error) {
	c := change{ticket: message{"State": "new", "Priority": "3 normal"}, dynamic: make(map[string]any)}
	subject, err := title(t.Subject)
	if err != nil {
		return nil, nil, err
	}
	c.ticket["Title"] = subject
	if t.Queue == nil {
		return nil, nil, needed("queue")
	}
	if t.Customer == nil {
		return nil, nil, needed("customer")
	}
	if t.State != nil {
		delete(c.ticket, "State")
	}
	if t.Priority != nil {
		delete(c.ticket, "Priority")
	}
	for _, refused := range []error{
		c.setEntity("queue", "Queue", "QueueID", t.Queue),
		c.setEntity("customer", "CustomerUser", "CustomerUser", t.Customer),
		c.setEntity("state", "State", "StateID", t.State),
		c.setEntity("priority", "Priority", "PriorityID", t.Priority),
		c.setEntity("owner", "Owner", "OwnerID", t.Owner),
		c.setFields("create a ticket", t.Fields),
	} {
		if refused != nil {
			return nil, nil, refused
		}
	}
	first, err := newArticle("", api.Note{Subject: t.Subject, Body: t.Body, VisibleToCustomer: true})
	if err != nil {
		return nil, nil, err
	}
	first.SenderType = "customer"
	var notes []pendingNote
	for i, n := range t.Notes {
		a, err := newArticle(fmt.Sprintf("notes[%d].", i), n)
		if err != nil {
			return nil, nil, err
		}
		notes = append(notes, pendingNote{article: a})
	}
	m := message{"Ticket": c.ticket, "Article": first}
	if len(c.dynamic) > 0 {
		m["DynamicField"] = dynamicList(c.dynamic)
	}
	return m, notes, nil
}

func needed(field string) error {
	return &api.FieldError{Field: field, Err: fmt.Errorf("%w: is needed to create a ticket", api.ErrInvalid)}
}
