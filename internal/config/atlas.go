package config

import (
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"go.yaml.in/yaml/v3"
)

// place is where one key of the document and its value were written.
type place struct {
	key Position
	*source.Node
}

// atlas knows the place of every path of the document, and the lines of the files.
type atlas struct {
	places map[string]place
	lines  map[string][]string
	moved  map[string]string // where a value was written that is treated as if it stood at this path
}

func newAtlas() *atlas {
	return &atlas{places: map[string]place{}, lines: map[string][]string{}, moved: map[string]string{}}
}

// record notes the places of a tree as koanf merges it: mappings are merged, all
// else replaces what stood there.
func (a *atlas) record(path string, key Position, n *source.Node) {
	old, known := a.places[path]
	if known && old.Kind != yaml.ScalarNode && (old.Kind != n.Kind || n.Kind == yaml.SequenceNode) {
		a.forget(path)
	}
	if !known || n.Kind != yaml.MappingNode || old.Kind != yaml.MappingNode {
		a.places[path] = place{key, n}
	}
	for _, p := range n.Pairs {
		a.record(join(path, p.Key), p.At, p.Value)
	}
	for i, item := range n.Items {
		a.record(at(path, i), item.At, item)
	}
}

func (a *atlas) forget(path string) {
	for p := range a.places {
		if strings.HasPrefix(p, path+".") || strings.HasPrefix(p, path+"[") {
			delete(a.places, p)
		}
	}
}

// written is the path under which the value at path stands in the file. They differ
// where a key was misspelled, or stood at the wrong place.
func (a *atlas) written(path string) string {
	if len(a.moved) == 0 {
		return path
	}
	for above := path; above != ""; above = parent(above) {
		if from, ok := a.moved[above]; ok {
			return a.written(from) + path[len(above):]
		}
	}
	return path
}

// place is where the value at path was written, and how; nothing for one that was
// not.
func (a *atlas) place(path string) place {
	p, ok := a.places[a.written(path)]
	if !ok {
		return place{Node: &source.Node{}}
	}
	return p
}

// valueAt returns the position of the value at path, or of the nearest value
// around it.
func (a *atlas) valueAt(path string) Position {
	path = a.written(path)
	for {
		if p, ok := a.places[path]; ok {
			return p.At
		}
		if path == "" {
			return Position{}
		}
		path = parent(path)
	}
}

// keyAt is like valueAt but points at the key.
func (a *atlas) keyAt(path string) Position {
	if p, ok := a.places[a.written(path)]; ok {
		return p.key
	}
	return a.valueAt(path)
}

// useAt returns the position of a use that is empty, or of what it is missing in.
func (a *atlas) useAt(path string) Position {
	if p, ok := a.places[a.written(join(path, "use"))]; ok {
		return p.key
	}
	return a.valueAt(path)
}

// inside returns the position of a line and a column (both from 1) of the text
// that stands at path. Where the YAML form of the text hides the exact place, it
// is the last one that is certain.
func (a *atlas) inside(path string, line, column int) Position {
	p, ok := a.places[a.written(path)]
	if !ok || p.At.Line == 0 {
		return a.valueAt(path)
	}
	return source.TextPosition(a.lines[p.At.File], p.Node, line, column)
}

// join and at build paths such as services.otobo.params.urls[0]. A key that would
// make a path ambiguous is quoted: services["a.b"].
func join(path, key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\": \t") {
		return path + "[" + strconv.Quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func at(path string, index int) string {
	return path + "[" + strconv.Itoa(index) + "]"
}

// parent cuts off the last step of a path.
func parent(path string) string {
	if strings.HasSuffix(path, `"]`) {
		return path[:max(strings.LastIndex(path, `["`), 0)]
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
