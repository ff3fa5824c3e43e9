package params

import (
	"maps"
	"slices"
)

// Next says where a [Walk] goes from a value.
type Next int

const (
	Into Next = iota // on to what is inside of it
	Over             // on to the next value beside it
	Stop             // no further
)

// Place is a value on a [Walk].
type Place struct {
	// Path leads to the value. It is only valid during the call: clone it to keep it.
	Path Path
	// Spec describes what is wanted here. Where anything is, it is of [KindAny], and
	// so it is inside of a value of the wrong kind. It is nil for a key that nothing
	// declares, and inside of that and of a child pipe, which has a Spec of its own.
	Spec  *Spec
	Value any

	replaced bool
}

// Replace puts value where p is. With [Into], the walk goes on inside of it.
func (p *Place) Replace(value any) { p.Value, p.replaced = value, true }

// Secret reports whether nothing here may be shown.
func (p *Place) Secret() bool { return p.Spec != nil && p.Spec.Secret }

// Walk calls visit for raw and for all values in it, along s, which may be nil. A list
// or mapping comes before what is in it; keys come in the order of the struct, those
// that it doesn't declare after them, sorted. visit may look, replace the value
// and say where to go on.
//
// Walk returns raw with the values that were replaced. It changes nothing in place:
// lists and mappings are copied as far as something in them is replaced.
func Walk(s *Spec, raw any, visit func(p *Place) Next) any {
	w := walker{visit: visit}
	w.place.Path = w.steps[:0]
	out, _, _ := w.value(s, raw)
	return out
}

// walker goes through values. Its methods also return whether the value changed, and
// false for ok when the walk has stopped.
type walker struct {
	visit func(p *Place) Next
	place Place
	steps [8]Step // holds most paths
}

func (w *walker) value(s *Spec, raw any) (out any, changed, ok bool) {
	w.place.Spec, w.place.Value, w.place.replaced = s, raw, false
	next := w.visit(&w.place)
	if changed = w.place.replaced; changed {
		raw = w.place.Value
		w.place.Value = nil
	}
	if next != Into {
		return raw, changed, next == Over
	}
	var inside bool
	switch x := raw.(type) {
	case nil, string, bool, int, int64, float64:
		return raw, changed, true
	case []any:
		out, inside, ok = w.list(s, x)
	default:
		m, isMapping := asMapping(raw)
		if !isMapping {
			return raw, changed, true
		}
		out, inside, ok = w.mapping(s, m, raw)
	}
	return out, changed || inside, ok
}

// inside walks to what the step leads to.
func (w *walker) inside(step Step, s *Spec, raw any) (out any, changed, ok bool) {
	w.place.Path = append(w.place.Path, step)
	out, changed, ok = w.value(s, raw)
	w.place.Path = w.place.Path[:len(w.place.Path)-1]
	return out, changed, ok
}

func (w *walker) list(s *Spec, raw []any) (out any, changed, ok bool) {
	elem := s.inner(KindList)
	list := raw
	for i, element := range raw {
		value, different, ok := w.inside(IndexStep(i), elem, element)
		if different && !changed {
			list, changed = slices.Clone(raw), true
		}
		if different {
			list[i] = value
		}
		if !ok {
			return list, changed, false
		}
	}
	return list, changed, true
}

func (w *walker) mapping(s *Spec, m mapping, raw any) (out any, changed, ok bool) {
	e := entries{m: m}
	ok = true
	if s != nil && s.Kind == KindObject {
		ok = w.object(s, &e)
	} else {
		elem := s.inner(KindMap)
		for _, key := range m.keys() {
			if ok = w.entry(&e, key, elem); !ok {
				break
			}
		}
	}
	if e.out == nil {
		return raw, false, ok
	}
	return m.inOrder(e.out), true, ok
}

func (w *walker) object(s *Spec, e *entries) bool {
	known := 0
	for _, f := range s.Fields {
		if !f.isKey() {
			continue
		}
		raw, given := e.m.get(f.Name)
		if !given {
			continue
		}
		known++
		if !w.given(e, f.Name, f, raw) {
			return false
		}
	}
	if known == e.m.len() {
		return true
	}
	var other *Spec
	if rest := s.rest(); rest != nil {
		other = rest.Elem
	}
	for _, key := range e.m.keys() {
		if s.Field(key) == nil && !w.entry(e, key, other) {
			return false
		}
	}
	return true
}

func (w *walker) entry(e *entries, key string, s *Spec) bool {
	raw, _ := e.m.get(key)
	return w.given(e, key, s, raw)
}

func (w *walker) given(e *entries, key string, s *Spec, raw any) bool {
	value, different, ok := w.inside(KeyStep(key), s, raw)
	if different && e.out == nil {
		e.out = e.m.clone()
	}
	if different {
		e.out[key] = value
	}
	return ok
}

// entries are those of m as a walk leaves them.
type entries struct {
	m   mapping
	out map[string]any // nil as long as nothing changed
}

// clone is m as a map of its own.
func (m mapping) clone() map[string]any {
	if m.ordered == nil {
		return maps.Clone(m.plain)
	}
	out := make(map[string]any, m.len())
	for _, key := range m.ordered.Keys() {
		out[key], _ = m.ordered.Get(key)
	}
	return out
}

var (
	anySpec       = &Spec{Kind: KindAny}
	anySecretSpec = &Spec{Kind: KindAny, Secret: true}
)

// inner describes the elements of a list or map. It is anything for a value that
// doesn't fit its kind, which Decode reports.
func (s *Spec) inner(kind Kind) *Spec {
	switch {
	case s == nil || s.Kind == KindChild:
		return nil
	case s.Kind == kind:
		return s.Elem
	case s.Secret:
		return anySecretSpec
	}
	return anySpec
}
