package params

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
	// Value is the raw value.
	Value any
}

// Secret reports whether the value is secret, so that it must not be shown.
func (p *Place) Secret() bool { return p.Spec != nil && p.Spec.Secret }

// Walk calls visit for raw and for each value inside it, along s, which may be nil. A
// list or mapping comes before its contents; keys come in the order of the struct, and
// those that it doesn't declare after them, sorted. visit says where to continue.
func Walk(s *Spec, raw any, visit func(p *Place) Next) {
	w := walker{visit: visit}
	w.place.Path = w.steps[:0]
	w.value(s, raw)
}

// walker goes through values. Its methods return false when the walk has stopped.
type walker struct {
	visit func(p *Place) Next
	place Place
	steps [8]Step // holds most paths
}

func (w *walker) value(s *Spec, raw any) bool {
	w.place.Spec, w.place.Value = s, raw
	if next := w.visit(&w.place); next != Into {
		return next == Over
	}
	switch x := raw.(type) {
	case nil, string, bool, int, int64, float64:
		return true
	case []any:
		return w.list(s, x)
	}
	m, isMapping := asMapping(raw)
	switch {
	case !isMapping:
		return true
	case s != nil && s.Kind == KindObject:
		return w.object(s, m)
	}
	elem := s.inner(KindMap)
	for _, key := range m.keys() {
		if element, _ := m.get(key); !w.inside(KeyStep(key), elem, element) {
			return false
		}
	}
	return true
}

// inside walks to what the step leads to.
func (w *walker) inside(step Step, s *Spec, raw any) bool {
	w.place.Path = append(w.place.Path, step)
	ok := w.value(s, raw)
	w.place.Path = w.place.Path[:len(w.place.Path)-1]
	return ok
}

func (w *walker) list(s *Spec, raw []any) bool {
	elem := s.inner(KindList)
	for i, element := range raw {
		if !w.inside(IndexStep(i), elem, element) {
			return false
		}
	}
	return true
}

func (w *walker) object(s *Spec, m mapping) bool {
	known := 0
	for _, f := range s.Fields {
		if !f.isKey() {
			continue
		}
		raw, given := m.get(f.Name)
		if !given {
			continue
		}
		known++
		if !w.inside(KeyStep(f.Name), f, raw) {
			return false
		}
	}
	if known == m.len() {
		return true
	}
	var other *Spec
	if rest := s.rest(); rest != nil {
		other = rest.Elem
	}
	for _, key := range m.keys() {
		if s.Field(key) != nil {
			continue
		}
		if raw, _ := m.get(key); !w.inside(KeyStep(key), other, raw) {
			return false
		}
	}
	return true
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
	case s.keepsText():
		return &Spec{Kind: KindAny, Text: true, Secret: s.Secret}
	case s.Secret:
		return anySecretSpec
	}
	return anySpec
}
