package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/search"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// search answers TicketSearch: the ids, as texts, of the tickets found, or an empty object.
func (s *System) search(who store.Actor, c Call) (wire.Object, error) {
	found := search.Find(s.Store, who, c.Values)
	if len(found) == 0 {
		return wire.Object{}, nil
	}
	ids := make([]string, len(found))
	for i, t := range found {
		ids[i] = wire.ID(t.ID)
	}
	return wire.Object{"TicketID": ids}, nil
}
