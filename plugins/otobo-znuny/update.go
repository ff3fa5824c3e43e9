package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// UpdateTicket changes a ticket. The fields and the first note travel in one
// request, further notes in one each, because OTOBO refuses a list of articles.
//
// What the servers write is no transaction. When the outcome of a request is
// unknown, the ticket is read and only what is missing is sent again; see
// deliver. An update that nothing is left of is no request at all.
func (s *TicketSystem) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	id, err := checkID(id)
	if err != nil {
		return err
	}
	c, err := newChange(u)
	if err != nil {
		return fmt.Errorf("change ticket %s: %w", id, err)
	}
	return s.deliver(ctx, id, c)
}

// change is what is still to be written to a ticket.
type change struct {
	ticket  message // attributes by the servers' names
	dynamic map[string]any
	notes   []pendingNote
}

// pendingNote is a note with what is needed to recognise it on the ticket.
type pendingNote struct {
	article
	after    int64 // its article id, if it was written, is above this
	doubtful bool  // it was sent, and may have been written
}

// updateKeys are the attributes of TicketUpdate and TicketCreate that Fields may
// hold, besides dynamic fields.
var updateKeys = map[string]bool{
	"Lock": true, "LockID": true, "Type": true, "TypeID": true, "Service": true, "ServiceID": true, "SLA": true, "SLAID": true,
	"Responsible": true, "ResponsibleID": true, "CustomerID": true, "PendingTime": true,
}

func newChange(u api.TicketUpdate) (change, error) {
	c := change{ticket: make(message), dynamic: make(map[string]any)}
	if u.Subject != nil {
		t, err := title(*u.Subject)
		if err != nil {
			return change{}, err
		}
		c.ticket["Title"] = t
	}
	for _, e := range []struct {
		field, name, id string
		to              *api.Entity
	}{
		{"queue", "Queue", "QueueID", u.Queue},
		{"priority", "Priority", "PriorityID", u.Priority},
		{"state", "State", "StateID", u.State},
		{"owner", "Owner", "OwnerID", u.Owner},
		{"customer", "CustomerUser", "CustomerUser", u.Customer},
	} {
		if err := c.setEntity(e.field, e.name, e.id, e.to); err != nil {
			return change{}, err
		}
	}
	if err := c.setFields("change a ticket", u.Fields); err != nil {
		return change{}, err
	}
	for i, n := range u.Notes {
		a, err := newArticle(fmt.Sprintf("notes[%d].", i), n)
		if err != nil {
			return change{}, err
		}
		c.notes = append(c.notes, pendingNote{article: a})
	}
	return c, nil
}

// setEntity sends the name where there is one: the servers let it win over the id.
func (c change) setEntity(field, nameKey, idKey string, e *api.Entity) error {
	switch {
	case e == nil:
		return nil
	case strings.TrimSpace(e.Name) != "":
		c.ticket[nameKey] = strings.TrimSpace(e.Name)
	case strings.TrimSpace(e.ID) != "":
		c.ticket[idKey] = strings.TrimSpace(e.ID)
	default:
		return &api.FieldError{Field: field, Err: fmt.Errorf("%w: %w", api.ErrInvalid, (&api.Entity{}).Validate())}
	}
	return nil
}

func (c change) setFields(doing string, fields map[string]any) error {
	for key, v := range fields {
		name, dynamic := strings.CutPrefix(key, dynamicPrefix)
		switch {
		case dynamic && name != "" && v == nil:
			c.dynamic[name] = "" // the servers ignore null
		case dynamic && name != "":
			c.dynamic[name] = v
		case !updateKeys[key]:
			return refusedKey(doing, key, updateKeys)
		case canonical(v) == "":
			return &api.FieldError{Field: "fields." + key, Err: fmt.Errorf("%w: can't be cleared: the help desk ignores an empty value", api.ErrInvalid)}
		default:
			c.ticket[key] = v
		}
	}
	return nil
}

func (c *change) empty() bool { return !c.hasFields() && len(c.notes) == 0 }

func (c *change) hasFields() bool { return len(c.ticket) > 0 || len(c.dynamic) > 0 }

// next is the request that comes next: all fields that are left, and one note.
func (c *change) next(id string) message {
	m := message{"TicketID": id}
	if len(c.ticket) > 0 {
		m["Ticket"] = c.ticket
	}
	if len(c.dynamic) > 0 {
		m["DynamicField"] = dynamicList(c.dynamic)
	}
	if len(c.notes) > 0 {
		m["Article"] = c.notes[0].article
	}
	return m
}

func dynamicList(fields map[string]any) []dynamicField {
	var list []dynamicField
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		list = append(list, dynamicField{Name: name, Value: fields[name]})
	}
	return list
}

// storedKeys are the attributes that a ticket shows under another name.
var storedKeys = map[string]string{"CustomerUser": "CustomerUserID"}

// strikeFields removes what the ticket already has.
func (c *change) strikeFields(stored record) {
	for key, v := range c.ticket {
		storedKey := key
		if k, ok := storedKeys[key]; ok {
			storedKey = k
		}
		if canonical(stored[storedKey]) == canonical(v) {
			delete(c.ticket, key)
		}
	}
	// A pending time can't be read back in the form that it was sent in. It is
	// written with the state.
	if _, pending := c.ticket["PendingTime"]; pending && c.ticket["State"] == nil && c.ticket["StateID"] == nil {
		delete(c.ticket, "PendingTime")
	}
	dynamic := stored.dynamicFields()
	for name, v := range c.dynamic {
		if canonical(dynamic[name]) == canonical(v) {
			delete(c.dynamic, name)
		}
	}
}
