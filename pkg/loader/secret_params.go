package loader

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// hideSecrets returns params for a process that only asks a plugin: each secret is a text
// of x, as long as it was, so that a Validate that wants one is content. It also returns
// where they are. A text with a template stays: what it yields comes later.
func (o *Options) hideSecrets(offers []Offer, use string, raw map[string]any) (map[string]any, []params.Path) {
	at := slices.IndexFunc(offers, func(offered Offer) bool { return offered.Name == use })
	if at < 0 || raw == nil {
		return nil, nil // it isn't asked
	}
	h := secretHider{named: o.Secret}
	hidden, _ := h.value(offers[at].Params, raw, nil, false).(map[string]any)
	return hidden, h.places
}

type secretHider struct {
	named  func(key string) bool
	places []params.Path
}

func (h *secretHider) value(s *params.Spec, raw any, path params.Path, secret bool) any {
	secret = secret || s != nil && s.Secret
	switch v := raw.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			inner := specAt(s, key)
			unknown := inner == nil && h.named != nil && h.named(key)
			out[key] = h.value(inner, value, path.Key(key), secret || unknown)
		}
		return out
	case []any:
		var inner *params.Spec
		if s != nil && s.Kind == params.KindList {
			inner = s.Elem
		}
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = h.value(inner, value, path.Index(i), secret)
		}
		return out
	case string:
		if secret && v != "" && !strings.Contains(v, "{{") && !strings.Contains(v, "{%") {
			h.places = append(h.places, slices.Clone(path))
			return strings.Repeat("x", utf8.RuneCountInString(v))
		}
	case nil, bool:
	default:
		if secret { // a number
			h.places = append(h.places, slices.Clone(path))
			return nil
		}
	}
	return raw
}

// specAt describes what a key of a mapping has, or is nil.
func specAt(s *params.Spec, key string) *params.Spec {
	switch {
	case s == nil:
		return nil
	case s.Kind == params.KindMap:
		return s.Elem
	case s.Field(key) != nil:
		return s.Field(key)
	}
	for _, f := range s.Fields {
		if f.Kind == params.KindRest {
			return f.Elem
		}
	}
	return nil
}

// withoutHidden leaves out what is wrong with values that the plugin didn't get.
func withoutHidden(found []params.Diagnostic, hidden []params.Path) []params.Diagnostic {
	return slices.DeleteFunc(found, func(d params.Diagnostic) bool {
		return slices.ContainsFunc(hidden, func(p params.Path) bool { return len(d.Path) > 0 && d.Path.HasPrefix(p) })
	})
}
