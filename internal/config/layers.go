package config

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// pathDelimiter parts the keys of a path inside koanf. Keys contain dots, but no
// control characters, which source refuses.
const pathDelimiter = "\x1f"

// variablePrefixes name configuration values in the environment, the weaker first:
// the more general a name is, the likelier it was meant for another program. Open
// Ticket AI reads all three, and lets the one that the environment lists last win.
var variablePrefixes = []string{"CFG__", "OPEN_TICKET_AI__", "OTAI__"}

// layers merges what is given in several places: files, then .env, then the
// environment, then flags. Mappings merge, all else is replaced. koanf does that, with
// the numbers of nodes as its values, so that each value keeps its place and is not
// copied.
type layers struct {
	merged *koanf.Koanf
	nodes  []*source.Node // by their numbers in merged
	order  map[string]int // of the files and variables, in which they were read
	diags  *Reporter
}

// merge returns the tree of all that o gives, or nil where that is not usable, which is
// reported.
func merge(o Options, environment, dotEnv map[string]string, diags *Reporter) *tree {
	l := &layers{merged: koanf.New(pathDelimiter), order: map[string]int{}, diags: diags}
	lines := map[string][]string{}
	usable := len(o.Files) > 0
	for _, s := range o.Files {
		lines[s.Name] = source.Lines(s.Data)
		usable = l.addFile(s) && usable
	}
	if !usable {
		return nil
	}
	l.addVariables(dotEnv)
	l.addVariables(environment)
	l.addDatabase(environment, dotEnv)
	for _, flag := range o.Flags {
		l.addVariable(flag.Name, strings.Split(flag.Path, "."), flag.Value)
	}
	return &tree{l.root(), lines}
}

func (l *layers) addFile(s Source) bool {
	return l.load(fileBytes(s.Data), &fileParser{layers: l, file: s.Name}, s.Name)
}

func (l *layers) load(p koanf.Provider, parser koanf.Parser, name string) bool {
	l.order[name] = len(l.order)
	err := l.merged.Load(p, parser)
	if err != nil && !errors.Is(err, errReported) {
		l.diags.ReportError(Position{File: name}, nil, "internal", "please report this", "the configuration can't be merged: %v", err)
	}
	return err == nil
}

// fileBytes is the koanf provider of one file.
type fileBytes []byte

func (b fileBytes) ReadBytes() ([]byte, error) { return b, nil }

func (b fileBytes) Read() (map[string]any, error) {
	return nil, errors.New("a file is read through a parser")
}

// fileParser is koanf's YAML parser with places: it reads a file once, into a tree in the
// current form, and hands the numbers of its nodes to koanf in the place of values.
type fileParser struct {
	*koanfyaml.YAML
	layers *layers
	file   string
}

// errReported says that a file can't be used, for reasons that are reported already.
var errReported = errors.New("reported")

func (p *fileParser) Unmarshal(data []byte) (map[string]any, error) {
	doc := source.Parse(Source{Name: p.file, Data: data}, p.layers.diags)
	if doc == nil {
		return nil, errReported
	}
	return p.layers.layer(p.file, doc.Content[0])
}

// layer is what koanf merges for a file or a variable.
func (l *layers) layer(name string, nodes *yaml.Node) (map[string]any, error) {
	current := upgrade.Nodes(name, nodes, l.diags)
	if current == nil {
		return nil, errReported
	}
	root := source.Expand(name, current, l.diags)
	if root == nil {
		return nil, errReported
	}
	return l.numbered(root, l.root()), nil
}

// ownNode is the key at which a mapping for koanf has the node of the mapping itself.
// A key of a file has no control characters.
const ownNode = "\x00"

// numbered makes a map for koanf of a mapping: what is a mapping in it becomes a map,
// all else the number of its node. A mapping has its place where it was first given.
func (l *layers) numbered(n, merged *source.Node) map[string]any {
	out := make(map[string]any, len(n.Pairs)+1)
	if merged == nil || merged.Kind != yaml.MappingNode {
		out[ownNode] = l.number(n)
	}
	for _, p := range n.Pairs {
		switch {
		case p.Value.Kind != yaml.MappingNode:
			out[p.Key] = l.number(p.Value)
		case merged == nil:
			out[p.Key] = l.numbered(p.Value, nil)
		default:
			out[p.Key] = l.numbered(p.Value, merged.Get(p.Key))
		}
	}
	return out
}

func (l *layers) number(n *source.Node) int {
	l.nodes = append(l.nodes, n)
	return len(l.nodes) - 1
}

// root is the tree of what is merged so far, nil where that is nothing.
func (l *layers) root() *source.Node {
	merged := l.merged.Raw()
	if len(merged) == 0 {
		return nil
	}
	return l.node(merged)
}

