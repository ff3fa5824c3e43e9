package flow

import (
	"fmt"
	"maps"
	"slices"
)

// Pipe is a pipe at its place in the configuration.
type Pipe struct {
	Path    string
	Use     string
	Injects map[string]any
	Params  map[string]any
	Around  *Pipe            // nil for the root
	Before  map[string]*Pipe // what ran before it and what its templates see, by id
}

// Pipes returns all pipes of the configuration with this root, each before those in it.
func Pipes(root map[string]any) []*Pipe {
	w := &pipeWalk{}
	w.pipe("orchestrator", root, nil, nil)
	return w.found
}

type pipeWalk struct{ found []*Pipe }

func (w *pipeWalk) pipe(path string, raw map[string]any, around *Pipe, before map[string]*Pipe) *Pipe {
	p := &Pipe{Path: path, Around: around, Before: before}
	p.Use, _ = raw["use"].(string)
	p.Injects, _ = raw["injects"].(map[string]any)
	p.Params, _ = raw["params"].(map[string]any)
	w.found = append(w.found, p)
	w.value(path+".params", p.Params, p, before)
	return p
}

// value looks for pipes in the params of a pipe. Those of a list run one after
// another: each sees the results of those before it.
func (w *pipeWalk) value(path string, value any, around *Pipe, before map[string]*Pipe) {
	switch v := value.(type) {
	case []any:
		before = maps.Clone(before)
		for i, element := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			raw, ok := AsPipe(element)
			if !ok {
				w.value(at, element, around, before)
				continue
			}
			p := w.pipe(at, raw, around, maps.Clone(before))
			if id, _ := raw["id"].(string); id != "" {
				if before == nil {
					before = make(map[string]*Pipe)
				}
				before[id] = p
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := path + "." + key
			if raw, ok := AsPipe(v[key]); ok {
				w.pipe(at, raw, around, before)
				continue
			}
			w.value(at, v[key], around, before)
		}
	}
}

// AsPipe returns the fields of a value that is a pipe.
func AsPipe(value any) (map[string]any, bool) {
	raw, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	_, ok = raw["use"].(string)
	return raw, ok
}
