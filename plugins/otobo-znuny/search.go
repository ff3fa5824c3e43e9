package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// defaultLimit is the contract's meaning of a limit of 0. The servers' own would
// be their SearchLimit, 500.
const defaultLimit = 10

// FindTickets searches, then reads what it found with all articles. A name that
// the help desk doesn't know makes the servers find nothing; they don't say so.
func (s *TicketSystem) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	m, err := searchMessage(c, s.zone)
	if err != nil {
		return nil, err
	}
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	if limit < 0 || c.Offset < 0 {
		return nil, fmt.Errorf("search tickets: %w: limit and offset must not be negative", api.ErrInvalid)
	}
	// The servers have no offset, and ignore it silently.
	found, err := s.searchIDs(ctx, m, c.Offset+limit)
	if err != nil {
		return nil, err
	}
	found = found[min(c.Offset, len(found)):]
	return s.getTickets(ctx, found)
}

// searchIDs returns ids, oldest ticket first. Tickets of the same second come in
// unstable order, so the number decides between them: it grows with the ticket.
func (s *TicketSystem) searchIDs(ctx context.Context, m message, limit int) ([]string, error) {
	m = maps.Clone(m)
	m["Limit"] = limit
	m["SortBy"] = []string{"Age", "TicketNumber"}
	// "Up" means older first, although Age suggests the contrary: measured.
	m["OrderBy"] = []string{"Up", "Up"}
	a, err := s.readCall(ctx, opSearch, "", m)
	if err != nil {
		return nil, err
	}
	return a.TicketID, nil
}

func searchMessage(c api.SearchCriteria, zone *time.Location) (message, error) {
	m := make(message)
	if err := addFilter(m, "queue", "Queues", "QueueIDs", pointers(c.Queue)); err != nil {
		return nil, err
	}
	if err := addFilter(m, "priority", "Priorities", "PriorityIDs", pointers(c.Priority)); err != nil {
		return nil, err
	}
	states := make([]*api.Entity, len(c.States))
	for i := range c.States {
		states[i] = &c.States[i]
	}
	if err := addFilter(m, "states", "States", "StateIDs", states); err != nil {
		return nil, err
	}
	if !c.ChangedAfter.IsZero() {
		m["TicketChangeTimeNewerDate"] = c.ChangedAfter.In(zone).Format(time.DateTime)
	}
	for key, v := range c.Fields {
		if strings.HasPrefix(key, dynamicPrefix) && len(key) > len(dynamicPrefix) {
			m[key] = operators(v)
			continue
		}
		if !searchKeys[key] {
			return nil, refusedKey("search tickets", key, searchKeys)
		}
		m[key] = v
	}
	return m, nil
}

// searchKeys are the criteria of TicketSearch that Fields may hold, besides
// dynamic fields.
var searchKeys = map[string]bool{
	"TicketNumber": true, "Title": true, "UseSubQueues": true, "StateType": true, "StateTypeIDs": true,
	"Queues": true, "QueueIDs": true, "Priorities": true, "PriorityIDs": true, "States": true, "StateIDs": true,
	"Types": true, "TypeIDs": true, "Locks": true, "LockIDs": true, "Services": true, "ServiceIDs": true,
	"OwnerIDs": true, "ResponsibleIDs": true, "CustomerID": true, "CustomerUserLogin": true,
	"TicketCreateTimeNewerDate": true, "TicketCreateTimeOlderDate": true,
	"TicketCreateTimeNewerMinutes": true, "TicketCreateTimeOlderMinutes": true,
	"TicketChangeTimeNewerDate": true, "TicketChangeTimeOlderDate": true,
	"TicketChangeTimeNewerMinutes": true, "TicketChangeTimeOlderMinutes": true,
}

// operators is a dynamic field's condition; a value alone means "equals".
func operators(v any) any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{"Equals": v}
}

// addFilter searches by name, and by id where no name is given. Names and ids
// would be joined by AND, so a list can't mix them.
func addFilter(m message, field, nameKey, idKey string, list []*api.Entity) error {
	var names, identifiers []string
	for _, e := range list {
		switch {
		case e.Validate() != nil:
			return &api.FieldError{Field: field, Err: fmt.Errorf("%w: %w", api.ErrInvalid, e.Validate())}
		case e.Name != "":
			names = append(names, e.Name)
		default:
			identifiers = append(identifiers, e.ID)
		}
	}
	switch {
	case names != nil && identifiers != nil:
		return &api.FieldError{Field: field, Err: fmt.Errorf("%w: give all of them by name or all by id", api.ErrInvalid)}
	case names != nil:
		m[nameKey] = names
	case identifiers != nil:
		m[idKey] = identifiers
	}
	return nil
}

func pointers(e *api.Entity) []*api.Entity {
	if e == nil {
		return nil
	}
	return []*api.Entity{e}
}

// refusedKey names the keys that would be right: the servers would ignore a wrong
// one silently.
func refusedKey(doing, key string, known map[string]bool) error {
	names := slices.Sorted(maps.Keys(known))
	return fmt.Errorf("%s: %w", doing, &api.FieldError{
		Field: "fields." + key,
		Err:   fmt.Errorf("%w: is not known (known are %s and %sNAME)", api.ErrInvalid, strings.Join(names, ", "), dynamicPrefix),
	})
}

// checkID refuses what the servers would read as something else, such as a list
// of ids.
func checkID(id string) (string, error) {
	id = strings.TrimSpace(id)
	if id == "" || strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" {
		return "", &api.FieldError{Field: "ticket_id", Err: fmt.Errorf("%w: %q is no ticket id: it is a whole number above zero", api.ErrInvalid, truncate(id, 40))}
	}
	return id, nil
}

// notReadable reports whether a single ticket, or one of a batch, can't be read,
// while others can.
func notReadable(err error) bool {
	return errors.Is(err, api.ErrNotFound)
}
