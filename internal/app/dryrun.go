package app

import (
	"context"
	"log/slog"
	"sync"

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

	mu   sync.Mutex
	seen map[string]standing
}

// standing is what a person looks at before a ticket is changed: nobody wants
// closed ones touched, or those that an agent has locked.
type standing struct{ state, lock string }

const maxStandings = 10_000

func (d *dryTickets) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	found, err := d.TicketSystem.FindTickets(ctx, c)
	d.saw(found...)
	return found, err
}

func (d *dryTickets) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	t, err := d.TicketSystem.GetTicket(ctx, id)
	if err == nil {
		d.saw(t)
	}
	return t, err
}

func (d *dryTickets) saw(tickets ...api.Ticket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen == nil || len(d.seen) > maxStandings {
		d.seen = make(map[string]standing)
	}
	for _, t := range tickets {
		lock, _ := t.Fields["Lock"].(string)
		d.seen[t.ID] = standing{state: t.State.String(), lock: lock}
	}
}

// about begins a line about a ticket: its id, and its state and lock, which are
// read where no pipe has.
func (d *dryTickets) about(ctx context.Context, id string) []any {
	d.mu.Lock()
	s, known := d.seen[id]
	d.mu.Unlock()
	if !known {
		if _, err := d.GetTicket(ctx, id); err == nil {
			d.mu.Lock()
			s = d.seen[id]
			d.mu.Unlock()
		}
	}
	args := []any{"ticket", id}
	if s.state != "" {
		args = append(args, "state_now", s.state)
	}
	if s.lock != "" {
		args = append(args, "lock_now", s.lock)
	}
	return args
}

func (d *dryTickets) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	args := d.about(ctx, id)
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
		d.note(ctx, id, n)
	}
	return nil
}

func (d *dryTickets) AddNote(ctx context.Context, id string, n api.Note) error {
	d.note(ctx, id, n)
	return nil
}

func (d *dryTickets) note(ctx context.Context, id string, n api.Note) {
	args := append(d.about(ctx, id), "subject", n.Subject, "body", n.Body, "visible_to_customer", n.VisibleToCustomer)
	d.logger.Info("dry run: would add a note", args...)
}
