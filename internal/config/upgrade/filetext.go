package upgrade

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"go.yaml.in/yaml/v3"
)

// fileText is the text of a file, in which nodes are found by their positions.
type fileText struct {
	data    string
	starts  []int // of each line
	newline string
	step    int // by which one level is indented
}

func newFileText(data string) *fileText {
	t := &fileText{data: data, starts: []int{0}, newline: "\n", step: 2}
	if strings.Contains(data, "\r\n") {
		t.newline = "\r\n"
	}
	for _, end := range source.LineBreaks(data) {
		t.starts = append(t.starts, end)
	}
	if first := firstIndent.FindStringSubmatch(data); first != nil {
		t.step = len(first[1])
	}
	return t
}

// firstIndent is in front of the first key that is indented.
var firstIndent = lazyregexp.New(`(?m)^( {2,8})(?:- |["\w])`)

// edit replaces a part of the text.
type edit struct {
	from, to int
	text     string
}

// apply makes edits that don't overlap.
func (t *fileText) apply(edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return b.from - a.from })
	out := t.data
	for _, e := range edits {
		out = out[:e.from] + e.text + out[e.to:]
	}
	return out
}

// offset of a node; columns count characters.
func (t *fileText) offset(n *yaml.Node) int {
	at := t.starts[min(n.Line, len(t.starts))-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(t.data[at:])
		at += size
	}
	return at
}

// line is a line's text with what ends it. Lines count from 1.
func (t *fileText) line(n int) string { return t.data[t.starts[n-1]:t.lineEnd(n)] }

// lineEnd is the offset behind a line and what ends it.
func (t *fileText) lineEnd(n int) int {
	if n < len(t.starts) {
		return t.starts[n]
	}
	return len(t.data)
}

// startsLine is true for a node with nothing but spaces before it in its line.
func (t *fileText) startsLine(n *yaml.Node) bool {
	return strings.Trim(t.data[t.starts[n.Line-1]:t.offset(n)], " ") == ""
}

// blockEnd is the last line of what a key in block style holds: the lines that are
// indented more, and the entries of a list at the key's own indentation.
func (t *fileText) blockEnd(key *yaml.Node) int {
	end := key.Line
	for n := key.Line + 1; n <= len(t.starts); n++ {
		text := strings.TrimRight(t.line(n), "\r\n")
		content := strings.TrimLeft(text, " ")
		indent := len(text) - len(content)
		entry := content == "-" || strings.HasPrefix(content, "- ")
		switch {
		case content == "":
			continue
		case indent < key.Column-1, indent == key.Column-1 && !entry:
			return end
		}
		end = n
	}
	return end
}

// flowEnd is the offset of the comma or the bracket that ends what begins at from,
// in flow style.
func (t *fileText) flowEnd(from int) int {
	depth := 0
	begins := true // a value may begin here
	for i := from; i < len(t.data); i++ {
		c := t.data[i]
		switch {
		case c == '#' && i > 0 && strings.ContainsRune(" \t\r\n", rune(t.data[i-1])):
			for i+1 < len(t.data) && t.data[i+1] != '\n' {
				i++
			}
			continue
		case (c == '"' || c == '\'') && begins:
			i = t.quoteEnd(i)
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}' || c == ',') && depth == 0:
			return i
		case c == ']' || c == '}':
			depth--
		}
		if !strings.ContainsRune(" \t\r\n", rune(c)) {
			begins = strings.ContainsRune(",[{:", rune(c))
		}
	}
	return len(t.data)
}

// bracketEnd is the offset behind the bracket that closes the one at from.
func (t *fileText) bracketEnd(from int) int {
	end := t.flowEnd(from + 1)
	for end < len(t.data) && t.data[end] == ',' {
		end = t.flowEnd(end + 1)
	}
	return min(end+1, len(t.data))
}

// quoteEnd is the offset of the quote that ends the text at from.
func (t *fileText) quoteEnd(from int) int {
	quote := t.data[from]
	for i := from + 1; i < len(t.data); i++ {
		switch {
		case quote == '"' && t.data[i] == '\\':
			i++
		case t.data[i] == quote && quote == '\'' && strings.HasPrefix(t.data[i+1:], "'"):
			i++
		case t.data[i] == quote:
			return i
		}
	}
	return len(t.data) - 1
}

// scalarEnd is the offset behind a scalar that stands in one line as it is.
func (t *fileText) scalarEnd(n *yaml.Node) (int, bool) {
	from := t.offset(n)
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		return t.quoteEnd(from) + 1, true
	}
	return from + len(n.Value), strings.HasPrefix(t.data[from:], n.Value) && n.Value != ""
}

// replaced is the edit that puts a word in the place of one, whose quotes stay.
func (t *fileText) replaced(n *yaml.Node, old, current string) ([]edit, bool) {
	from := t.offset(n)
	i := strings.Index(t.data[from:t.lineEnd(n.Line)], old)
	if i < 0 {
		return nil, false
	}
	return []edit{{from + i, from + i + len(old), current}}, true
}

// pairText is where one key of a mapping stands.
type pairText struct {
	flow             bool
	key, value, next *yaml.Node // next is the key behind it, or nil
	first            bool
}

func pairIn(m *yaml.Node, key string) *pairText {
	m = target(m)
	i := indexOf(m, key)
	if i < 0 {
		return nil
	}
	p := &pairText{flow: m.Style&yaml.FlowStyle != 0, key: snapshot(m.Content[i]), value: snapshot(m.Content[i+1]), first: i == 0}
	if i+2 < len(m.Content) {
		p.next = snapshot(m.Content[i+2])
	}
	return p
}

// snapshot keeps where a node stands, and how, from later changes.
func snapshot(n *yaml.Node) *yaml.Node {
	out := *n
	return &out
}

// removed is the edit that takes a pair out.
func (t *fileText) removed(p *pairText) ([]edit, bool) {
	from := t.offset(p.key)
	switch {
	case p.flow && p.next != nil:
		return []edit{{from, t.offset(p.next), ""}}, true
	case p.flow && p.first:
		return []edit{{from, t.flowEnd(t.offset(p.value)), ""}}, true
	case p.flow:
		comma := strings.LastIndexByte(t.data[:from], ',')
		return []edit{{max(comma, 0), t.flowEnd(t.offset(p.value)), ""}}, comma >= 0
	case t.startsLine(p.key):
		return []edit{{t.starts[p.key.Line-1], t.lineEnd(t.blockEnd(p.key)), ""}}, true
	case p.next != nil && t.blockEnd(p.key) == p.next.Line-1: // behind a dash, and no comment in between
		return []edit{{from, t.offset(p.next), ""}}, true
	}
	return nil, false
}

// indented are lines with spaces before each, or without that many.
func (t *fileText) indented(first, last, by int) (string, bool) {
	var out strings.Builder
	for n := first; n <= last; n++ {
		text := t.line(n)
		switch {
		case strings.TrimSpace(text) == "":
		case by >= 0:
			text = strings.Repeat(" ", by) + text
		case strings.TrimSpace(text)[0] == '#':
			text = text[min(-by, source.LeadingSpaces(text)):]
		case source.LeadingSpaces(text) < -by:
			return "", false
		default:
			text = text[-by:]
		}
		out.WriteString(text)
	}
	return out.String(), true
}
