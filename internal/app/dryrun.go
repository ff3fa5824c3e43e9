package app

import (
	"context"
	"log/slog"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// dryRun stands before ticket systems and shows what would be written. What a
// plugin offers beyond the contract is not passed on, so that nothing is written
// by another way.
type dryRun struct{ logger *slog.Logger }

func (d dryRun) wrap(use string, service any) any {
	tickets, ok := service.(api.TicketSystem)
	if !ok {
		return service
	}
	return &dryTickets{TicketSystem: tickets, logger: d.logger.With("use", use)}
}

type dryTickets struct {
	api.TicketSystem
	logger *slog.Logger
}

func (d *dryTickets) UpdateTicket(_ context.Context, id string, u api.TicketUpdate) error {
	args := []any{"ticket", id}
	if u.Subject != nil {
		args = append(args, "subject", *u.Subject)
	}
	for _, change := range []struct {
		name string
		to   *api.Entity
	}{{"queue", u.Queue}, {"priority", u.Priority}, {"state", u.State}, {"owner", u.Owner}, {"customer", u.Customer}} {
		if change.to != nil {
			args = append(args, change.name, change.to.String())
		}
	}
	if len(u.Fields) > 0 {
		args = append(args, "fields", u.Fields)
	}
	d.logger.Info("dry run: would change the ticket", args...)
	for _, n := range u.Notes {
		d.note(id, n)
	}
	return nil
}

func (d *dryTickets) AddNote(_ context.Context, id string, n api.Note) error {
	d.note(id, n)
	return nil
}

func (d *dryTickets) note(id string, n api.Note) {
	d.logger.Info("dry run: would add a note", "ticket", id, "subject", n.Subject, "body", n.Body, "visible_to_customer", n.VisibleToCustomer)
}
