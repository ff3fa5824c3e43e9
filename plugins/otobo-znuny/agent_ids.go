package main

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// agentDirectory has the ids of agents by their logins. The servers search for owners
// by id only, and no operation returns an agent's id; but every ticket names its owner
// and its responsible both ways. The zero value is empty.
type agentDirectory struct {
	mu  sync.Mutex
	ids map[string]string
}

func (a *agentDirectory) learn(r wire.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ids == nil {
		a.ids = make(map[string]string)
	}
	for _, key := range []string{"Owner", "Responsible"} {
		if login, id := r.Text(key), r.Text(key+"ID"); login != "" && id != "" {
			a.ids[login] = id
		}
	}
}

func (a *agentDirectory) id(login string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id, known := a.ids[login]
	return id, known
}

// ticketsForAgents is how many of the newest tickets are read to find an agent.
const ticketsForAgents = 200

// agentIDs finds the ids of agents. missing is the first agent without a known ticket.
func (s *TicketSystem) agentIDs(ctx context.Context, logins []string) (ids []string, missing string, err error) {
	look := func() (ids []string, missing string) {
		for _, login := range logins {
			id, known := s.agents.id(login)
			if !known {
				return nil, login
			}
			ids = append(ids, id)
		}
		return ids, ""
	}
	if ids, missing = look(); missing == "" {
		return ids, "", nil
	}
	a, err := s.client.Read(ctx, wire.TicketSearch, "", wire.Message{"Limit": ticketsForAgents, "SortBy": "Age", "OrderBy": "Down"})
	if err != nil {
		return nil, missing, err
	}
	for rest := a.TicketID; len(rest) > 0 && missing != ""; {
		batch := rest[:min(batchSize, len(rest))]
		rest = rest[len(batch):]
		if _, err := s.getReadable(ctx, batch, wire.Message{}, s.logger.WarnContext); err != nil {
			return nil, missing, err
		}
		ids, missing = look()
	}
	return ids, missing, nil
}

// withAgentIDs replaces the logins of a search, in Owners and Responsibles, by ids.
func (s *TicketSystem) withAgentIDs(ctx context.Context, m wire.Message) (wire.Message, error) {
	for _, criterion := range [][2]string{{"Owners", "OwnerIDs"}, {"Responsibles", "ResponsibleIDs"}} {
		key, idKey := criterion[0], criterion[1]
		given, ok := m[key]
		if !ok {
			continue
		}
		if _, twice := m[idKey]; twice {
			return nil, invalidCriterion("fields."+key, "can't be joined with "+idKey)
		}
		var logins []string
		for _, v := range wire.List(given) {
			logins = append(logins, strings.TrimSpace(wire.Canonical(v)))
		}
		ids, missing, err := s.agentIDs(ctx, logins)
		switch {
		case err != nil:
			return nil, fmt.Errorf("find the id of agent %q: %w", missing, err)
		case missing != "":
			return nil, fmt.Errorf("search tickets: %w", &api.FieldError{Field: "fields." + key, Err: fmt.Errorf(
				"%w: the help desk searches by ids alone, and none of its newest %d tickets has that of %q: check the login, or write %s with the id, which the address of the agent's page shows as UserID (Admin, Agents)",
				api.ErrInvalid, ticketsForAgents, missing, idKey)})
		}
		m = maps.Clone(m)
		delete(m, key)
		m[idKey] = ids
	}
	return m, nil
}
