package criteria

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// The further criteria, under the names of the OTRS family, that a ticket shows itself.
const (
	stateType = "StateType"
	subQueues = "UseSubQueues"
)

// shown are those that name values of one field of the ticket: by name, or by id.
var shown = map[string]func(t api.Ticket) (value string, known bool){
	"Queues": name(queueOf), "QueueIDs": id(queueOf),
	"Priorities": name(priorityOf), "PriorityIDs": id(priorityOf),
	"States": name(stateOf), "StateIDs": id(stateOf),
	"Locks": field("Lock"), "LockIDs": field("LockID"),
	"Types": field("Type"), "TypeIDs": field("TypeID"),
}

// aboutStates are those that [WithoutStates] leaves out.
var aboutStates = []string{"States", "StateIDs", stateType, "StateTypeIDs"}

// reading aren't criteria: they say what to read of the tickets that are found.
var reading = []string{"Articles", "Attachments", "HTML"}

func queueOf(t api.Ticket) *api.Entity    { return t.Queue }
func priorityOf(t api.Ticket) *api.Entity { return t.Priority }
func stateOf(t api.Ticket) *api.Entity    { return t.State }

func name(of func(api.Ticket) *api.Entity) func(api.Ticket) (string, bool) {
	return func(t api.Ticket) (string, bool) {
		e := of(t)
		return e.String(), e != nil && e.Name != ""
	}
}

func id(of func(api.Ticket) *api.Entity) func(api.Ticket) (string, bool) {
	return func(t api.Ticket) (string, bool) {
		if e := of(t); e != nil && e.ID != "" {
			return e.ID, true
		}
		return "", false
	}
}

func field(key string) func(api.Ticket) (string, bool) {
	return func(t api.Ticket) (string, bool) {
		v, ok := t.Fields[key]
		if !ok || v == nil {
			return "", false
		}
		return fmt.Sprint(v), true
	}
}

// Judge says why a ticket doesn't meet the criteria of a search, nothing if nothing that the
// ticket shows speaks against it. open are the keys of Fields that only the ticket system can judge,
// sorted. changed are further fields that the ticket has otherwise by now than the ticket
// system knows: these are judged here, or are open.
func Judge(t api.Ticket, c api.SearchCriteria, changed map[string]bool) (why Reason, open []string) {
	if why = fixed(t, c, func(a, b string) bool { return a == b }); why.Any() {
		return why, nil
	}
	if !c.ChangedAfter.IsZero() && t.Changed.Before(c.ChangedAfter.Truncate(time.Second)) {
		return Reason{Changed, c.ChangedAfter.Format(time.DateTime)}, nil
	}
	if picture.Final(t) == picture.Merged && !slices.Contains(texts(c.Fields[stateType]), picture.Merged) {
		return Reason{State, t.State.String()}, nil
	}
	for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
		wanted := c.Fields[key]
		switch of, known := shown[key]; {
		case key == subQueues, slices.Contains(reading, key):
		case key == stateType:
			if kind, ok := field(stateType)(t); !ok {
				open = append(open, key)
			} else if !slices.Contains(kinds(wanted), kind) {
				return Reason{State, t.State.String()}, nil
			}
		case known:
			if is, ok := of(t); !ok {
				open = append(open, key)
			} else if !oneOf(is, texts(wanted), key == "Queues" && truth(c.Fields[subQueues])) {
				return Reason{what(key), is}, nil
			}
		case changed[key]:
			meets, judged := equal(t.Fields[key], wanted)
			if !judged {
				open = append(open, key)
			} else if !meets {
				return Reason{Field: key}, nil
			}
		default:
			open = append(open, key)
		}
	}
	return Reason{}, open
}

// what is what people call the field that a criterion names.
func what(key string) string {
	switch key {
	case "Queues", "QueueIDs":
		return Queue
	case "Priorities", "PriorityIDs":
		return Priority
	case "States", "StateIDs":
		return State
	case "Locks", "LockIDs":
		return "lock"
	}
	return "type"
}

func oneOf(is string, wanted []string, below bool) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return is == w || below && hasParent(is, w) })
}

// kinds spells out Open and Closed.
func kinds(v any) []string {
	var all []string
	for _, k := range texts(v) {
		switch k {
		case "Open":
			all = append(all, "new", "open", "pending reminder", "pending auto")
		case "Closed":
			all = append(all, "closed")
		default:
			all = append(all, k)
		}
	}
	return all
}

// equal judges a condition on a further field, as far as it is one of equality or emptiness.
func equal(is, wanted any) (meets, judged bool) {
	empty := is == nil || fmt.Sprint(is) == ""
	conditions, ok := wanted.(map[string]any)
	if !ok {
		conditions = map[string]any{"Equals": wanted}
	}
	for operator, v := range conditions {
		switch operator {
		case "Equals":
			if empty || !slices.Contains(texts(v), fmt.Sprint(is)) {
				return false, true
			}
		case "Empty":
			if truth(v) != empty {
				return false, true
			}
		default:
			return false, false
		}
	}
	return true, true
}

// WithoutStates are the criteria without those about states.
func WithoutStates(c api.SearchCriteria) api.SearchCriteria {
	c.States = nil
	c.Fields = maps.Clone(c.Fields)
	for _, key := range aboutStates {
		delete(c.Fields, key)
	}
	return c
}

// Only keeps of the criteria the further ones with these keys.
func Only(c api.SearchCriteria, keys []string) api.SearchCriteria {
	only := api.SearchCriteria{Fields: make(map[string]any, len(keys))}
	for _, key := range keys {
		only.Fields[key] = c.Fields[key]
	}
	return only
}

// Reading keeps of the criteria what says how to read tickets: all further keys but those that
// are known to be criteria.
func Reading(c api.SearchCriteria) api.SearchCriteria {
	var keys []string
	for _, key := range reading {
		if _, given := c.Fields[key]; given {
			keys = append(keys, key)
		}
	}
	return Only(c, keys)
}
