package check

import (
	"maps"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/params"
)

func (k *checker) wrongType(path params.Path, want string, got any) {
	k.reportError(k.at(path), path, "wrong-type", "", "this is %s, it must be %s", config.Describe(got), want)
}

// mapping is a value that must be a mapping, nil for one that is reported not to be.
func (k *checker) mapping(v any, path params.Path) map[string]any {
	m, ok := v.(map[string]any)
	if !ok && v != nil {
		k.wrongType(path, "a mapping", v)
	}
	return m
}

// serviceIDs are the injections of a pipe: "" for one that is reported not to be an
// id.
func (k *checker) serviceIDs(v any, path params.Path) map[string]string {
	m := k.mapping(v, path)
	out := make(map[string]string, len(m))
	for _, name := range sortedKeys(m) {
		id, ok := m[name].(string)
		if !ok {
			k.wrongType(path.Key(name), "the id of a service", m[name])
		}
		out[name] = id
	}
	return out
}

// without is a mapping without some of its keys.
func without(m map[string]any, keys []string) map[string]any {
	out := maps.Clone(m)
	for _, key := range keys {
		delete(out, key)
	}
	return out
}
