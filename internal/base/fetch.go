package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type fetchParams struct {
	Criteria api.SearchCriteria `otai:"ticket_search_criteria,required" doc:"Which tickets, oldest first."`
	Claim    *bool              `otai:"claim" doc:"Whether this run takes the tickets for itself, so that no other one finds them; default: the first search of a run does."`
	Tickets  api.TicketSystem   `inject:"ticket_system" doc:"Where the tickets are."`
}

func fetchTickets(ctx context.Context, p fetchParams, _ api.Scope) (api.PipeResult, error) {
	if c, ok := p.Tickets.(claimer); ok && p.Claim != nil {
		ctx = c.WithClaim(ctx, *p.Claim)
	}
	found, err := p.Tickets.FindTickets(ctx, p.Criteria)
	if err != nil {
		return api.PipeResult{}, err
	}
	if found == nil {
		found = []api.Ticket{}
	}
	return api.Success(map[string]any{"fetched_tickets": found}), nil
}

// claimer is a ticket system at which a search claims the tickets that it finds, unless
// the context says otherwise.
type claimer interface {
	WithClaim(ctx context.Context, claim bool) context.Context
}
