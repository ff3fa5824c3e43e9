package upgrade

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The functions of this file look at and change YAML's own nodes, which keep
// comments and style. A key that is given twice counts where it stands first.

// target follows an alias.
func target(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func isMapping(n *yaml.Node) bool { n = target(n); return n != nil && n.Kind == yaml.MappingNode }
func isList(n *yaml.Node) bool    { n = target(n); return n != nil && n.Kind == yaml.SequenceNode }
func isNull(n *yaml.Node) bool    { n = target(n); return n == nil || n.ShortTag() == "!!null" }

// textOf is a scalar's text, if it is text.
func textOf(n *yaml.Node) (string, bool) {
	n = target(n)
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return "", false
	}
	return n.Value, true
}

// indexOf is the place of a key among the contents of a mapping, or -1.
func indexOf(n *yaml.Node, key string) int {
	n = target(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := target(n.Content[i]); k.Kind == yaml.ScalarNode && k.Value == key && k.ShortTag() != "!!merge" {
			return i
		}
	}
	return -1
}

// valueOf returns what a key holds, nil where there is none.
func valueOf(n *yaml.Node, key string) *yaml.Node {
	if i := indexOf(n, key); i >= 0 {
		return target(n).Content[i+1]
	}
	return nil
}

// keyOf returns the key itself.
func keyOf(n *yaml.Node, key string) *yaml.Node {
	if i := indexOf(n, key); i >= 0 {
		return target(n).Content[i]
	}
	return nil
}

// take removes a key and returns it with its value.
func take(n *yaml.Node, key string) (k, v *yaml.Node) {
	i := indexOf(n, key)
	if i < 0 {
		return nil, nil
	}
	n = target(n)
	k, v = n.Content[i], n.Content[i+1]
	n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
	return k, v
}

// put appends a key. What is put into brackets must fit on a line with them.
func put(n, k, v *yaml.Node) {
	n = target(n)
	if n.Style&yaml.FlowStyle != 0 && v.Style&yaml.FlowStyle == 0 && v.Kind != yaml.ScalarNode {
		n.Style &^= yaml.FlowStyle
	}
	n.Content = append(n.Content, k, v)
}

// putFirst puts a key in front, behind an id.
func putFirst(n, k, v *yaml.Node) {
	n = target(n)
	at := 0
	if len(n.Content) > 1 && n.Content[0].Value == "id" {
		at = 2
	}
	n.Content = slices.Insert(n.Content, at, k, v)
}

// newText and newMapping stand where at stands, for messages.
func newText(text string, at *yaml.Node) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: at.Line, Column: at.Column}
	if strings.Contains(text, ":") {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func newMapping(at *yaml.Node, content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: at.Line, Column: at.Column, Content: content}
}

func newList(at *yaml.Node, content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: at.Line, Column: at.Column, Content: content}
}

// comments puts the comments of one node before those of another.
func comments(from, to *yaml.Node) {
	to.HeadComment = joined(from.HeadComment, to.HeadComment)
	if to.LineComment == "" {
		to.LineComment = from.LineComment
	} else if from.LineComment != "" {
		to.HeadComment = joined(from.LineComment, to.HeadComment)
	}
	to.FootComment = joined(to.FootComment, from.FootComment)
	from.HeadComment, from.LineComment, from.FootComment = "", "", ""
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}
