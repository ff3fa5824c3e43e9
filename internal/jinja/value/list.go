package value

import (
	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// MutableList is a list that its methods can change: append and others. Lists are of
// this type only in templates that call such a method (syntax.Template.Mutates); there the
// values of the scope are copied when they are first read, so that a template
// changes nothing but its own values.
type MutableList struct{ Items []any }

// AsList is v as a list, tuples excluded.
func AsList(v any) ([]any, bool) {
	switch l := v.(type) {
	case []any:
		return l, true
	case *MutableList:
		return l.Items, true
	}
	return nil, false
}

// DeepCopy is v with all lists and mappings in it copied.
func DeepCopy(meter *budget.Budget, v any) (any, error) {
	if err := meter.Step(1); err != nil {
		return nil, err
	}
	if isScalar(v) {
		return v, nil
	}
	if err := meter.Enter("a value"); err != nil {
		return nil, err
	}
	defer meter.Leave()
	if items, ok := AsList(v); ok {
		l := &MutableList{make([]any, len(items))}
		for i := range items {
			c, err := DeepCopy(meter, items[i])
			if err != nil {
				return nil, err
			}
			l.Items[i] = c
		}
		return l, nil
	}
	pairs, ok := PairsOf(v)
	if !ok {
		return v, nil
	}
	d := NewDict(len(pairs))
	for _, p := range pairs {
		c, err := DeepCopy(meter, p.Value)
		if err != nil {
			return nil, err
		}
		if err := d.Put(p.Key, c); err != nil {
			return nil, err
		}
	}
	return d, nil
}
