package config

import (
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// InOrder is the root pipe with the mappings in params in the order in which they
// were written, for templates that go through them. The pipes themselves stay Go
// maps.
func (d *Document) InOrder() map[string]any {
	if d.Orchestrator == nil {
		return nil
	}
	return ordering{d.tree}.pipe(d.Orchestrator, params.Keys("orchestrator"))
}

type ordering struct{ tree *tree }

func (o ordering) pipe(m map[string]any, path params.Path) map[string]any {
	out := maps.Clone(m)
	if p, ok := m["params"].(map[string]any); ok {
		inner := make(map[string]any, len(p))
		for key, v := range p {
			inner[key] = o.value(v, path.Key("params").Key(key))
		}
		out["params"] = inner
	}
	return out
}

func (o ordering) value(v any, path params.Path) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = o.value(v[i], path.Index(i))
		}
		return out
	case map[string]any:
		if _, pipe := v["use"].(string); pipe {
			return o.pipe(v, path)
		}
		keys := slices.Sorted(maps.Keys(v))
		slices.SortStableFunc(keys, func(a, b string) int {
			return source.ComparePositions(o.tree.keyAt(path.Key(a)), o.tree.keyAt(path.Key(b)))
		})
		out := &jinja.Dict{}
		for _, key := range keys {
			out.Set(key, o.value(v[key], path.Key(key)))
		}
		return out
	}
	return v
}
