package app

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// dryRun stands before ticket systems and shows what would be written. What a
// plugin offers beyond the contract is not passed on, so that nothing is written
// by another way.
//
// A ticket of which something was shown would have left the search; so it is left out of
// the searches that follow, and the run goes on with the next ones.
type dryRun struct {
	logger  *slog.Logger
	bounds  map[string]bounds.Bounds // by id of the service
	systems map[string]*dryTickets   // by id of the service
}

func newDryRun(logger *slog.Logger, bounded map[string]bounds.Bounds) dryRun {
	return dryRun{logger: logger, bounds: bounded, systems: make(map[string]*dryTickets)}
}

func (d dryRun) wrap(s orchestrator.Service, instance any) any {
	inner, ok := instance.(api.TicketSystem)
	if !ok {
		return instance
	}
	tickets, known := d.systems[s.ID]
	if !known {
		tickets = &dryTickets{TicketSystem: inner, allow: d.bounds[s.ID].Allow, logger: d.logger.With("use", s.Use), seen: make(map[string]standing), shown: make(map[string]bool)}
		d.systems[s.ID] = tickets
	}
	if _, ok := instance.(api.TicketCreator); ok {
		return &dryCreator{tickets}
	}
	return tickets
}

type dryTickets struct {
	api.TicketSystem
	allow  *bounds.Allow
	logger *slog.Logger

	mu    sync.Mutex
	seen  map[string]standing
	shown map[string]bool
}

// finder is optional on a ticket system, as the gate looks for it.
type finder interface {
	FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error)
	ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error)
}

// standing is what a person looks at before a ticket is changed: nobody wants
// closed ones touched, or those that an agent has locked.
type standing struct{ state, lock string }

const maxStandings = 10_000

// mostLeftOut is how many tickets more than its limit a search asks for.
const mostLeftOut = 500

// FindTickets finds what was not shown yet.
func (d *dryTickets) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	limit, leftOut := c.Limit, d.leftOut()
	if limit <= 0 || leftOut == 0 {
		found, err := d.TicketSystem.FindTickets(ctx, c)
		found = slices.DeleteFunc(found, func(t api.Ticket) bool { return d.wasShown(t.ID) })
		d.saw(found...)
		return found, err
	}
	c.Limit = limit + min(leftOut, mostLeftOut)
	if f, ok := d.TicketSystem.(finder); ok {
		ids, err := f.FindTicketIDs(ctx, c)
		if err != nil {
			return nil, err
		}
		ids = slices.DeleteFunc(ids, d.wasShown)
		c.Limit = limit
		found, err := f.ReadTickets(ctx, ids[:min(limit, len(ids))], c)
		d.saw(found...)
		return found, err
	}
	found, err := d.TicketSystem.FindTickets(ctx, c)
	found = slices.DeleteFunc(found, func(t api.Ticket) bool { return d.wasShown(t.ID) })
	found = found[:min(limit, len(found))]
	d.saw(found...)
	return found, err
}

func (d *dryTickets) leftOut() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.shown)
}

func (d *dryTickets) wasShown(id string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shown[id]
}

func (d *dryTickets) show(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shown[id] = true
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
	if len(d.seen) > maxStandings {
		clear(d.seen)
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
	d.show(id)
	if err := d.allow.Update(u); err != nil {
		return d.refuse(err, d.about(ctx, id))
	}
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
	d.show(id)
	if err := d.allow.Note(n); err != nil {
		return d.refuse(err, d.about(ctx, id))
	}
	d.note(ctx, id, n)
	return nil
}

// refuse says what would not be sent.
func (d *dryTickets) refuse(err error, about []any) error {
	d.logger.Error("dry run: a change that isn't allowed would not be sent", append(about, "err", err.Error())...)
	return err
}

// Suggest shows a suggestion, as whatever runs the pipe would carry it out.
func (d *dryTickets) Suggest(ctx context.Context, id, _ string, u api.TicketUpdate) (bool, error) {
	return true, d.UpdateTicket(ctx, id, u)
}

// Leave shows that a ticket is left to people for good, so it is found no more.
func (d *dryTickets) Leave(ctx context.Context, id, why string) error {
	d.show(id)
	d.logger.Info("dry run: would leave the ticket alone", append(d.about(ctx, id), "reason", why)...)
	return nil
}

func (d *dryTickets) note(ctx context.Context, id string, n api.Note) {
	args := append(d.about(ctx, id), "subject", n.Subject, "body", n.Body, "visible_to_customer", n.VisibleToCustomer)
	d.logger.Info("dry run: would add a note", args...)
}

// dryCreator is a ticket system that makes tickets, too.
type dryCreator struct{ *dryTickets }

// CreateTicket shows the ticket. No ticket has the id that it returns.
func (d *dryCreator) CreateTicket(_ context.Context, t api.Ticket) (string, error) {
	if err := d.allow.Create(t); err != nil {
		return "", d.refuse(err, []any{"subject", t.Subject})
	}
	d.logger.Info("dry run: would make a ticket", "subject", t.Subject, "queue", t.Queue.String())
	return "0", nil
}
