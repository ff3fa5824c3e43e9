package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/upgrade"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"go.yaml.in/yaml/v3"
)

// pathDelimiter parts the keys of a path inside koanf. Keys contain dots, but no
// control characters: read.go refuses them.
const pathDelimiter = "\x1f"

// variablePrefixes name configuration values in the environment, the weaker first:
// the more general a name is, the likelier it was meant for another program. Open
// Ticket AI reads all three, and lets the one that the environment lists last win.
var variablePrefixes = []string{"CFG__", "OPEN_TICKET_AI__", "OTAI__"}

// singleUnderscore matches a variable that lacks the second underscore behind its
// prefix. CFG_ alone is everybody's, so more of the form is asked for there.
var singleUnderscore = lazyregexp.New(`(?i)^(?:(OPEN_TICKET_AI|OTAI)_(INFRASTRUCTURE|SERVICES|ORCHESTRATOR)_|(CFG)_(INFRASTRUCTURE|SERVICES|ORCHESTRATOR)__)`)

// layers merges what is given in several places: files, then .env, then the
// environment, then flags. Mappings merge, all else is replaced.
type layers struct {
	values   *koanf.Koanf
	atlas    *atlas
	services []string // ids in the order in which they were first given
	diags    *Reporter
}

func newLayers(diags *Reporter) *layers {
	return &layers{values: koanf.New(pathDelimiter), atlas: newAtlas(), diags: diags}
}

// addFile merges the tree of one file. It goes through koanf's own YAML parser,
// written anew from the upgraded tree.
func (l *layers) addFile(root *source.Node) {
	data, err := yaml.Marshal(yamlNode(root))
	if err == nil {
		err = l.values.Load(document(data), koanfyaml.Parser())
	}
	if err != nil {
		l.diags.ReportError(root.At, "", "internal", "please report this", "the configuration can't be merged: %v", err)
		return
	}
	l.noted(root)
}

// noted keeps what koanf loses: places and the order of the services.
func (l *layers) noted(root *source.Node) {
	l.atlas.record("", root.At, root)
	if services := root.Get("services"); services.IsMapping() {
		for _, p := range services.Pairs {
			if !slices.Contains(l.services, p.Key) {
				l.services = append(l.services, p.Key)
			}
		}
	}
}

// addVariables merges what variables such as OTAI__INFRASTRUCTURE__LOGGING__LEVEL
// give. Names match keys without regard to case, and _ matches -.
func (l *layers) addVariables(variables map[string]string) {
	for name, value := range variables {
		if m := singleUnderscore.FindStringSubmatch(name); m != nil && value != "" {
			l.diags.Warn(Position{File: name}, "", "bad-variable",
				fmt.Sprintf("begin it with %s__%s__", m[1]+m[3], m[2]+m[4]), "this variable is not read: two underscores stand behind the prefix and between two keys")
		}
	}
	for _, prefix := range variablePrefixes {
		var names []string
		for name := range variables {
			if len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
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

func (l *layers) addVariable(name string, segments []string, text string) {
	origin := Position{File: name}
	var keys []string
	var around any = l.values.Raw()
	path := ""
	for _, segment := range segments {
		if segment == "" {
			l.diags.ReportError(origin, path, "bad-variable", "write "+variablePrefixes[len(variablePrefixes)-1]+"KEY__KEY", "two underscores stand where a key is missing")
			return
		}
		if _, list := around.([]any); list {
			l.diags.ReportError(origin, path, "bad-variable", "give the whole list as JSON: ["+"…]", "single values of a list can't be given by a variable")
			return
		}
		known, _ := around.(map[string]any)
		key := matchingKey(segment, known)
		keys = append(keys, key)
		path = join(path, key)
		around = known[key]
	}
	value := l.variableValue(origin, path, keys[len(keys)-1], text)
	if value == nil {
		return
	}
	for _, key := range slices.Backward(keys) {
		name := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}
		value = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{name, value}}
	}
	tree := upgrade.Nodes(origin.File, value, l.diags)
	if tree == nil {
		return
	}
	root := source.Expand(origin.File, tree, l.diags)
	if root == nil {
		return
	}
	root.Place(origin)
	if err := l.values.Load(confmap.Provider(root.Plain().(map[string]any), ""), nil); err != nil {
		l.diags.ReportError(origin, path, "internal", "please report this", "the value can't be merged: %v", err)
		return
	}
	l.noted(root)
}

// variableValue reads a list or a mapping as YAML, of which JSON is a part, and
// takes all else as text, and what is named like a secret anyway. Its nodes have no
// line.
func (l *layers) variableValue(origin Position, path, key, text string) *yaml.Node {
	trimmed := strings.TrimSpace(text)
	template := strings.HasPrefix(trimmed, "{{") || strings.HasPrefix(trimmed, "{%") || strings.HasPrefix(trimmed, "{#")
	if template || secretname.Is(key) || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(trimmed), &doc); err != nil || len(doc.Content) == 0 {
		l.diags.ReportError(origin, path, "bad-variable", "write JSON", "the value begins like a list or a mapping and is none")
		return nil
	}
	// What is wrong inside has no place of its own: the variable is the place.
	var diags Reporter
	if source.Expand(origin.File, doc.Content[0], &diags) == nil || len(diags.List) > 0 {
		for _, p := range diags.List {
			l.diags.ReportError(origin, p.Path, p.Code, p.Hint, "%s", p.Message)
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
func matchingKey(segment string, known map[string]any) string {
	fold := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "_")) }
	matches := []string{}
	for key := range known {
		if key == segment {
			return key
		}
		if fold(key) == fold(segment) {
			matches = append(matches, key)
		}
	}
	if len(matches) > 0 {
		return slices.Min(matches)
	}
	return strings.ToLower(segment)
}

// yamlNode returns the tree in a form that any YAML parser reads back as it is: all
// text in double quotes, all else with the tag of its type.
func yamlNode(n *source.Node) *yaml.Node {
	out := &yaml.Node{Kind: n.Kind}
	switch n.Kind {
	case yaml.MappingNode:
		for _, p := range n.Pairs {
			out.Content = append(out.Content, quoted(p.Key), yamlNode(p.Value))
		}
	case yaml.SequenceNode:
		for _, item := range n.Items {
			out.Content = append(out.Content, yamlNode(item))
		}
	default:
		switch v := n.Value.(type) {
		case string:
			return quoted(v)
		case bool:
			out.Tag, out.Value = "!!bool", strconv.FormatBool(v)
		case int:
			out.Tag, out.Value = "!!int", strconv.Itoa(v)
		case int64:
			out.Tag, out.Value = "!!int", strconv.FormatInt(v, 10)
		case uint64:
			out.Tag, out.Value = "!!int", strconv.FormatUint(v, 10)
		case float64:
			out.Tag, out.Value = "!!float", floatText(v)
		default:
			out.Tag, out.Value = "!!null", "null"
		}
	}
	return out
}

func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

func floatText(v float64) string {
	switch {
	case math.IsNaN(v):
		return ".nan"
	case math.IsInf(v, 1):
		return ".inf"
	case math.IsInf(v, -1):
		return "-.inf"
	}
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// document is the koanf provider of one file.
type document []byte

func (d document) ReadBytes() ([]byte, error) { return d, nil }

func (d document) Read() (map[string]any, error) {
	return nil, errors.New("a document is read through a parser")
}