// node is the mapping that a map of koanf stands for.
func (l *layers) node(numbers map[string]any) *source.Node {
	out := &source.Node{Kind: yaml.MappingNode}
	for key, value := range numbers {
		switch value := value.(type) {
		case map[string]any:
			out.Pairs = append(out.Pairs, source.Pair{Key: key, Value: l.node(value)})
		case int:
			if key == ownNode {
				out.Key, out.At = l.nodes[value].Key, l.nodes[value].At
			} else {
				out.Pairs = append(out.Pairs, source.Pair{Key: key, Value: l.nodes[value]})
			}
		}
	}
	slices.SortFunc(out.Pairs, func(a, b source.Pair) int {
		at, bt := a.Value.Key, b.Value.Key
		return cmp.Or(cmp.Compare(l.order[at.File], l.order[bt.File]), cmp.Compare(at.Line, bt.Line), cmp.Compare(at.Column, bt.Column), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// addVariables merges what variables such as OTAI__INFRASTRUCTURE__LOGGING__LEVEL
// give. Names match keys without regard to case, and _ matches -.
func (l *layers) addVariables(variables map[string]string) {
	for name, value := range variables {
		if beginning := missingUnderscore(name); beginning != "" && value != "" {
			l.diags.Warn(Position{File: name}, nil, "bad-variable",
				"begin it with "+beginning, "this variable is not read: two underscores stand behind the prefix and between two keys")
		}
	}
	for _, prefix := range variablePrefixes {
		var names []string
		for name := range variables {
			if len(name) > len(prefix) && beginsWith(name, prefix) {
				names = append(names, name)
			}
		}
		// A whole mapping comes before a value in it.
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(strings.Count(a, "__"), strings.Count(b, "__")), cmp.Compare(a, b))
		})
		for _, name := range names {
			l.addVariable(name, strings.Split(name[len(prefix):], "__"), variables[name])
		}
	}
}

// missingUnderscore returns how a variable should begin that lacks the second underscore
// behind its prefix, "" for any other. CFG_ alone is everybody's, so more of the form is
// asked for there.
func missingUnderscore(name string) string {
	for _, prefix := range variablePrefixes {
		single, end := prefix[:len(prefix)-1], "_"
		if !beginsWith(name, single) {
			continue
		}
		if prefix == "CFG__" {
			end = "__"
		}
		for _, section := range []string{"INFRASTRUCTURE", "SERVICES", "ORCHESTRATOR"} {
			if rest := name[len(single):]; beginsWith(rest, section+end) {
				return name[:len(single)] + "_" + rest[:len(section)] + "__"
			}
		}
	}
	return ""
}

// beginsWith is strings.HasPrefix without regard to case.
func beginsWith(name, prefix string) bool {
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

func (l *layers) addVariable(name string, segments []string, text string) {
	origin := Position{File: name}
	around := l.root()
	var path params.Path
	for _, segment := range segments {
		if segment == "" {
			l.diags.ReportError(origin, path, "bad-variable", "write "+variablePrefixes[len(variablePrefixes)-1]+"KEY__KEY", "two underscores stand where a key is missing")
			return
		}
		if around.IsList() {
			l.diags.ReportError(origin, path, "bad-variable", "give the whole list as JSON: ["+"…]", "single values of a list can't be given by a variable")
			return
		}
		key := matchingKey(segment, around)
		path = path.Key(key)
		around = around.Get(key)
	}
	value := l.variableValue(origin, path, text)
	if value == nil {
		return
	}
	for _, step := range slices.Backward(path) {
		key, _ := step.Key()
		value = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value}}
	}
	layer, err := l.layer(name, value)
	if err == nil && !l.boundsByVariable(origin, layer) {
		l.load(confmap.Provider(layer, ""), nil, name)
	}
}

// boundsByVariable refuses what a variable says about the bounds of a service: what may happen
// is to stand in the files, whoever starts otai.
func (l *layers) boundsByVariable(origin Position, layer map[string]any) (refused bool) {
	services, _ := layer["services"].(map[string]any)
	for _, id := range slices.Sorted(maps.Keys(services)) {
		service, _ := services[id].(map[string]any)
		for _, key := range boundKeys {
			if _, given := service[key]; given {
				refused = true
				l.diags.ReportError(origin, params.Path{}.Key("services").Key(id).Key(key), "bad-variable",
					"write "+key+" into the configuration file, and unset "+origin.File, "the bounds of a service can't be given by a variable")
			}
		}
	}
	return refused
}

// variableValue reads a list or a mapping as YAML, of which JSON is a part, and
// takes all else as text, and what is named like a secret anyway. Its nodes have no
// line.
func (l *layers) variableValue(origin Position, path params.Path, text string) *yaml.Node {
	trimmed := strings.TrimSpace(text)
	// A template in the middle of a mapping leaves it a mapping.
	beginsTemplate := params.HasTemplate(trimmed[:min(2, len(trimmed))])
	if beginsTemplate || secretname.Is(path.LastKey()) || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(trimmed), &doc); err != nil || len(doc.Content) == 0 {
		l.diags.ReportError(origin, path, "bad-variable", "write JSON", "the value begins like a list or a mapping, and is neither")
		return nil
	}
	// What is wrong inside has no place of its own: the variable is the place.
	var diags Reporter
	if source.Expand(origin.File, doc.Content[0], &diags) == nil || len(diags.List) > 0 {
		for _, p := range diags.List {
			p.File, p.Line, p.Column = origin.File, 0, 0
			l.diags.List = append(l.diags.List, p)
		}
		return nil
	}
	unplace(doc.Content[0])
	return doc.Content[0]
}

// unplace takes the positions off a tree.
func unplace(n *yaml.Node) {
	n.Line, n.Column = 0, 0
	for _, inner := range n.Content {
		unplace(inner)
	}
}

// matchingKey returns the key that a segment of a variable's name means: a known
// one, else its lower case.
func matchingKey(segment string, around *source.Node) string {
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }
	if around.Get(segment) != nil {
		return segment
	}
	matches := []string{}
	for key := range around.Keys() {
		if fold(key) == fold(segment) {
			matches = append(matches, key)
		}
	}
	if len(matches) > 0 {
		return slices.Min(matches)
	}
	return strings.ToLower(segment)
}
