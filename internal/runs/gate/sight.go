package gate

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// eyes is a ticket system as [sight.Watch] asks it.
type eyes struct{ *ticketSystem }

// glancer finds out which tickets can be read in less than it takes to read them.
type glancer interface {
	ReadableTickets(ctx context.Context, ids []string) ([]string, error)
}

// Readable implements [sight.Desk].
func (e eyes) Readable(ctx context.Context, ids []string) ([]string, error) {
	if g, ok := e.inner.system.(glancer); ok {
		return answered(e.inner, "read", func() ([]string, error) { return g.ReadableTickets(ctx, ids) })
	}
	tickets, err := e.read(ctx, ids, api.SearchCriteria{})
	return idsOf(tickets), err
}

// Any implements [sight.Desk].
func (e eyes) Any(ctx context.Context, limit int) ([]string, error) {
	c := api.SearchCriteria{Limit: limit}
	if e.ids != nil {
		return e.ids.FindTicketIDs(ctx, c)
	}
	tickets, err := e.inner.FindTickets(ctx, c)
	return idsOf(tickets), err
}

const seenName = "gate/seen/"

// Load implements [sight.Keeper].
func (e eyes) Load(ctx context.Context) (string, error) {
	text, _, err := e.gate.options.Store.Value(ctx, seenName+e.service)
	return text, err
}

// Save implements [sight.Keeper].
func (e eyes) Save(ctx context.Context, text string) error {
	return e.gate.options.Store.SetValue(ctx, seenName+e.service, text)
}

func idsOf(tickets []api.Ticket) []string {
	ids := make([]string, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	return ids
}
