package decision

import (
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Row is a target as a configuration writes it: each value is a name, or a mapping with
// name or id.
type Row struct {
	Queue    any `otai:"queue,text" doc:"Queue to move to: its name, or { id: … }."`
	Priority any `otai:"priority,text" doc:"New priority: its name, or { id: … }."`
	State    any `otai:"state,text" doc:"New state: its name, or { id: … }."`
	Type     any `otai:"type,text" doc:"New type: its name, or { id: … }. Not every ticket system has types."`
}

// Validate finds what names nothing.
func (r *Row) Validate() error {
	_, err := r.Target()
	return err
}

// Target reads the row. A mistake is an [api.FieldError].
func (r *Row) Target() (t Target, err error) {
	for _, part := range []struct {
		name string
		raw  any
		to   **api.Entity
	}{{Queue, r.Queue, &t.Queue}, {Priority, r.Priority, &t.Priority}, {State, r.State, &t.State}, {Type, r.Type, &t.Type}} {
		*part.to, err = entity(part.raw)
		if err != nil {
			return Target{}, &api.FieldError{Field: part.name, Err: err}
		}
	}
	return t, nil
}

var errNoEntity = errors.New("it must be a name, or a mapping with name or id")

// entity reads what names a queue, a priority, a state or a type; nil names none.
func entity(raw any) (*api.Entity, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case string:
		if v = strings.TrimSpace(v); v == "" {
			return nil, errors.New("it is empty")
		}
		return &api.Entity{Name: v}, nil
	}
	if parts, ok := mapping(raw); ok {
		e := &api.Entity{}
		for key, value := range parts {
			text, ok := scalar(value)
			switch {
			case !ok:
				return nil, errNoEntity
			case key == "id":
				e.ID = text
			case key == "name":
				e.Name = text
			default:
				return nil, fmt.Errorf("unknown key %q: %w", key, errNoEntity)
			}
		}
		return e, e.Validate()
	}
	if text, ok := scalar(raw); ok { // a queue may be called 24
		return &api.Entity{Name: text}, nil
	}
	return nil, errNoEntity
}

func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}

// LeaveAlone is what stands for no target.
const LeaveAlone = "leave"

// ReadOtherwise reads [LeaveAlone] or a target; nil is the former. A mistake in a part is an
// [api.FieldError].
func ReadOtherwise(raw any) (Target, error) {
	if raw == nil || raw == LeaveAlone {
		return Target{}, nil
	}
	parts, ok := mapping(raw)
	if !ok {
		return Target{}, errOtherwise
	}
	row, err := ReadRow(parts)
	if err != nil {
		return Target{}, err
	}
	return row.Target()
}

// mapping is a plain mapping, also one that keeps its order, as a configuration's do.
func mapping(raw any) (map[string]any, bool) {
	switch v := raw.(type) {
	case map[string]any:
		return v, true
	case interface {
		Keys() []string
		Get(key string) (any, bool)
	}:
		m := make(map[string]any)
		for _, key := range v.Keys() {
			m[key], _ = v.Get(key)
		}
		return m, true
	}
	return nil, false
}

var errOtherwise = errors.New("it must be leave, or a target such as { queue: Unclassified }")

// ReadRow reads the parts of a target.
func ReadRow(parts map[string]any) (row Row, err error) {
	for key, value := range parts {
		switch key {
		case Queue:
			row.Queue = value
		case Priority:
			row.Priority = value
		case State:
			row.State = value
		case Type:
			row.Type = value
		default:
			return row, &api.FieldError{Field: key, Err: fmt.Errorf("a target has no part %q, only queue, priority, state and type", key)}
		}
	}
	return row, nil
}

// The parts of a target.
const (
	Queue    = "queue"
	Priority = "priority"
	State    = "state"
	Type     = "type"
)

// Target is what is to become of a ticket; nil leaves a part as it is.
type Target struct {
	Queue, Priority, State, Type *api.Entity
}

// Parts are those that are given, in order.
func (t Target) Parts() iter.Seq2[string, *api.Entity] {
	return func(yield func(string, *api.Entity) bool) {
		for i, e := range []*api.Entity{t.Queue, t.Priority, t.State, t.Type} {
			if e != nil && !yield([]string{Queue, Priority, State, Type}[i], e) {
				return
			}
		}
	}
}

// Empty reports whether nothing is to become of the ticket: it is left to people.
func (t Target) Empty() bool { return t == Target{} }

// Plain is the target as later steps and records read it: a text for each part, a name or
// "id N"; nil if it is empty.
func (t Target) Plain() map[string]any {
	if t.Empty() {
		return nil
	}
	plain := make(map[string]any)
	for part, to := range t.Parts() {
		plain[part] = show(to)
	}
	return plain
}

func show(e *api.Entity) string {
	if e.Name == "" {
		return "id " + e.ID
	}
	return e.Name
}

// Short is the target in one line without the names of its parts, such as "IT, 4 high".
func (t Target) Short() string {
	var all []string
	for _, to := range t.Parts() {
		all = append(all, show(to))
	}
	return strings.Join(all, ", ")
}

// Update is the change that makes the ticket so. The type goes by the fields of the ticket
// system, as [api.Ticket] has none.
func (t Target) Update() api.TicketUpdate {
	u := api.TicketUpdate{Queue: t.Queue, Priority: t.Priority, State: t.State}
	switch {
	case t.Type == nil:
	case t.Type.ID != "":
		u.Fields = map[string]any{"TypeID": t.Type.ID}
	default:
		u.Fields = map[string]any{"Type": t.Type.Name}
	}
	return u
}
