package source

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// Further limits of one file. A configuration of a large site has some thousand values.
const (
	maxDepth  = 100
	maxValues = 100_000 // after every alias was followed
)

// Node is a value of a configuration file. Aliases and merge keys are resolved,
// keys and timestamps are the text that was written.
type Node struct {
	Kind  yaml.Kind // mapping, sequence or scalar
	Key   Position  // of its key; of what has none, its own
	At    Position
	Pairs []Pair
	Items []*Node
	Value any    // a scalar's value: string, bool, int, uint64, float64 or nil
	Text  string // a scalar's text
	Style yaml.Style
}

// Pair is one key of a mapping.
type Pair struct {
	Key   string
	Value *Node
}

// Get returns the value of a key, nil where there is none.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}

// Set gives a key of a mapping another value.
func (n *Node) Set(key string, value *Node) {
	for i := range n.Pairs {
		if n.Pairs[i].Key == key {
			n.Pairs[i].Value = value
			return
		}
	}
	n.Pairs = append(n.Pairs, Pair{key, value})
}

// Mappings are the pairs whose values are mappings, none of what isn't one itself.
func (n *Node) Mappings() (pairs []Pair) {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Value.IsMapping() {
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// Keys are the keys of a mapping, in the order of the file.
func (n *Node) Keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		if n == nil {
			return
		}
		for _, p := range n.Pairs {
			if !yield(p.Key) {
				return
			}
		}
	}
}

// Walk visits n and all values in it, with the trails that lead there from n.
func (n *Node) Walk(visit func(at *Trail, n *Node)) { n.walk(nil, visit) }

func (n *Node) walk(at *Trail, visit func(*Trail, *Node)) {
	visit(at, n)
	for _, p := range n.Pairs {
		p.Value.walk(&Trail{Above: at, Key: p.Key}, visit)
	}
	for i, item := range n.Items {
		item.walk(&Trail{Above: at, Item: i + 1}, visit)
	}
}

// Find returns the value at path, nil where there is none.
func (n *Node) Find(path params.Path) *Node {
	found, rest := n.Nearest(path)
	if rest > 0 {
		return nil
	}
	return found
}

// Nearest returns the value at path, or the last one on the way to it with the number
// of steps that are missing then.
func (n *Node) Nearest(path params.Path) (found *Node, rest int) {
	for i, step := range path {
		var inner *Node
		if index, ok := step.Index(); ok && index < len(n.Items) {
			inner = n.Items[index]
		} else if key, ok := step.Key(); ok {
			inner = n.Get(key)
		}
		if inner == nil {
			return n, len(path) - i
		}
		n = inner
	}
	return n, 0
}

// IsMapping is true for a mapping, and false for nil.
func (n *Node) IsMapping() bool { return n != nil && n.Kind == yaml.MappingNode }

// IsList is true for a list, and false for nil.
func (n *Node) IsList() bool { return n != nil && n.Kind == yaml.SequenceNode }

