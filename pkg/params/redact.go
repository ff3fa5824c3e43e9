package params

const redacted = "***"

// Redact copies raw and puts "***" in place of every value of a secret field,
// templates included. A key that is probably a misspelled secret counts as one.
// The params of child pipes are copied as they are: their own Spec knows their
// secrets.
func Redact(s *Spec, raw map[string]any) map[string]any {
	if raw == nil {
		return nil
	}
	out, _ := redact(s, raw).(map[string]any)
	return out
}

func redact(s *Spec, raw any) any {
	if raw == nil {
		return nil
	}
	if s.Secret {
		return redacted
	}
	if list, ok := raw.([]any); ok {
		out := make([]any, len(list))
		for i, element := range list {
			out[i] = redact(elementOf(s), element)
		}
		return out
	}
	m, ok := asMapping(raw)
	if !ok {
		return raw
	}
	out := make(map[string]any, m.len())
	for _, key := range m.keys() {
		value, _ := m.get(key)
		out[key] = redact(specOfKey(s, key), value)
	}
	return out
}

func specOfKey(s *Spec, key string) *Spec {
	if s.Kind != KindObject {
		return elementOf(s)
	}
	if f := s.Field(key); f != nil {
		return f
	}
	if near := s.Field(Near(key, s.Names())); near != nil && near.Secret {
		return near
	}
	return anySpec
}
