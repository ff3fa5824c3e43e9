package config

import (
	"strconv"
	"strings"
	"unicode/utf8"

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
}

func newAtlas() *atlas {
	return &atlas{places: map[string]place{}, lines: map[string][]string{}}
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

// valueAt returns the position of the value at path, or of the nearest value
// around it.
func (a *atlas) valueAt(path string) Position {
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
	if p, ok := a.places[path]; ok {
		return p.key
	}
	return a.valueAt(path)
}

// inside returns the position of a line and a column (both from 1) of the text
// that stands at path. Where the YAML form of the text hides the exact place, it
// is the nearest line that is certain.
func (a *atlas) inside(path string, line, column int) Position {
	p, ok := a.places[path]
	if !ok || p.value.Line == 0 || line < 1 {
		return a.valueAt(path)
	}
	lines := a.lines[p.value.File]
	switch {
	case p.style&yaml.LiteralStyle != 0:
		return blockPosition(lines, p.value, line, column)
	case p.style&yaml.FoldedStyle != 0:
		return foldedPosition(lines, p, line, column)
	case p.style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return inlinePosition(lines, p, line, column, 1)
	default:
		return inlinePosition(lines, p, line, column, 0)
	}
}

// blockPosition: line n of a literal block stands n lines below its header.
func blockPosition(lines []string, header Position, line, column int) Position {
	indent := 0
	for _, l := range after(lines, header.Line) {
		if strings.TrimSpace(l) != "" {
			indent = len(l) - len(strings.TrimLeft(l, " "))
			break
		}
	}
	return Position{header.File, header.Line + line, indent + max(column, 1)}
}

// foldedPosition walks along the source lines of a folded block, each of which is
// one character longer in the text for the space that joins it to the next.
func foldedPosition(lines []string, p place, line, column int) Position {
	texts := strings.Split(p.text, "\n")
	if line > len(texts) {
		return Position{p.value.File, p.value.Line + 1, 1}
	}
	rest := texts[line-1]
	for i, l := range after(lines, p.value.Line) {
		body := strings.TrimLeft(l, " ")
		indent := len(l) - len(body)
		body = strings.TrimRight(body, "\r")
		if body == "" || !strings.HasPrefix(rest, body) {
			if i > 0 && column > 1 && !strings.Contains(rest, body) {
				break
			}
			continue
		}
		width := utf8.RuneCountInString(body)
		if column <= width+1 {
			return Position{p.value.File, p.value.Line + 1 + i, indent + max(column, 1)}
		}
		column -= width + 1
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, body), " ")
	}
	return Position{p.value.File, p.value.Line + 1, 1}
}

// inlinePosition holds while the source shows the text as it is, without escapes
// and line breaks.
func inlinePosition(lines []string, p place, line, column, quote int) Position {
	first, _, _ := strings.Cut(p.text, "\n")
	before := []rune(first)
	if line != 1 || p.value.Line > len(lines) || column < 1 || column-1 > len(before) {
		return p.value
	}
	source := []rune(lines[p.value.Line-1])
	start := p.value.Column - 1 + quote
	if start+column-1 > len(source) || string(source[start:start+column-1]) != string(before[:column-1]) {
		return p.value
	}
	return Position{p.value.File, p.value.Line, start + column}
}

func after(lines []string, line int) []string {
	if line >= len(lines) {
		return nil
	}
	return lines[line:]
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
