package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// change is what remains to be written to a ticket.
type change struct {
	Ticket  wire.Message   // attributes by the servers' names
	Dynamic map[string]any // dynamic fields of the ticket
	Notes   []pendingNote
}

// pendingNote is a note with what is needed to recognize it on the ticket.
type pendingNote struct {
	wire.Article
	Once    string              `json:",omitempty"`
	Mark    string              `json:",omitempty"`
	Dynamic []wire.DynamicField `json:",omitempty"` // dynamic fields of the article
	Files   []wire.Attachment   `json:",omitempty"`

	uncertain bool // it was sent and may have been written
}

// updateKeys are the attributes of TicketUpdate and TicketCreate that Fields may
// contain, besides dynamic fields.
var updateKeys = map[string]bool{
	"Lock": true, "LockID": true, "Type": true, "TypeID": true, "Service": true, "ServiceID": true, "SLA": true, "SLAID": true,
	"Responsible": true, "ResponsibleID": true, "CustomerID": true, "PendingTime": true,
}

// setEntity prefers the name, as the servers do.
func (c change) setEntity(field, nameKey, idKey string, e *api.Entity) error {
	switch {
	case e == nil:
		return nil
	case strings.TrimSpace(e.Name) != "":
		c.Ticket[nameKey] = strings.TrimSpace(e.Name)
	case strings.TrimSpace(e.ID) != "":
		c.Ticket[idKey] = strings.TrimSpace(e.ID)
	default:
		return &api.FieldError{Field: field, Err: fmt.Errorf("%w: %w", api.ErrInvalid, (&api.Entity{}).Validate())}
	}
	return nil
}

func (c change) setFields(doing string, fields map[string]any, zone *time.Location) error {
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		v := fields[key]
		name, dynamic := strings.CutPrefix(key, wire.DynamicPrefix)
		switch {
		case dynamic && name != "" && v == nil:
			c.Dynamic[name] = "" // the servers ignore null
		case dynamic && name != "":
			c.Dynamic[name] = fieldValue(v)
		case !updateKeys[key]:
			return unknownKey(doing, "fields.", key, updateKeys)
		case key == "PendingTime":
			until, err := pendingTime(v, zone)
			if err != nil {
				return &api.FieldError{Field: "fields.PendingTime", Err: fmt.Errorf("%w: %w", api.ErrInvalid, err)}
			}
			c.Ticket[key] = until
		case wire.Canonical(v) == "":
			return &api.FieldError{Field: "fields." + key, Err: fmt.Errorf("%w: can't be cleared: the help desk ignores an empty value", api.ErrInvalid)}
		default:
			c.Ticket[key] = v
		}
	}
	return nil
}

func (c *change) empty() bool { return !c.hasFields() && len(c.Notes) == 0 }

// senders are the sender types of the notes.
func (c *change) senders() []string {
	var all []string
	for _, n := range c.Notes {
		if !slices.Contains(all, n.SenderType) {
			all = append(all, n.SenderType)
		}
	}
	return all
}

func (c *change) hasFields() bool { return len(c.Ticket) > 0 || len(c.Dynamic) > 0 }

// key identifies a change by everything that it writes.
func (c *change) key(ticket string) string {
	type wanted struct {
		Ticket  string
		Fields  []string
		Notes   []pendingNote
		Dynamic []string
	}
	w := wanted{Ticket: ticket, Notes: c.Notes}
	for _, k := range slices.Sorted(maps.Keys(c.Ticket)) {
		w.Fields = append(w.Fields, k+"="+wire.Canonical(c.Ticket[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(c.Dynamic)) {
		w.Dynamic = append(w.Dynamic, k+"="+wire.Canonical(c.Dynamic[k]))
	}
	text, err := json.Marshal(w)
	if err != nil { // then it can't be sent either
		text = fmt.Append(nil, w)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// next is the next request: all remaining fields, and one note.
func (c *change) next(id string) wire.Message {
	m := wire.Message{"TicketID": id}
	if len(c.Ticket) > 0 {
		m["Ticket"] = c.Ticket
	}
	dynamic := dynamicList(c.Dynamic)
	if len(c.Notes) > 0 {
		n := &c.Notes[0]
		m["Article"] = n.Article
		dynamic = append(dynamic, n.Dynamic...)
		if len(n.Files) > 0 {
			m["Attachment"] = n.Files
		}
	}
	if len(dynamic) > 0 {
		m["DynamicField"] = dynamic
	}
	return m
}

// parts names the parts of a change, for people.
func (c *change) parts() []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(c.Ticket)) {
		if field, ok := wire.ContractField(strings.TrimSuffix(key, "ID")); ok {
			key = field
		}
		list = append(list, key)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Dynamic)) {
		list = append(list, wire.DynamicPrefix+name)
	}
	for _, n := range c.Notes {
		list = append(list, fmt.Sprintf("note %q", wire.Truncate(n.Subject, 40)))
	}
	return list
}

// removeStored removes what the ticket already has, and reports whether that was
// anything.
func (c *change) removeStored(stored wire.Record) (struck bool) {
	for key, v := range c.Ticket {
		storedKey := key
		if k, ok := storedKeys[key]; ok {
			storedKey = k
		}
		if wire.Canonical(stored[storedKey]) == wire.Canonical(v) {
			delete(c.Ticket, key)
			struck = true
		}
	}
	// A pending time can't be read back in the form in which it was sent. It is written
	// together with the state.
	if _, pending := c.Ticket["PendingTime"]; pending && c.Ticket["State"] == nil && c.Ticket["StateID"] == nil {
		delete(c.Ticket, "PendingTime")
	}
	dynamic := stored.DynamicFields()
	for name, v := range c.Dynamic {
		if wire.Canonical(dynamic[name]) == wire.Canonical(v) {
			delete(c.Dynamic, name)
			struck = true
		}
	}
	return struck
}

// summary is what a log may say about a change: no texts.
func (c *change) summary() []any {
	var attributes []any
	for _, key := range []string{"Queue", "QueueID", "Priority", "PriorityID", "State", "StateID", "Owner", "OwnerID"} {
		if v, given := c.Ticket[key]; given {
			attributes = append(attributes, strings.ToLower(strings.TrimSuffix(key, "ID")), wire.Canonical(v))
		}
	}
	if n := len(c.Notes); n > 0 {
		attributes = append(attributes, "notes", n)
	}
	return attributes
}

func dynamicList(fields map[string]any) []wire.DynamicField {
	var list []wire.DynamicField
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		list = append(list, wire.DynamicField{Name: name, Value: fields[name]})
	}
	return list
}

// storedKeys are the attributes that a ticket has under another name.
var storedKeys = map[string]string{"CustomerUser": "CustomerUserID"}

// fieldValue is a dynamic field's value as the servers accept it: 1 and 0 for a
// checkbox, and text without NUL, at which they would end it.
func fieldValue(v any) any {
	switch v := v.(type) {
	case bool:
		return wire.Text(v)
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	default:
		return v
	}
}
