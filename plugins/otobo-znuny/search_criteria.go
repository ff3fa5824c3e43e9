package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

func (s *TicketSystem) searchMessage(c api.SearchCriteria) (wire.Message, wire.ReadOptions, error) {
	m, what := make(wire.Message), s.reading
	reject := func(err error) (wire.Message, wire.ReadOptions, error) { return nil, what, err }
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		v := c.Fields[key]
		if strings.HasPrefix(key, wire.DynamicPrefix) && len(key) > len(wire.DynamicPrefix) {
			condition, err := operators(v)
			if err != nil {
				return reject(invalidCriterion("fields."+key, err.Error()))
			}
			m[key] = condition
			continue
		}
		switch {
		case key == "Articles":
			if v := wire.Canonical(v); v != articlesAll && v != articlesFirst {
				return reject(invalidCriterion("fields.Articles", "must be all or first"))
			}
			what.FirstArticle = wire.Canonical(v) == articlesFirst
		case key == "Attachments":
			if what.Attachments = wire.Canonical(v); !slices.Contains([]string{wire.AttachmentsNone, wire.AttachmentsNames, wire.AttachmentsContents}, what.Attachments) {
				return reject(invalidCriterion("fields.Attachments", "must be none, names or contents"))
			}
		case key == "HTML":
			what.HTML = wire.Truth(v)
		case !searchKeys[key]:
			return reject(unknownKey("search tickets", "fields.", key, searchKeys))
		case v == nil || wire.Canonical(v) == "" || wire.Canonical(v) == "[]":
			// The servers would ignore an empty criterion, and find everything.
			return reject(invalidCriterion("fields."+key, "is empty"))
		case key == "StateType":
			m[key] = stateTypes(v)
		case strings.HasSuffix(key, "Date"):
			at, err := serverTime(v, s.zone)
			if err != nil {
				return reject(invalidCriterion("fields."+key, err.Error()))
			}
			m[key] = at
		case conditions[key]:
			name, condition, err := literal(key, v)
			if err != nil {
				return reject(invalidCriterion("fields."+key, err.Error()))
			}
			m[name] = condition
		case key == "UseSubQueues":
			m[key] = 0
			if wire.Truth(v) {
				m[key] = 1
			}
		default:
			m[key] = plainList(v)
		}
	}
	if err := addFilter(m, "queue", "Queues", "QueueIDs", pointers(c.Queue)); err != nil {
		return reject(err)
	}
	if err := addFilter(m, "priority", "Priorities", "PriorityIDs", pointers(c.Priority)); err != nil {
		return reject(err)
	}
	states := make([]*api.Entity, len(c.States))
	for i := range c.States {
		states[i] = &c.States[i]
	}
	if err := addFilter(m, "states", "States", "StateIDs", states); err != nil {
		return reject(err)
	}
	if !c.ChangedAfter.IsZero() {
		m["TicketChangeTimeNewerDate"] = c.ChangedAfter.In(s.zone).Format(time.DateTime)
	}
	return m, what, nil
}

func invalidCriterion(field, why string) error {
	return fmt.Errorf("search tickets: %w", &api.FieldError{Field: field, Err: fmt.Errorf("%w: %s", api.ErrInvalid, why)})
}

// searchKeys are the criteria of TicketSearch that Fields may contain, besides dynamic
// fields, and three that say what to read of the tickets.
var searchKeys = map[string]bool{
	"Articles": true, "Attachments": true, "HTML": true,
	"TicketNumber": true, "Title": true, "UseSubQueues": true, "StateType": true, "StateTypeIDs": true,
	"Queues": true, "QueueIDs": true, "Priorities": true, "PriorityIDs": true, "States": true, "StateIDs": true,
	"Types": true, "TypeIDs": true, "Locks": true, "LockIDs": true, "Services": true, "ServiceIDs": true, "SLAs": true, "SLAIDs": true,
	"Owners": true, "OwnerIDs": true, "Responsibles": true, "ResponsibleIDs": true, "CustomerID": true, "CustomerIDRaw": true, "CustomerUserLogin": true, "CreatedUserIDs": true,
	"TicketCreateTimeNewerDate": true, "TicketCreateTimeOlderDate": true,
	"TicketCreateTimeNewerMinutes": true, "TicketCreateTimeOlderMinutes": true,
	"TicketChangeTimeNewerDate": true, "TicketChangeTimeOlderDate": true,
	"TicketChangeTimeNewerMinutes": true, "TicketChangeTimeOlderMinutes": true,
	"TicketLastChangeTimeNewerDate": true, "TicketLastChangeTimeOlderDate": true,
	"TicketLastChangeTimeNewerMinutes": true, "TicketLastChangeTimeOlderMinutes": true,
	"TicketCloseTimeNewerDate": true, "TicketCloseTimeOlderDate": true,
	"TicketCloseTimeNewerMinutes": true, "TicketCloseTimeOlderMinutes": true,
	"TicketPendingTimeNewerDate": true, "TicketPendingTimeOlderDate": true,
	"TicketPendingTimeNewerMinutes": true, "TicketPendingTimeOlderMinutes": true,
	"ArticleCreateTimeNewerDate": true, "ArticleCreateTimeOlderDate": true,
	"ArticleCreateTimeNewerMinutes": true, "ArticleCreateTimeOlderMinutes": true,
}

// stateTypes spells out Open and Closed, which the help desks' own search form has and
// which find nothing through the GenericInterface.
func stateTypes(v any) any {
	var out []any
	for _, e := range wire.List(plainList(v)) {
		switch wire.Text(e) {
		case "Open":
			out = append(out, "new", "open", "pending reminder", "pending auto")
		case "Closed":
			out = append(out, "closed")
		default:
			out = append(out, e)
		}
	}
	return out
}

// serverTime is a time as searches need it: in the servers' zone, which it doesn't
// name.
func serverTime(v any, zone *time.Location) (string, error) {
	if t, ok := v.(time.Time); ok {
		return t.In(zone).Format(time.DateTime), nil
	}
	s := wire.Canonical(v)
	if t, ok := wire.ParseTime(s, zone); ok {
		return t.In(zone).Format(time.DateTime), nil
	}
	return "", errors.New(`is not a time: write one as in "2026-11-22 15:20:00"`)
}

// addFilter searches by name, and by id where no name is given. The servers would join
// names and ids by AND, so a list can't mix them.
func addFilter(m wire.Message, field, nameKey, idKey string, list []*api.Entity) error {
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
	for _, key := range []string{nameKey, idKey} {
		if _, twice := m[key]; twice && len(list) > 0 {
			return &api.FieldError{Field: field, Err: fmt.Errorf("%w: is given twice, also as fields.%s", api.ErrInvalid, key)}
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

// unknownKey is the error for a key that the servers would silently ignore; it lists
// the known ones.
func unknownKey(doing, place, key string, known map[string]bool) error {
	names := slices.Sorted(maps.Keys(known))
	return fmt.Errorf("%s: %w", doing, &api.FieldError{
		Field: place + key,
		Err:   fmt.Errorf("%w: is not known (known are %s and %sNAME)", api.ErrInvalid, strings.Join(names, ", "), wire.DynamicPrefix),
	})
}
