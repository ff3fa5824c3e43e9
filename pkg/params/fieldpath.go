package params

import "strings"

// readField reads the Field of an [api.FieldError], which a plugin made. Many write
// a key of a mapping after a dot whatever it consists of, so the keys of raw, which
// the text is about, count more than dots and brackets.
func readField(text string, raw any) Path {
	path, err := ParsePath(text)
	if text == "" || err == nil && leadsToValue(path, raw) {
		return path
	}
	if known, rest := knownKeys(text, raw); len(known) > 0 {
		return known.Join(readField(rest, nil))
	}
	if err != nil {
		return Keys(text)
	}
	return path
}

func leadsToValue(path Path, raw any) bool {
	for _, s := range path {
		var ok bool
		if raw, ok = s.of(raw); !ok {
			return false
		}
	}
	return true
}

// valueAt is the value to which path leads, or nil.
func valueAt(raw any, path Path) any {
	for _, s := range path {
		raw, _ = s.of(raw)
	}
	return raw
}

// of is the value to which s leads in raw.
func (s Step) of(raw any) (value any, ok bool) {
	if i, ok := s.Index(); ok {
		list, _ := raw.([]any)
		if i >= len(list) {
			return nil, false
		}
		return list[i], true
	}
	m, ok := asMapping(raw)
	if !ok {
		return nil, false
	}
	return m.get(s.key)
}

// knownKeys reads as many steps as lead to values of raw.
func knownKeys(text string, raw any) (known Path, rest string) {
	for first := true; first || text != ""; first = false {
		s, after, ok := knownStep(text, first, raw)
		if !ok {
			break
		}
		raw, _ = s.of(raw)
		known, text = append(known, s), after
	}
	return known, strings.TrimPrefix(text, ".")
}

func knownStep(text string, first bool, raw any) (s Step, rest string, ok bool) {
	inner, dotted := strings.CutPrefix(text, ".")
	if first {
		inner = text
	}
	if first || dotted {
		if s, rest, ok = knownKey(inner, raw); ok {
			return s, rest, true
		}
	}
	if !strings.HasPrefix(inner, "[") {
		return s, "", false
	}
	s, rest, err := parseBrackets(inner)
	if err != nil {
		return s, "", false
	}
	_, ok = s.of(raw)
	return s, rest, ok
}

// knownKey is the longest key of raw with which text begins.
func knownKey(text string, raw any) (s Step, rest string, ok bool) {
	m, isMapping := asMapping(raw)
	if !isMapping {
		return s, "", false
	}
	for _, key := range m.keys() {
		after, begins := strings.CutPrefix(text, key)
		if begins && (after == "" || after[0] == '.' || after[0] == '[') && (!ok || len(key) > len(s.key)) {
			s, rest, ok = KeyStep(key), after, true
		}
	}
	return s, rest, ok
}
