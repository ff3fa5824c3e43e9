package revert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Preview says of a ticket as it is now which fields of a plan would be put back, and why the
// others wouldn't, for people.
func (p Plan) Preview(t api.Ticket) (back map[string]Field, kept map[string]string) {
	back, kept = make(map[string]Field), make(map[string]string)
	for name, why := range p.Kept {
		kept[name] = why
	}
	for name, f := range p.Fields {
		switch is, known := valueOf(t, name); {
		case known && Same(is, f.Back): // it is back already
		case known && !Same(is, f.Was):
			kept[name] = ChangedSince(is)
		default:
			back[name] = f
		}
	}
	return back, kept
}

// ChangedSince says that a field isn't as otai left it.
func ChangedSince(is decisions.Value) string {
	if is == (decisions.Value{}) {
		return "changed since"
	}
	return fmt.Sprintf("changed since, and is %s", is)
}

// Reasons are the fields that aren't put back, each with its reason, sorted.
func Reasons(kept map[string]string) (parts []string) {
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		parts = append(parts, name+": "+kept[name])
	}
	return parts
}

// NotPutBack is one sentence of such reasons; "" of none.
func NotPutBack(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return "not put back: " + strings.Join(reasons, "; ")
}

// valueOf is a field of a ticket as records have it; known is false of those of which they
// have only hashes.
func valueOf(t api.Ticket, name string) (v decisions.Value, known bool) {
	of := func(e *api.Entity) (decisions.Value, bool) {
		if e == nil {
			return decisions.Value{}, true
		}
		return decisions.Value{Name: e.Name, ID: e.ID}, true
	}
	switch name {
	case decisions.Queue:
		return of(t.Queue)
	case decisions.Priority:
		return of(t.Priority)
	case decisions.State:
		return of(t.State)
	case decisions.Owner:
		return of(t.Owner)
	}
	further, is := strings.CutPrefix(name, decisions.Further(""))
	if !is {
		return decisions.Value{}, false
	}
	switch v := t.Fields[further].(type) {
	case string:
		return decisions.Value{Name: v}, true
	case nil:
		_, there := t.Fields[further]
		return decisions.Value{}, there
	}
	return decisions.Value{}, false
}
