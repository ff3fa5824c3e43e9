package main

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// defaultLimit is the contract's meaning of a limit of 0. The servers' own default is
// their SearchLimit, 500.
const defaultLimit = 10

// FindTickets searches, then reads what it found. For a name that the help desk
// doesn't know the servers find nothing, without an error. Several queues, in
// Fields.Queues or Fields.QueueIDs, are searched one by one, because one unknown name
// would empty the whole answer.
func (s *TicketSystem) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	m, what, limit, err := s.searchOf(ctx, c)
	if err != nil {
		return nil, err
	}
	return s.findReadable(ctx, m, what, c.Offset, limit)
}

// maxRounds bounds the searches for tickets in place of those that can't be read.
const maxRounds = 5

// findReadable searches and reads. The next ticket replaces one that can't be read:
// otherwise a single such ticket at the front would exhaust a small limit forever.
func (s *TicketSystem) findReadable(ctx context.Context, m wire.Message, what wire.ReadOptions, offset, limit int) ([]api.Ticket, error) {
	tickets := []api.Ticket{}
	asked := make(map[string]bool)
	wanted := offset + limit // the servers have no offset, and ignore it silently
	for range maxRounds {
		found, err := s.searchEach(ctx, m, wanted)
		if err != nil {
			return nil, err
		}
		fresh := slices.DeleteFunc(found[min(offset, len(found)):], func(id string) bool { return asked[id] })
		more, err := s.getTickets(ctx, fresh[:min(limit-len(tickets), len(fresh))], what, s.logger.WarnContext)
		if err != nil {
			return nil, err
		}
		tickets = append(tickets, more...)
		if len(tickets) == limit || len(found) < wanted {
			break
		}
		for _, id := range fresh {
			asked[id] = true
		}
		wanted += limit - len(tickets)
	}
	return tickets, nil
}

// searchEach searches queue by queue where several are wanted, and merges the results
// by id, which is by age.
func (s *TicketSystem) searchEach(ctx context.Context, m wire.Message, limit int) ([]string, error) {
	for _, key := range []string{"Queues", "QueueIDs"} {
		several := wire.List(plainList(m[key]))
		if len(several) < 2 {
			continue
		}
		var all []string
		for _, one := range several {
			single := maps.Clone(m)
			single[key] = []any{one}
			found, err := s.searchIDs(ctx, single, limit)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		slices.SortFunc(all, olderID)
		all = slices.Compact(all)
		return all[:min(limit, len(all))], nil
	}
	return s.searchIDs(ctx, m, limit)
}

// olderID orders ids as numbers.
func olderID(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// plainList turns []string into []any.
func plainList(v any) any {
	if texts, ok := v.([]string); ok {
		out := make([]any, len(texts))
		for i, t := range texts {
			out[i] = t
		}
		return out
	}
	return v
}

// searchIDs returns ids, oldest ticket first. The order of tickets of the same second
// is unstable, so their growing number decides between them.
func (s *TicketSystem) searchIDs(ctx context.Context, m wire.Message, limit int) ([]string, error) {
	m = maps.Clone(m)
	m["Limit"] = limit
	m["SortBy"] = []string{"Age", "TicketNumber"}
	// "Up" means older first, although Age suggests the opposite: measured.
	m["OrderBy"] = []string{"Up", "Up"}
	a, err := s.client.Read(ctx, wire.TicketSearch, "", m)
	if err != nil {
		return nil, err
	}
	return a.TicketID, nil
}
