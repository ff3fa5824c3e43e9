package params

import (
	"maps"
	"slices"
)

// ordered is a mapping that keeps its order, such as a template language's own.
type ordered interface {
	Len() int
	Keys() []string
	Get(key string) (any, bool)
}

// refillable is an ordered mapping of which another can be made. A mapping that
// isn't becomes a Go map when its values change.
type refillable interface {
	ordered
	// Refill returns a mapping with the same keys in the same order. It has one
	// value for each key.
	Refill(values []any) any
}

// mapping is either of the two forms.
type mapping struct {
	plain   map[string]any
	ordered ordered
}

func asMapping(raw any) (mapping, bool) {
	switch m := raw.(type) {
	case map[string]any:
		return mapping{plain: m}, true
	case ordered:
		return mapping{ordered: m}, true
	default:
		return mapping{}, false
	}
}

// IsMapping reports whether a plain value is a mapping: a map[string]any, or one that
// keeps its order.
func IsMapping(value any) bool {
	_, ok := asMapping(value)
	return ok
}

// any is the form that m was made of.
func (m mapping) any() any {
	if m.ordered != nil {
		return m.ordered
	}
	return m.plain
}

func (m mapping) len() int {
	if m.ordered != nil {
		return m.ordered.Len()
	}
	return len(m.plain)
}

func (m mapping) get(key string) (any, bool) {
	if m.ordered != nil {
		return m.ordered.Get(key)
	}
	value, ok := m.plain[key]
	return value, ok
}

// keys are sorted, so that work is done, and mistakes are reported, in the same order each time.
func (m mapping) keys() []string {
	var keys []string
	if m.ordered != nil {
		keys = slices.Clone(m.ordered.Keys())
	} else {
		keys = slices.AppendSeq(make([]string, 0, len(m.plain)), maps.Keys(m.plain))
	}
	slices.Sort(keys)
	return keys
}

// inOrder gives values, which has the keys of m, the order of m if it has one.
func (m mapping) inOrder(values map[string]any) any {
	original, ok := m.ordered.(refillable)
	if !ok {
		return values
	}
	keys := original.Keys()
	list := make([]any, len(keys))
	for i, key := range keys {
		list[i] = values[key]
	}
	return original.Refill(list)
}
