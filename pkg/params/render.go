package params

// Render returns a copy of raw in which each string is replaced by what text returns for
// it. wantText is true for a field that takes a text, a duration or a time: its value
// must be the rendered text, even if that looks like a number. A field of type any with the
// option text gets the rendered text, too, unless a template yields a mapping or nothing. Keys are not rendered,
// nor are child pipes, which are rendered when they run, nor the values of unknown keys,
// which Decode reports.
//
// The values come in the order of the struct, those of a map in the order of the sorted
// keys. The first error ends Render: it is an [api.FieldError] with the place, which
// wraps what text returned.
func Render(s *Spec, raw map[string]any, text func(source string, wantText bool) (any, error)) (map[string]any, error) {
	r := renderer{text: text}
	out, _, err := r.object(s, mapping{plain: raw})
	if err != nil {
		return nil, atPlace(err)
	}
	return out, nil
}

// renderer goes its own way beside [Walk], which allocates for its visitor: rendering
// is a part of each run of each pipe.
type renderer struct {
	text func(source string, wantText bool) (any, error)
}

// value answers also whether anything changed: a mapping that keeps its order is
// handed on where nothing did, which spares a copy.
func (r renderer) value(s *Spec, raw any) (out any, changed bool, err error) {
	if s.HoldsChildren() {
		return raw, false, nil
	}
	switch x := raw.(type) {
	case nil:
		return nil, false, nil
	case string:
		out, err = r.oneText(s, x)
		if err != nil {
			return nil, false, &located{err: err}
		}
		same, ok := out.(string)
		return out, !ok || same != x, nil
	case []any:
		return r.list(s, x)
	}
	m, ok := asMapping(raw)
	if !ok {
		return raw, false, nil
	}
	var rendered map[string]any
	if s.Kind == KindObject {
		rendered, changed, err = r.object(s, m)
	} else {
		rendered, changed, err = r.entries(s, m)
	}
	if err != nil {
		return nil, false, err
	}
	if m.ordered != nil && !changed {
		return raw, false, nil
	}
	return m.inOrder(rendered), changed, nil
}

func (r renderer) oneText(s *Spec, source string) (any, error) {
	if !s.keepsText() {
		return r.text(source, s.takesText())
	}
	if HasTemplate(source) {
		// A template may yield a mapping, or nothing.
		v, err := r.text(source, false)
		if err != nil || v == nil || IsMapping(v) {
			return v, err
		}
	}
	return r.text(source, true)
}

func (r renderer) list(s *Spec, raw []any) (any, bool, error) {
	elem := s.inner(KindList)
	out := make([]any, len(raw))
	changed := false
	for i, element := range raw {
		rendered, different, err := r.value(elem, element)
		if err != nil {
			return nil, false, underIndex(i, err)
		}
		out[i] = rendered
		changed = changed || different
	}
	return out, changed, nil
}

func (r renderer) entries(s *Spec, m mapping) (map[string]any, bool, error) {
	elem := s.inner(KindMap)
	out := make(map[string]any, m.len())
	changed := false
	for _, key := range m.keys() {
		element, _ := m.get(key)
		rendered, different, err := r.value(elem, element)
		if err != nil {
			return nil, false, underKey(key, err)
		}
		out[key] = rendered
		changed = changed || different
	}
	return out, changed, nil
}

func (r renderer) object(s *Spec, m mapping) (map[string]any, bool, error) {
	size := m.len()
	out := make(map[string]any, size)
	changed := false
	for _, f := range s.Fields {
		if len(out) == size {
			return out, changed, nil
		}
		raw, given := m.get(f.Name)
		if !given || !f.isKey() {
			continue
		}
		rendered, different, err := r.value(f, raw)
		if err != nil {
			return nil, false, underKey(f.Name, err)
		}
		out[f.Name] = rendered
		changed = changed || different
	}
	if len(out) == size {
		return out, changed, nil
	}
	for _, key := range m.keys() {
		if _, done := out[key]; done {
			continue
		}
		raw, _ := m.get(key)
		if !s.Rest() {
			out[key] = raw
			continue
		}
		rendered, different, err := r.value(anySpec, raw)
		if err != nil {
			return nil, false, underKey(key, err)
		}
		out[key] = rendered
		changed = changed || different
	}
	return out, changed, nil
}
