package base

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// writeAnswer turns what a ticket system said to a write into the pipe's answer.
// A refusal is an answer, because repeating it would be refused again; all else
// is a fault. The refusal is logged once, not at each time the same ticket comes
// by.
type writeAnswer struct {
	logger  *slog.Logger
	path    string // of the pipe, in the configuration
	locate  func(path string) string
	refused string
}

func (o Options) newWriteAnswer(h api.Host) writeAnswer {
	return writeAnswer{logger: h.Logger(), path: h.Path(), locate: o.Locate}
}

// place says where in the configuration a refused value was written; "" for a
// refusal that is about none. under is the param that holds the value.
func (w *writeAnswer) place(under string, err error) string {
	var field *api.FieldError
	if w.path == "" || !errors.As(err, &field) {
		return ""
	}
	path := w.path + ".params."
	switch name, ofNote := strings.CutPrefix(field.Field, "note."); {
	case field.Field == "ticket_id":
		path += field.Field
	case ofNote && under == "note":
		path += "note." + name
	case ofNote: // which of the notes, the ticket system doesn't say
		path += under + ".notes"
	default:
		path += under + "." + field.Field
	}
	if w.locate == nil {
		return path
	}
	if at := w.locate(path); at != "" {
		return at + ": " + path
	}
	return path
}

func (w *writeAnswer) of(ticket, under string, err error) (api.PipeResult, error) {
	switch {
	case err == nil:
		return api.Success(nil), nil
	case errors.Is(err, api.ErrInvalid), errors.Is(err, api.ErrDenied), errors.Is(err, api.ErrNotFound):
		place := w.place(under, err)
		if said := ticket + ": " + err.Error(); said != w.refused {
			w.refused = said
			args := []any{"ticket", ticket, "err", err.Error()}
			if place != "" {
				args = append(args, "at", place)
			}
			w.logger.Warn("the ticket system refused a change", args...)
		}
		if place != "" {
			return api.Failure("ticket %s: %v (%s)", ticket, err, place), nil
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

func (o Options) newUpdateTicketPipe(h api.Host) (*updateTicketPipe, error) {
	return &updateTicketPipe{answer: o.newWriteAnswer(h)}, nil
}

func (u *updateTicketPipe) Process(ctx context.Context, p updateParams, _ api.Scope) (api.PipeResult, error) {
	return u.answer.of(p.Ticket, "updated_ticket", p.Tickets.UpdateTicket(ctx, p.Ticket, p.Update))
}

type noteParams struct {
	Ticket  string           `otai:"ticket_id,required" min:"1" doc:"Which ticket."`
	Note    api.Note         `otai:"note,required" doc:"The note; internal unless visible_to_customer says otherwise."`
	Tickets api.TicketSystem `inject:"ticket_system" doc:"Where the ticket is."`
	Extra   map[string]any   `otai:",rest" doc:"Accepted and not used, as in Open Ticket AI."`
}

type addNotePipe struct{ answer writeAnswer }

func (o Options) newAddNotePipe(h api.Host) (*addNotePipe, error) {
	return &addNotePipe{answer: o.newWriteAnswer(h)}, nil
}

func (a *addNotePipe) Process(ctx context.Context, p noteParams, _ api.Scope) (api.PipeResult, error) {
	return a.answer.of(p.Ticket, "note", p.Tickets.AddNote(ctx, p.Ticket, p.Note))
}
