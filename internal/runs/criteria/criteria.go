// Package criteria judges whether a ticket meets the criteria of a search, without asking the
// ticket system.
//
// [Unmet] is for a ticket that a search has found a moment ago: it judges what people change
// when they take a ticket, and in doubt says nothing. [Judge] is for a ticket that no search
// has found: it judges all that the ticket itself shows, and names the further criteria that
// only the ticket system understands.
//
// Everything here is a pure function.
package criteria

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Unmet says why a ticket doesn't meet the criteria of a search any more, "" if it does
// or if only the ticket system could decide. It judges queue, priority, state, whether it
// has ended, and lock: what people change when they take a ticket.
func Unmet(t api.Ticket, c api.SearchCriteria) string {
	if why := fixed(t, c, strings.EqualFold); why.Any() {
		return why.String()
	}
	if kinds := texts(c.Fields[stateType]); len(kinds) > 0 {
		if ended := picture.Final(t); ended != "" && !slices.ContainsFunc(kinds, func(k string) bool { return strings.EqualFold(k, ended) }) {
			return "it is " + ended
		}
	}
	return lockUnmet(t, c)
}

// Reason is why a ticket doesn't meet criteria. The zero value is none.
type Reason struct {
	Field string // queue, priority, state, changed, or the key of a further criterion
	Value string // that it has
}

// Any reports whether there is one.
func (r Reason) Any() bool { return r.Field != "" }

// String is the reason for people.
func (r Reason) String() string {
	switch {
	case !r.Any():
		return ""
	case r.Field == Changed:
		return "it was changed before " + r.Value
	case r.Value == "":
		return "it does not meet " + r.Field
	}
	return "its " + r.Field + " is " + r.Value
}

// The fields that every ticket system has.
const (
	Queue    = "queue"
	Priority = "priority"
	State    = "state"
	Changed  = "changed"
)

// fixed judges the criteria that every ticket system has.
func fixed(t api.Ticket, c api.SearchCriteria, same func(a, b string) bool) Reason {
	switch {
	case !isOne(t.Queue, pointers(c.Queue), truth(c.Fields[subQueues]), same):
		return Reason{Queue, t.Queue.String()}
	case !isOne(t.Priority, pointers(c.Priority), false, same):
		return Reason{Priority, t.Priority.String()}
	case !isState(t.State, c.States, same):
		return Reason{State, t.State.String()}
	}
	return Reason{}
}

func lockUnmet(t api.Ticket, c api.SearchCriteria) string {
	for key, list := range map[string][]string{"Lock": texts(c.Fields["Locks"]), "LockID": texts(c.Fields["LockIDs"])} {
		now, ok := t.Fields[key]
		if ok && len(list) > 0 && !contains(list, fmt.Sprint(now)) {
			return "its lock is " + fmt.Sprint(now)
		}
	}
	return ""
}

func pointers(e *api.Entity) []*api.Entity {
	if e == nil {
		return nil
	}
	return []*api.Entity{e}
}

func isState(state *api.Entity, wanted []api.Entity, same func(a, b string) bool) bool {
	list := make([]*api.Entity, len(wanted))
	for i := range wanted {
		list[i] = &wanted[i]
	}
	return isOne(state, list, false, same)
}

// isOne compares with names, as searches do, and with ids where none is given.
func isOne(is *api.Entity, wanted []*api.Entity, below bool, same func(a, b string) bool) bool {
	if len(wanted) == 0 || is == nil {
		return true
	}
	for _, w := range wanted {
		switch {
		case w.Name != "":
			if is.Name == "" || same(is.Name, w.Name) || below && hasParent(is.Name, w.Name) {
				return true
			}
		case w.ID == "", is.ID == "", is.ID == w.ID, below:
			return true
		}
	}
	return false
}

func hasParent(queue, parent string) bool {
	return strings.HasPrefix(strings.ToLower(queue), strings.ToLower(parent)+"::")
}

func contains(list []string, text string) bool {
	for _, e := range list {
		if strings.EqualFold(e, text) {
			return true
		}
	}
	return false
}

// texts are the values of a criterion that takes one or several.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []string:
		return v
	case []any:
		all := make([]string, len(v))
		for i, e := range v {
			all[i] = fmt.Sprint(e)
		}
		return all
	default:
		return []string{fmt.Sprint(v)}
	}
}

func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	default:
		text := fmt.Sprint(v)
		return text != "" && text != "0" && !strings.EqualFold(text, "false")
	}
}