// Expand resolves aliases and merge keys. It returns nil where that is not
// possible.
func Expand(file string, root *yaml.Node, diags *Reporter) *Node {
	e := expander{file: file, diags: diags, open: map[*yaml.Node]bool{}}
	out := e.expand(root, nil, 0)
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

func (e *expander) fail(n *yaml.Node, at *Trail, code, hint, format string, args ...any) *Node {
	if !e.broken {
		e.diags.ReportError(e.position(n), at.Path(), code, hint, format, args...)
	}
	e.broken = true
	return nil
}

func (e *expander) position(n *yaml.Node) Position { return Position{e.file, n.Line, n.Column} }

// expand returns nil after an error that ends the reading.
func (e *expander) expand(n *yaml.Node, at *Trail, depth int) *Node {
	if e.broken {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		if e.open[n.Alias] {
			return e.fail(n, at, "cyclic-alias", "an anchor can't contain itself", "the alias *%s stands inside its own anchor", n.Value)
		}
		if e.alias == nil {
			e.alias = n
			defer func() { e.alias = nil }()
		}
		return e.expand(n.Alias, at, depth)
	}
	if e.values++; e.values > maxValues {
		if e.alias != nil {
			n = e.alias
		}
		return e.fail(n, nil, "too-many-values", "aliases of aliases multiply", "the file grows to more than %d values", maxValues)
	}
	if depth > maxDepth {
		return e.fail(n, at, "too-deep", "use fewer levels", "this is nested deeper than %d levels", maxDepth)
	}
	out := &Node{Kind: n.Kind, Key: e.position(n), At: e.position(n)}
	if tag := n.ShortTag(); !strings.HasPrefix(tag, "!!") {
		shown, hint := unknownTagHint(tag, at.Path())
		e.diags.ReportError(e.position(n), at.Path(), "unknown-tag", hint, "the tag %s means nothing here", shown)
		if n.Kind == yaml.ScalarNode {
			out.Value = unknownValue
			return out
		}
	}
	switch n.Kind {
	case yaml.MappingNode:
		if bareTemplate(n) {
			e.diags.ReportError(e.position(n), at.Path(), "bad-key", `write it in quotes: "{{ … }}"`, "this is a template without quotes, which YAML takes for a mapping")
			out.Kind, out.Value = yaml.ScalarNode, unknownValue
			break
		}
		e.open[n] = true
		e.pairs(out, n, at, depth)
		delete(e.open, n)
	case yaml.SequenceNode:
		e.open[n] = true
		for i, item := range n.Content {
			if v := e.expand(item, &Trail{Above: at, Item: i + 1}, depth+1); v != nil {
				out.Items = append(out.Items, v)
			}
		}
		delete(e.open, n)
	default:
		out.Text, out.Style = n.Value, n.Style
		if n.ShortTag() == "!!timestamp" {
			out.Value = n.Value
			break
		}
		if err := n.Decode(&out.Value); err != nil {
			return e.fail(n, at, "bad-value", "quote it if it is text", "%q is not a valid %s", secretname.Shown(at.Path(), n.Value), strings.TrimPrefix(n.ShortTag(), "!!"))
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

func (e *expander) pairs(out *Node, n *yaml.Node, at *Trail, depth int) {
	first := map[string]Position{}
	var merged []*Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		if k.ShortTag() == "!!merge" {
			merged = append(merged, e.mergeSources(v, at, depth)...)
			continue
		}
		if k.Kind != yaml.ScalarNode {
			e.fail(k, at, "bad-key", "a key is a single word or text", "a collection can't be a key")
			return
		}
		if strings.ContainsFunc(k.Value, func(r rune) bool { return r < ' ' }) {
			e.fail(k, at, "bad-key", "a key is a single line of text", "the key %q has control characters", secretname.Shown(at.Path(), k.Value))
			return
		}
		if i := strings.IndexFunc(k.Value, func(r rune) bool { return r > unicode.MaxASCII && Invisible(r) }); i >= 0 {
			e.fail(k, at, InvisibleCode, spaceHint, "%s stands in the key %q", RuneName([]rune(k.Value[i:])[0]), secretname.Shown(at.Path(), strings.TrimFunc(k.Value, Invisible)))
			return
		}
		inside := &Trail{Above: at, Key: k.Value}
		if before, twice := first[k.Value]; twice {
			e.diags.ReportError(e.position(k), inside.Path(), "duplicate-key", fmt.Sprintf("it is first given in line %d: keep one of the two", before.Line), "the key %q is given twice", secretname.Shown(at.Path(), k.Value))
			continue
		}
		first[k.Value] = e.position(k)
		if value := e.expand(v, inside, depth+1); value != nil {
			value.Key = e.position(k)
			out.Pairs = append(out.Pairs, Pair{k.Value, value})
		}
	}
	for _, m := range merged {
		for _, p := range m.Pairs {
			if _, given := first[p.Key]; !given {
				first[p.Key] = p.Value.Key
				out.Pairs = append(out.Pairs, p)
			}
		}
	}
}

// mergeSources returns the mappings behind "<<", the strongest first.
func (e *expander) mergeSources(v *yaml.Node, at *Trail, depth int) []*Node {
	m := e.expand(v, at, depth+1)
	switch {
	case m == nil:
		return nil
	case m.IsMapping():
		return []*Node{m}
	case m.IsList():
		if !slices.ContainsFunc(m.Items, func(item *Node) bool { return !item.IsMapping() }) {
			return m.Items
		}
	}
	e.fail(v, at, "bad-merge", "write <<: *name", "<< merges mappings only")
	return nil
}

// IsNull is true for a value that is left empty, and for nil.
func (n *Node) IsNull() bool { return n == nil || n.Kind == yaml.ScalarNode && n.Value == nil }

// Place gives a whole tree one position.
func (n *Node) Place(at Position) {
	n.Key, n.At = at, at
	for _, p := range n.Pairs {
		p.Value.Place(at)
	}
	for _, item := range n.Items {
		item.Place(at)
	}
}

// Plain returns the tree as maps, slices and scalars.
func (n *Node) Plain() any {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			out[p.Key] = p.Value.Plain()
		}
		return out
	case yaml.SequenceNode:
		out := make([]any, len(n.Items))
		for i, item := range n.Items {
			out[i] = item.Plain()
		}
		return out
	}
	return n.Value
}
