package search

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// fieldConditions returns what a search demands of a dynamic field: {"DynamicField_X": {"Equals": …}}, or, if there is a DynamicField,
// {"DynamicField": {"Name": "X", "Equals": …}} or a list of such objects.
func fieldConditions(in wire.Values, name string) map[string]any {
	if !in.Has("DynamicField") {
		conditions, _ := in["DynamicField_"+name].(map[string]any)
		return conditions
	}
	all, _ := in.Objects("DynamicField")
	for _, f := range slices.Backward(all) {
		if f.Text("Name") == name {
			conditions := maps.Clone(f)
			delete(conditions, "Name")
			return conditions
		}
	}
	return nil
}

// fieldCriterion admits a ticket whose dynamic field meets all conditions; of a list, one value is enough. ok is false for an
// unknown operator.
func fieldCriterion(f store.DynamicField, conditions map[string]any) (c criterion, ok bool) {
	var all []criterion
	for operator, raw := range conditions {
		wanted := patternsOf(raw)
		if len(wanted) == 0 {
			continue
		}
		if operator == "Empty" {
			empty := wanted[0] != "0"
			all = append(all, func(t *store.Ticket) bool { return empty == (t.Fields[f.Name] == nil) })
			continue
		}
		compare, known := fieldOperators[operator]
		if !known {
			return nil, false
		}
		fold := func(text string) string { return text }
		if f.Kind == store.FieldText {
			fold = strings.ToLower
		}
		all = append(all, func(t *store.Ticket) bool {
			return slices.ContainsFunc(store.FieldTexts(t.Fields[f.Name]), func(value string) bool {
				return slices.ContainsFunc(wanted, func(w string) bool { return compare(fold(value), fold(w)) })
			})
		})
	}
	return func(t *store.Ticket) bool {
		return !slices.ContainsFunc(all, func(c criterion) bool { return !c(t) })
	}, true
}

var fieldOperators = map[string]func(value, wanted string) bool{
	"Equals":            func(v, w string) bool { return v == w },
	"Like":              meets,
	"GreaterThan":       func(v, w string) bool { return v > w },
	"GreaterThanEquals": func(v, w string) bool { return v >= w },
	"SmallerThan":       func(v, w string) bool { return v < w },
	"SmallerThanEquals": func(v, w string) bool { return v <= w },
}
