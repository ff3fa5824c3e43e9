package config

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Position is a place in a file. Line and Column count from 1, in characters. A
// Line of 0 means that File names an environment variable, or nothing at all.
type Position struct {
	File         string
	Line, Column int
}

// place is where one key of the document and its value were written.
type place struct {
	key, value Position
	kind       yaml.Kind
	text       string // a scalar's text, as the file gives it
	style      yaml.Style
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
func (a *atlas) record(path string, key Position, n *node) {
	old, known := a.places[path]
	if known && old.kind != yaml.ScalarNode && (old.kind != n.kind || n.kind == yaml.SequenceNode) {
		a.forget(path)
	}
	if !known || n.kind != yaml.MappingNode || old.kind != yaml.MappingNode {
		a.places[path] = place{key: key, value: n.at, kind: n.kind, text: n.text, style: n.style}
	}
	for _, p := range n.pairs {
		a.record(join(path, p.key), p.at, p.value)
	}
	for i, item := range n.items {
		a.record(at(path, i), item.at, item)
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
func (a *atlas) place(path string) place { return a.places[a.written(path)] }

// valueAt returns the position of the value at path, or of the nearest value
// around it.
func (a *atlas) valueAt(path string) Position {
	path = a.written(path)
	for {
		if p, ok := a.places[path]; ok {
			return p.value
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
	if !ok || p.value.Line == 0 {
		return a.valueAt(path)
	}
	return textPosition(a.lines[p.value.File], p, line, column)
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
