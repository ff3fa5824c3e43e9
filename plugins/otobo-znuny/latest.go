package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// What follows is optional on a ticket system, too: it serves `otai try`.

// FindLatestTicketIDs returns the ids of the tickets that were created last, the latest first,
// and of open ones alone unless closed is true.
func (s *TicketSystem) FindLatestTicketIDs(ctx context.Context, c api.SearchCriteria, closed bool) ([]string, error) {
	m, _, limit, err := s.searchOf(ctx, c)
	if err != nil {
		return nil, err
	}
	if _, given := m["StateType"]; !closed && !given {
		m["StateType"] = stateTypes("Open")
	}
	m = maps.Clone(m)
	m["Limit"] = limit
	m["SortBy"] = []string{"Age", "TicketNumber"}
	m["OrderBy"] = []string{"Down", "Down"} // the other way round: see searchIDs
	a, err := s.client.Read(ctx, wire.TicketSearch, "", m)
	if err != nil {
		return nil, err
	}
	return a.TicketID, nil
}

// FindAmong returns which of these tickets a search finds.
func (s *TicketSystem) FindAmong(ctx context.Context, ids []string, c api.SearchCriteria) ([]string, error) {
	m, _, _, err := s.searchOf(ctx, c)
	if err != nil {
		return nil, err
	}
	m = maps.Clone(m)
	m["TicketID"] = ids
	found, err := s.searchEach(ctx, m, len(ids))
	if err != nil {
		return nil, err
	}
	for _, id := range found {
		if !slices.Contains(ids, id) {
			return nil, fmt.Errorf("search among tickets: the help desk found ticket %s, for which it was not asked: %w", id, errors.ErrUnsupported)
		}
	}
	return found, nil
}

// TicketLink is the address at which agents see a ticket.
func (s *TicketSystem) TicketLink(id string) string {
	before, _, ok := strings.Cut(s.client.URL(), "/"+wire.Script)
	if !ok {
		return ""
	}
	u, err := url.Parse(before)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String() + "/index.pl?Action=AgentTicketZoom;TicketID=" + url.QueryEscape(id)
}
