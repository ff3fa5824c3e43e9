package main

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// UpdateTicket changes a ticket. One request has the fields and the first note; each
// further note has its own, because OTOBO rejects a list of articles.
//
// The servers don't write in a transaction. When the outcome of a request is unknown,
// the ticket is read and only what is missing is sent again; see deliver. An empty
// update sends nothing. The error of an update that was written in part is a
// [*PartialError].
func (s *TicketSystem) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	id, err := checkID(id)
	if err != nil {
		return err
	}
	c, err := s.newChange(u)
	if err != nil {
		return fmt.Errorf("change ticket %s: %w", id, err)
	}
	return s.deliver(ctx, id, c)
}

func (s *TicketSystem) newChange(u api.TicketUpdate) (change, error) {
	c := change{Ticket: make(wire.Message), Dynamic: make(map[string]any)}
	if u.Subject != nil {
		t, err := title(*u.Subject)
		if err != nil {
			return change{}, err
		}
		c.Ticket["Title"] = t
	}
	for _, e := range []struct {
		field, name, id string
		to              *api.Entity
	}{
		{"queue", "Queue", "QueueID", u.Queue},
		{"priority", "Priority", "PriorityID", u.Priority},
		{"state", "State", "StateID", u.State},
		{"owner", "Owner", "OwnerID", u.Owner},
		{"customer", "CustomerUser", "CustomerUser", u.Customer},
	} {
		if err := c.setEntity(e.field, e.name, e.id, e.to); err != nil {
			return change{}, err
		}
	}
	if err := c.setFields("change a ticket", u.Fields, s.zone); err != nil {
		return change{}, err
	}
	for i, n := range u.Notes {
		p, err := s.newNote(fmt.Sprintf("notes[%d].", i), n)
		if err != nil {
			return change{}, err
		}
		c.Notes = append(c.Notes, p)
	}
	return c, nil
}
