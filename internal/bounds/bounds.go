// Package bounds judges whether a write is within what an administrator has allowed for a
// ticket system. It knows the write alone: no configuration, no store, no help desk. The
// gate before each ticket system judges by it, and so does whatever only shows writes.
package bounds

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Bounds are those of one service. The zero value bounds nothing.
type Bounds struct {
	Allow *Allow // nil: everything
	// TicketsPerHour is how many tickets may be changed within an hour; 0: any number.
	TicketsPerHour int
}

// Any reports whether anything is bounded.
func (b Bounds) Any() bool { return b.Allow != nil || b.TicketsPerHour > 0 }

// Allow is what may be written. A nil *Allow allows everything.
type Allow struct {
	Queues        *Values `json:"queues,omitempty"`
	Priorities    *Values `json:"priorities,omitempty"`
	States        *Values `json:"states,omitempty"`
	InternalNotes bool    `json:"internal_notes,omitempty"` // notes that customers see are refused
}

// Values are those that a field may get, each by its name or by its id; nil: any. One that
// is given in the other form isn't looked up: it is refused.
type Values struct {
	Names []string `json:"names,omitempty"`
	IDs   []string `json:"ids,omitempty"`
}

// NotAllowed is a write that is not allowed. It is an [api.ErrDenied].
type NotAllowed struct {
	Field string // as an [api.FieldError] names it
	Value string // for people; "" if there is none
}

func (r *NotAllowed) Error() string {
	switch {
	case r.Field == fieldNote:
		return "a note that customers see is not allowed: the service's allow has notes: internal"
	case r.Value == "":
		return "a new ticket without its " + r.Field + " is not allowed: the help desk would choose one, and the service's allow lists them"
	}
	return fmt.Sprintf("%s %s is not among those that the service's allow lists", r.Field, r.Value)
}

// Unwrap makes it a denial.
func (*NotAllowed) Unwrap() error { return api.ErrDenied }

const (
	fieldQueue    = "queue"
	fieldPriority = "priority"
	fieldState    = "state"
	fieldNote     = "note.visible_to_customer"
)

// Update judges a change of a ticket: nil, or a [*NotAllowed] of the first thing that isn't
// allowed.
func (a *Allow) Update(u api.TicketUpdate) error {
	if a == nil {
		return nil
	}
	for _, f := range a.fields(u.Queue, u.Priority, u.State) {
		if f.value != nil && !f.allowed.has(f.value) {
			return &NotAllowed{Field: f.name, Value: show(f.value)}
		}
	}
	return a.rest(u.Fields, u.Notes)
}

// Note judges a note.
func (a *Allow) Note(n api.Note) error { return a.Update(api.TicketUpdate{Notes: []api.Note{n}}) }

// Create judges a new ticket. What it doesn't say of what is listed the help desk would
// choose, so that is refused, too.
func (a *Allow) Create(t api.Ticket) error {
	if a == nil {
		return nil
	}
	for _, f := range a.fields(t.Queue, t.Priority, t.State) {
		switch {
		case f.allowed != nil && f.value == nil:
			return &NotAllowed{Field: f.name}
		case f.value != nil && !f.allowed.has(f.value):
			return &NotAllowed{Field: f.name, Value: show(f.value)}
		}
	}
	return a.rest(t.Fields, t.Notes)
}

type field struct {
	name    string
	allowed *Values
	value   *api.Entity
}

func (a *Allow) fields(queue, priority, state *api.Entity) []field {
	return []field{{fieldQueue, a.Queues, queue}, {fieldPriority, a.Priorities, priority}, {fieldState, a.States, state}}
}

// rest judges what only one ticket system has, by its names, and notes.
func (a *Allow) rest(fields map[string]any, notes []api.Note) error {
	for _, name := range sortedKeys(fields) {
		if a.listed(name) != nil {
			return &NotAllowed{Field: "fields." + name, Value: fmt.Sprintf("%v", fields[name])}
		}
	}
	if !a.InternalNotes {
		return nil
	}
	for _, n := range notes {
		if n.VisibleToCustomer || slices.ContainsFunc(sortedKeys(n.Fields), showsCustomers) {
			return &NotAllowed{Field: fieldNote}
		}
	}
	return nil
}

// listed are the values that a further field is bounded by, if its name says that it is one
// of the fields of the contract under a ticket system's own name. Nobody knows what its value
// means there, so none is allowed.
func (a *Allow) listed(name string) *Values {
	switch strings.TrimSuffix(letters(name), "id") {
	case fieldQueue:
		return a.Queues
	case fieldPriority:
		return a.Priorities
	case fieldState:
		return a.States
	}
	return nil
}

// showsCustomers reports a further field of a note that says by a ticket system's own name
// whether customers see it.
func showsCustomers(name string) bool {
	switch letters(name) {
	case "isvisibleforcustomer", "visibleforcustomer", "visibletocustomer":
		return true
	}
	return false
}

// letters are those of a name, in lower case.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, name)
}

// has reports whether a value is listed in each form in which it is given.
func (v *Values) has(e *api.Entity) bool {
	if v == nil {
		return true
	}
	return (e.Name != "" || e.ID != "") && (e.Name == "" || slices.Contains(v.Names, e.Name)) && (e.ID == "" || slices.Contains(v.IDs, e.ID))
}

// show is a value for people, in each form in which it is given.
func show(e *api.Entity) string {
	switch {
	case e.ID == "":
		return fmt.Sprintf("%q", e.Name)
	case e.Name == "":
		return "with the id " + e.ID
	}
	return fmt.Sprintf("%q with the id %s", e.Name, e.ID)
}

// String is equal for what allows the same; "" for what allows everything.
func (a *Allow) String() string {
	if a == nil {
		return ""
	}
	sorted := Allow{Queues: a.Queues.sorted(), Priorities: a.Priorities.sorted(), States: a.States.sorted(), InternalNotes: a.InternalNotes}
	text, _ := json.Marshal(sorted) // texts alone
	return string(text)
}

func (v *Values) sorted() *Values {
	if v == nil {
		return nil
	}
	return &Values{Names: slices.Sorted(slices.Values(v.Names)), IDs: slices.Sorted(slices.Values(v.IDs))}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
