package main

import (
	"cmp"
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
// Several queues, in Fields.Queues or Fields.QueueIDs, are searched one by one,
// because one unknown name would empty the whole answer.
func (s *TicketSystem) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	m, what, err := s.searchMessage(c)
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
	if s.resuming.Load() {
		s.openJournal(ctx)
		if err := s.finishAll(ctx); err != nil {
			s.logger.DebugContext(ctx, "an unfinished update waits on", "err", err.Error())
		}
	}
	if m, err = s.withAgentIDs(ctx, m); err != nil {
		return nil, err
	}
	return s.findReadable(ctx, m, what, c.Offset, limit)
}

// maxRounds is how often more tickets are searched for in place of those that can't
// be read.
const maxRounds = 5

// findReadable searches and reads. A ticket that can't be read makes room for the
// next one: else a single one at the front would keep a small limit empty for ever.
func (s *TicketSystem) findReadable(ctx context.Context, m message, what reading, offset, limit int) ([]api.Ticket, error) {
	tickets := []api.Ticket{}
	asked := make(map[string]bool)
	wanted := offset + limit // the servers have no offset, and ignore it silently
	for range maxRounds {
		found, err := s.searchEach(ctx, m, wanted)
		if err != nil {
			return nil, err
		}
		fresh := slices.DeleteFunc(found[min(offset, len(found)):], func(id string) bool { return asked[id] })
		more, err := s.getTickets(ctx, fresh[:min(limit-len(tickets), len(fresh))], what)
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

// searchEach searches queue by queue where several are wanted. Ids grow with the
// age of tickets, so that they give the joint order.
func (s *TicketSystem) searchEach(ctx context.Context, m message, limit int) ([]string, error) {
	for _, key := range []string{"Queues", "QueueIDs"} {
		several := list(plainList(m[key]))
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

// plainList makes a list that came as []string one of any.
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

func (s *TicketSystem) searchMessage(c api.SearchCriteria) (message, reading, error) {
	m, what := make(message), s.reading
	refuse := func(err error) (message, reading, error) { return nil, what, err }
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		v := c.Fields[key]
		if strings.HasPrefix(key, dynamicPrefix) && len(key) > len(dynamicPrefix) {
			condition, err := operators(v)
			if err != nil {
				return refuse(fieldRefused("fields."+key, err.Error()))
			}
			m[key] = condition
			continue
		}
		switch {
		case key == "Articles":
			if v := canonical(v); v != articlesAll && v != articlesFirst {
				return refuse(fieldRefused("fields.Articles", "must be all or first"))
			}
			what.first = canonical(v) == articlesFirst
		case key == "Attachments":
			if what.attachments = canonical(v); !slices.Contains([]string{attachmentsNone, attachmentsNames, attachmentsContents}, what.attachments) {
				return refuse(fieldRefused("fields.Attachments", "must be none, names or contents"))
			}
		case key == "HTML":
			what.html = truth(v)
		case !searchKeys[key]:
			return refuse(refusedKey("search tickets", "fields.", key, searchKeys))
		case v == nil || canonical(v) == "" || canonical(v) == "[]":
			// An empty criterion would be ignored, and everything found.
			return refuse(fieldRefused("fields."+key, "is empty"))
		case key == "StateType":
			m[key] = stateTypes(v)
		case strings.HasSuffix(key, "Date"):
			at, err := serverTime(v, s.zone)
			if err != nil {
				return refuse(fieldRefused("fields."+key, err.Error()))
			}
			m[key] = at
		case conditions[key]:
			name, condition, err := asWritten(key, v)
			if err != nil {
				return refuse(fieldRefused("fields."+key, err.Error()))
			}
			m[name] = condition
		case key == "UseSubQueues":
			m[key] = 0
			if truth(v) {
				m[key] = 1
			}
		default:
			m[key] = plainList(v)
		}
	}
	if err := addFilter(m, "queue", "Queues", "QueueIDs", pointers(c.Queue)); err != nil {
		return refuse(err)
	}
	if err := addFilter(m, "priority", "Priorities", "PriorityIDs", pointers(c.Priority)); err != nil {
		return refuse(err)
	}
	states := make([]*api.Entity, len(c.States))
	for i := range c.States {
		states[i] = &c.States[i]
	}
	if err := addFilter(m, "states", "States", "StateIDs", states); err != nil {
		return refuse(err)
	}
	if !c.ChangedAfter.IsZero() {
		m["TicketChangeTimeNewerDate"] = c.ChangedAfter.In(s.zone).Format(time.DateTime)
	}
	return m, what, nil
}

func fieldRefused(field, why string) error {
	return fmt.Errorf("search tickets: %w", &api.FieldError{Field: field, Err: fmt.Errorf("%w: %s", api.ErrInvalid, why)})
}

// searchKeys are the criteria of TicketSearch that Fields may hold, besides
// dynamic fields, and three that say what to read of the tickets.
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

// stateTypes spells out the two words that people use and that find nothing
// through the GenericInterface.
func stateTypes(v any) any {
	var out []any
	for _, e := range list(plainList(v)) {
		switch text(e) {
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

// serverTime is a time as the servers search by it: in their zone, and without
// one.
func serverTime(v any, zone *time.Location) (string, error) {
	if t, ok := v.(time.Time); ok {
		return t.In(zone).Format(time.DateTime), nil
	}
	s := canonical(v)
	if t, ok := parseTime(s, zone); ok {
		return t.In(zone).Format(time.DateTime), nil
	}
	return "", fmt.Errorf(`%q is no time: write one as in "2026-11-22 15:20:00"`, truncate(s, 60))
}

// operatorsOfFields are what a dynamic field can be compared by.
var operatorsOfFields = []string{"Equals", "Like", "GreaterThan", "GreaterThanEquals", "SmallerThan", "SmallerThanEquals", "Empty"}

// operators is a dynamic field's condition; a value alone means "equals". The
// servers ignore a condition that they don't know or that is empty, and would find
// everything.
func operators(v any) (map[string]any, error) {
	given, ok := v.(map[string]any)
	if !ok {
		given = map[string]any{"Equals": v}
	}
	condition := make(map[string]any, len(given))
	for _, operator := range slices.Sorted(maps.Keys(given)) {
		wanted := given[operator]
		switch {
		case !slices.Contains(operatorsOfFields, operator):
			return nil, fmt.Errorf("%s is no operator (known are %s)", operator, strings.Join(operatorsOfFields, ", "))
		case operator == "Empty":
			condition[operator] = 0
			if truth(wanted) {
				condition[operator] = 1
			}
		case canonical(wanted) == "" || canonical(wanted) == "[]":
			return nil, errors.New("is empty; tickets without a value are found by { Empty: 1 }")
		case operator == "Like":
			_, literal, err := asWritten("", wanted)
			if err != nil {
				return nil, err
			}
			condition[operator] = literal
		default:
			condition[operator] = plainList(sendable(wanted))
		}
	}
	if len(condition) == 0 {
		return nil, errors.New("is empty; tickets without a value are found by { Empty: 1 }")
	}
	return condition, nil
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

// refusedKey names the keys that would be right: the servers would ignore a wrong
// one silently.
func refusedKey(doing, place, key string, known map[string]bool) error {
	names := slices.Sorted(maps.Keys(known))
	return fmt.Errorf("%s: %w", doing, &api.FieldError{
		Field: place + key,
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
