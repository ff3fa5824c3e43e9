package params

import (
	"maps"
	"slices"
)

// Next says where a [Walk] continues after a value.
type Next int

// The places where a [Walk] can continue.
const (
	Into Next = iota // with what is inside the value, then with the next one
	Over             // with the next value, without what is inside this one
	Stop             // nowhere: the walk ends
)

// Place is a value on a [Walk].
type Place struct {
	// Path leads to the value. It is only valid during the call: clone it to keep it.
	Path Path
	// Spec describes what is wanted here. Its Kind is [KindAny] where any value is
	// accepted, and inside a value of the wrong kind. Spec is nil for a key that no
	// field declares and everything inside it, and inside a child pipe, whose params
	// have their own Spec.
	Spec *Spec
	// Value is the raw value. Only Replace changes it in the walk's result.
	Value any

	replaced bool
}

// Replace puts value in the place of p.Value. If the visitor then returns [Into], the
// walk continues inside the new value.
func (p *Place) Replace(value any) { p.Value, p.replaced = value, true }

// Secret reports whether the value is secret, so that it must not be shown.
func (p *Place) Secret() bool { return p.Spec != nil && p.Spec.Secret }

// Walk calls visit for raw and for each value inside it, along s, which may be nil. A
// list or mapping comes before its contents; keys come in the order of the struct, and
// those that it doesn't declare after them, sorted. visit may look at the value or
// replace it, and says where to continue.
//
// Walk returns raw with the replaced values. It changes nothing in place: lists and
// mappings in which something is replaced are copied.
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
