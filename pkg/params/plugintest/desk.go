package plugintest

import (
	"context"
	"fmt"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// emptyDesk is a ticket system without tickets.
type emptyDesk struct{}

func (emptyDesk) FindTickets(ctx context.Context, _ api.SearchCriteria) ([]api.Ticket, error) {
	return []api.Ticket{}, ctx.Err()
}

func (emptyDesk) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	return api.Ticket{}, noTicket(ctx, id)
}

func (emptyDesk) UpdateTicket(ctx context.Context, id string, _ api.TicketUpdate) error {
	return noTicket(ctx, id)
}

func (emptyDesk) AddNote(ctx context.Context, id string, _ api.Note) error {
	return noTicket(ctx, id)
}

func noTicket(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return fmt.Errorf("there is no ticket %s: %w", id, api.ErrNotFound)
}

// oneLabel is a classifier that is sure of the same label for any text.
type oneLabel struct{}

func (oneLabel) Classify(ctx context.Context, _ api.ClassificationRequest) (api.Classification, error) {
	const label = "Other"
	return api.Classification{Label: label, Confidence: 1, Scores: []api.Score{{Label: label, Confidence: 1}}}, ctx.Err()
}
