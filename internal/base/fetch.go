package base

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type fetchParams struct {
	Criteria api.SearchCriteria `otai:"ticket_search_criteria,required" doc:"Which tickets, oldest first."`
	Tickets  api.TicketSystem   `inject:"ticket_system" doc:"Where the tickets are."`
}

func fetchTickets(ctx context.Context, p fetchParams, _ api.Scope) (api.PipeResult, error) {
	found, err := p.Tickets.FindTickets(ctx, p.Criteria)
	if err != nil {
		return api.PipeResult{}, err
	}
	if found == nil {
		found = []api.Ticket{}
	}
	return api.Success(map[string]any{"fetched_tickets": found}), nil
}
