package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is how long a configuration file may be.
const MaxBytes = 10 << 20

// Further limits of one file. A configuration of a large site has some thousand values.
const (
	maxDepth  = 100
	maxValues = 100_000 // after every alias was followed
)

// Source is a file as it was read. Name is what messages call it.
type Source struct {
	Name string
	Data []byte
}

// node is a value of a configuration file. Aliases and merge keys are resolved,
// keys and timestamps are the text that was written.
type node struct {
	kind  yaml.Kind // mapping, sequence or scalar
	at    Position
	pairs []pair
	items []*node
	value any    // a scalar's value: string, bool, int, uint64, float64 or nil
	text  string // a scalar's text
	style yaml.Style
}

type pair struct {
	key   string
	at    Position
	value *node
}

// get returns the value of a key, nil where there is none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, p := range n.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

func (n *node) isMapping() bool { return n != nil && n.kind == yaml.MappingNode }
func (n *node) isList() bool    { return n != nil && n.kind == yaml.SequenceNode }

// parseFile parses one file into YAML's own nodes, the document with a mapping in
// it. It returns nil when nothing in the file can be used.
func parseFile(s Source, diags *Reporter) *yaml.Node {
	at := func(offset int) Position { return offsetPosition(s, offset) }
	data := bytes.TrimPrefix(s.Data, byteOrderMark)
	skipped := len(s.Data) - len(data)
	switch {
	case len(s.Data) > MaxBytes:
		diags.ReportError(Position{s.Name, 1, 1}, "", "file-too-large", "leave out what is no configuration", "the file has more than %d MB", MaxBytes>>20)
		return nil
	case !utf8.Valid(data):
		diags.ReportError(at(skipped+invalidUTF8(data)), "", "encoding", "save the file as UTF-8", "this is no UTF-8 text")
		return nil
	}
	text := visible(s.Name, string(data), diags)
	if text != string(data) {
		data = []byte(text)
		s = Source{s.Name, data} // in which all has the places of the file
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		reportSyntax(s, data, err, diags)
		return nil
	}
	for {
		var more yaml.Node
		err := decoder.Decode(&more)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			reportSyntax(s, data, err, diags)
			return nil
		}
		if len(more.Content) > 0 && more.Content[0].Tag != "!!null" {
			diags.ReportError(Position{s.Name, more.Content[0].Line, more.Content[0].Column}, "", "multiple-documents",
				"remove the line with --- and put both parts under the same keys", "a second YAML document begins here")
			return nil
		}
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		diags.ReportError(Position{s.Name, 1, 1}, "", "empty", "see examples/ for a configuration to begin with", "the file holds no configuration")
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		hint := "write keys such as services: and orchestrator:"
		if root.Kind == yaml.SequenceNode && len(root.Content) > 0 && keyOf(root.Content[0], "use") != nil {
			hint = "these are steps: indent them below orchestrator:, params: and steps:"
		}
		diags.ReportError(Position{s.Name, root.Line, root.Column}, "", "not-a-mapping", hint, "the file is no mapping of keys to values")
		return nil
	}
	return &doc
}

// readFile returns what stands in one file, in the current form.
func readFile(s Source, diags *Reporter) *node {
	doc := parseFile(s, diags)
	if doc == nil {
		return nil
	}
	root := upgrade(s.Name, doc.Content[0], diags)
	if root == nil {
		return nil
	}
	return expandFile(s.Name, root, diags)
}

// expandFile resolves aliases and merge keys. It returns nil where that is not
// possible.
func expandFile(file string, root *yaml.Node, diags *Reporter) *node {
	e := expander{file: file, diags: diags, open: map[*yaml.Node]bool{}}
	out := e.expand(root, "", 0)
	if e.broken {
		return nil
	}
	return out
}

// expander turns YAML nodes into plain ones.
type expander struct {
	file   string
	diags  *Reporter
	open   map[*yaml.Node]bool // the collections on the way from the root
	values int
	alias  *yaml.Node // the outermost one on the way
	broken bool       // something is wrong that makes the rest worthless
}

func (e *expander) fail(n *yaml.Node, path, code, hint, format string, args ...any) *node {
	if !e.broken {
		e.diags.ReportError(e.position(n), path, code, hint, format, args...)
	}
	e.broken = true
	return nil
}

func (e *expander) position(n *yaml.Node) Position { return Position{e.file, n.Line, n.Column} }

