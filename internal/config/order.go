package config

import (
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// InOrder is the root pipe with the mappings in params in the order in which they
// were written, for templates that go through them. The pipes themselves stay Go
// maps.
func (d *Document) InOrder() map[string]any {
	if d.Orchestrator == nil {
		return nil
	}
	return ordering{d.atlas}.pipe(d.Orchestrator, "orchestrator")
}

type ordering struct{ atlas *atlas }

func (o ordering) pipe(m map[string]any, path string) map[string]any {
	out := maps.Clone(m)
	if p, ok := m["params"].(map[string]any); ok {
		params := make(map[string]any, len(p))
		for key, v := range p {
			params[key] = o.value(v, join(join(path, "params"), key))
		}
		out["params"] = params
	}
	return out
}

func (o ordering) value(v any, path string) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = o.value(v[i], at(path, i))
		}
		return out
	case map[string]any:
		if _, pipe := v["use"].(string); pipe {
			return o.pipe(v, path)
		}
		keys := slices.Sorted(maps.Keys(v))
		slices.SortStableFunc(keys, func(a, b string) int {
			return source.ComparePositions(o.atlas.keyAt(join(path, a)), o.atlas.keyAt(join(path, b)))
		})
		out := &jinja.Dict{}
		for _, key := range keys {
			out.Set(key, o.value(v[key], join(path, key)))
		}
		return out
	}
	return v
}
