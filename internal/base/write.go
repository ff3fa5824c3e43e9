package base

import (
	"context"
	"errors"
	"log/slog"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// writeAnswer turns what a ticket system said to a write into the pipe's answer.
// A refusal is an answer, because repeating it would be refused again; all else
// is a fault. The refusal is logged once, not at each time the same ticket comes
// by.
type writeAnswer struct {
	logger  *slog.Logger
	refused string
}

func (w *writeAnswer) of(ticket string, err error) (api.PipeResult, error) {
	switch {
	case err == nil:
		return api.Success(nil), nil
	case errors.Is(err, api.ErrInvalid), errors.Is(err, api.ErrDenied), errors.Is(err, api.ErrNotFound):
		if said := ticket + ": " + err.Error(); said != w.refused {
			w.refused = said
			w.logger.Warn("the ticket system refused a change", "ticket", ticket, "err", err.Error())
		}
		return api.Failure("ticket %s: %v", ticket, err), nil
	default:
		return api.PipeResult{}, err
	}
}

type updateParams struct {
	Ticket  string           `otai:"ticket_id,required" min:"1" doc:"Which ticket."`
	Update  api.TicketUpdate `otai:"updated_ticket,required" doc:"What to change; notes are added in the same request."`
	Tickets api.TicketSystem `inject:"ticket_system" doc:"Where the ticket is."`
}

type updateTicketPipe struct{ answer writeAnswer }

func newUpdateTicketPipe(h api.Host) (*updateTicketPipe, error) {
	return &updateTicketPipe{answer: writeAnswer{logger: h.Logger()}}, nil
}

func (u *updateTicketPipe) Process(ctx context.Context, p updateParams, _ api.Scope) (api.PipeResult, error) {
	return u.answer.of(p.Ticket, p.Tickets.UpdateTicket(ctx, p.Ticket, p.Update))
}

type noteParams struct {
	Ticket  string           `otai:"ticket_id,required" min:"1" doc:"Which ticket."`
	Note    api.Note         `otai:"note,required" doc:"The note; internal unless visible_to_customer says otherwise."`
	Tickets api.TicketSystem `inject:"ticket_system" doc:"Where the ticket is."`
	Extra   map[string]any   `otai:",rest" doc:"Accepted and not used, as in Open Ticket AI."`
}

type addNotePipe struct{ answer writeAnswer }

func newAddNotePipe(h api.Host) (*addNotePipe, error) {
	return &addNotePipe{answer: writeAnswer{logger: h.Logger()}}, nil
}

func (a *addNotePipe) Process(ctx context.Context, p noteParams, _ api.Scope) (api.PipeResult, error) {
	return a.answer.of(p.Ticket, p.Tickets.AddNote(ctx, p.Ticket, p.Note))
}
