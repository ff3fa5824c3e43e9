package main

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// fetchParams are the params of FetchTicketsPipe. Without criteria it fetches the
// ten oldest tickets that the agent may read.
type fetchParams struct {
	Criteria *api.SearchCriteria `otai:"ticket_search_criteria" doc:"Which tickets, oldest first; without it the ten oldest of all."`
	Tickets  api.TicketSystem    `inject:"ticket_system" doc:"Where the tickets are."`
}

// fetchTickets yields fetched_tickets, a list that may be empty.
func fetchTickets(ctx context.Context, p fetchParams, _ api.Scope) (api.PipeResult, error) {
	var criteria api.SearchCriteria
	if p.Criteria != nil {
		criteria = *p.Criteria
	}
	found, err := p.Tickets.FindTickets(ctx, criteria)
	if err != nil {
		return api.PipeResult{}, err
	}
	if found == nil {
		found = []api.Ticket{}
	}
	return api.Success(map[string]any{"fetched_tickets": found}), nil
}
