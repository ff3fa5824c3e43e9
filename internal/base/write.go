package base

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// writeResult turns the answer of a ticket system to a write into the result of the
// pipe. A write that was rejected is a failed result, because it would be rejected
// again; everything else stays an error. What becomes of the ticket is said by whoever
// keeps the run.
type writeResult struct {
	logger *slog.Logger
	path   string // of the pipe, in the configuration
	locate func(path string) string
}

func (o Options) newWriteResult(h api.Host) *writeResult {
	return &writeResult{logger: h.Logger(), path: h.Path(), locate: o.Locate}
}

// place returns where in the configuration a rejected value was written, "" if the
// error isn't about a value. under is the param with the value.
func (w *writeResult) place(under string, err error) string {
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
	case ofNote: // the ticket system doesn't say which one
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

// of returns the result of a write to a ticket that ended with err.
func (w *writeResult) of(ticket, under string, err error) (api.PipeResult, error) {
	switch {
	case err == nil:
		return api.Success(nil), nil
	case errors.Is(err, api.ErrInvalid), errors.Is(err, api.ErrDenied), errors.Is(err, api.ErrNotFound):
		place := w.place(under, err)
		if field := (*api.FieldError)(nil); errors.As(err, &field) && field.Field == "ticket_id" { // it may be anything
			w.logger.Debug("the ticket system knows no such ticket", "err", err.Error(), "at", place)
			return api.Failure("%v (%s)", err, place), nil
		}
		w.logger.Debug("the ticket system refused a change", "ticket", ticket, "err", err.Error(), "at", place)
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

type updateTicketPipe struct{ result *writeResult }

func (o Options) newUpdateTicketPipe(h api.Host) (api.PipeFunc[updateParams], error) {
	return updateTicketPipe{result: o.newWriteResult(h)}.process, nil
}

func (u updateTicketPipe) process(ctx context.Context, p updateParams, _ api.Scope) (api.PipeResult, error) {
	return u.result.of(p.Ticket, "updated_ticket", p.Tickets.UpdateTicket(ctx, p.Ticket, p.Update))
}

type noteParams struct {
	Ticket  string           `otai:"ticket_id,required" min:"1" doc:"Which ticket."`
	Note    api.Note         `otai:"note,required" doc:"The note; internal unless visible_to_customer says otherwise."`
	Tickets api.TicketSystem `inject:"ticket_system" doc:"Where the ticket is."`
	Extra   map[string]any   `otai:",rest" doc:"Accepted and not used, as in Open Ticket AI."`
}

type addNotePipe struct{ result *writeResult }

func (o Options) newAddNotePipe(h api.Host) (api.PipeFunc[noteParams], error) {
	return addNotePipe{result: o.newWriteResult(h)}.process, nil
}

func (a addNotePipe) process(ctx context.Context, p noteParams, _ api.Scope) (api.PipeResult, error) {
	return a.result.of(p.Ticket, "note", p.Tickets.AddNote(ctx, p.Ticket, p.Note))
}