// expand returns nil after a fault that ends the reading.
func (e *expander) expand(n *yaml.Node, path string, depth int) *node {
	if e.broken {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if e.open[n.Alias] {
			return e.fail(n, path, "cyclic-alias", "an anchor can't contain itself", "the alias *%s stands inside its own anchor", n.Value)
		}
		if e.alias == nil {
			e.alias = n
			defer func() { e.alias = nil }()
		}
		return e.expand(n.Alias, path, depth)
	}
	if e.values++; e.values > maxValues {
		if e.alias != nil {
			n = e.alias
		}
		return e.fail(n, "", "too-many-values", "aliases that hold aliases multiply", "the file grows to more than %d values", maxValues)
	}
	if depth > maxDepth {
		return e.fail(n, path, "too-deep", "use fewer levels", "this is nested deeper than %d levels", maxDepth)
	}
	out := &node{kind: n.Kind, at: e.position(n)}
	if tag := n.ShortTag(); !strings.HasPrefix(tag, "!!") {
		shown, hint := unknownTagHint(tag, path)
		e.diags.ReportError(e.position(n), path, "unknown-tag", hint, "the tag %s means nothing here", shown)
		if n.Kind == yaml.ScalarNode {
			out.value = unknownValue
			return out
		}
	}
	switch n.Kind {
	case yaml.MappingNode:
		if bareTemplate(n) {
			e.diags.ReportError(e.position(n), path, "bad-key", `write it in quotes: "{{ … }}"`, "this is a template without quotes, which YAML takes for a mapping")
			out.kind, out.value = yaml.ScalarNode, unknownValue
			break
		}
		e.open[n] = true
		e.pairs(out, n, path, depth)
		delete(e.open, n)
	case yaml.SequenceNode:
		e.open[n] = true
		for i, item := range n.Content {
			if v := e.expand(item, at(path, i), depth+1); v != nil {
				out.items = append(out.items, v)
			}
		}
		delete(e.open, n)
	default:
		out.text, out.style = n.Value, n.Style
		if n.ShortTag() == "!!timestamp" {
			out.value = n.Value
			break
		}
		if err := n.Decode(&out.value); err != nil {
			return e.fail(n, path, "bad-value", "quote it if it is text", "%q is no %s", secretname.Shown(path, n.Value), strings.TrimPrefix(n.ShortTag(), "!!"))
		}
	}
	if e.broken {
		return nil
	}
	return out
}

// bareTemplate is true for what YAML makes of {{ … }}.
func bareTemplate(n *yaml.Node) bool {
	if n.Style&yaml.FlowStyle == 0 || len(n.Content) == 0 {
		return false
	}
	inner := n.Content[0]
	return inner.Kind == yaml.MappingNode && inner.Style&yaml.FlowStyle != 0 && inner.Line == n.Line && inner.Column == n.Column+1
}

func (e *expander) pairs(out *node, n *yaml.Node, path string, depth int) {
	first := map[string]Position{}
	var merged []*node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, e.mergeSources(v, path, depth)...)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			e.fail(k, path, "bad-key", "a key is a single word or text", "a collection can't be a key")
			return
		}
		if strings.ContainsFunc(k.Value, func(r rune) bool { return r < ' ' }) {
			e.fail(k, path, "bad-key", "a key is a single line of text", "the key %q has control characters", secretname.Shown(path, k.Value))
			return
		}
		if i := strings.IndexFunc(k.Value, invisible); i >= 0 {
			e.fail(k, path, invisibleCode, spaceHint, "%s stands in the key %q", runeName([]rune(k.Value[i:])[0]), secretname.Shown(path, strings.TrimFunc(k.Value, invisible)))
			return
		}
		p := join(path, k.Value)
		if before, twice := first[k.Value]; twice {
			e.diags.ReportError(e.position(k), p, "duplicate-key", fmt.Sprintf("it is first given in line %d: keep one of the two", before.Line), "the key %q is given twice", secretname.Shown(path, k.Value))
			continue
		}
		first[k.Value] = e.position(k)
		if value := e.expand(v, p, depth+1); value != nil {
			out.pairs = append(out.pairs, pair{k.Value, e.position(k), value})
		}
	}
	for _, m := range merged {
		for _, p := range m.pairs {
			if _, given := first[p.key]; !given {
				first[p.key] = p.at
				out.pairs = append(out.pairs, p)
			}
		}
	}
}

// mergeSources returns the mappings behind "<<", the strongest first.
func (e *expander) mergeSources(v *yaml.Node, path string, depth int) []*node {
	m := e.expand(v, path, depth+1)
	switch {
	case m == nil:
		return nil
	case m.isMapping():
		return []*node{m}
	case m.isList():
		if !slices.ContainsFunc(m.items, func(item *node) bool { return !item.isMapping() }) {
			return m.items
		}
	}
	e.fail(v, path, "bad-merge", "write <<: *name", "<< merges mappings only")
	return nil
}
