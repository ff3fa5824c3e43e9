package config

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Upgrade returns a file in the current form, with its comments. What was changed
// is among the problems, as warnings, except for the forms that are not old but
// only another way to write: services as a list, runners, names of plugins. A file
// in the current form comes back as it is; one with errors is not written.
func Upgrade(s Source) ([]byte, Problems) {
	found := &findings{}
	none := &secrets{}
	doc := parseFile(s, found)
	if doc == nil {
		return nil, found.sorted(none)
	}
	lines := splitLines(s.Data)
	markBlankLines(doc, lines, false)
	before, err := encode(doc)
	if err != nil {
		found.err(Position{s.Name, 1, 1}, "", "internal", "please report this", "the file can't be written anew: %v", err)
		return nil, found.sorted(none)
	}
	root := upgrade(s.Name, doc.Content[0], found)
	if root == nil || expandFile(s.Name, root, found) == nil || Problems(found.list).HasErrors() {
		return nil, found.sorted(none)
	}
	after, err := encode(doc)
	if err != nil {
		found.err(Position{s.Name, 1, 1}, "", "internal", "please report this", "the file can't be written anew: %v", err)
		return nil, found.sorted(none)
	}
	if bytes.Equal(before, after) {
		return s.Data, found.sorted(none)
	}
	return after, found.sorted(none)
}

// blankLine stands for a blank line, which YAML's nodes don't keep, until the file
// is written.
const blankLine = "#\u2060"

// markBlankLines notes at each key and entry whether a blank line is above it.
// started is true where the node shares its line with what it is in.
func markBlankLines(n *yaml.Node, lines []string, started bool) {
	if n.Style&yaml.FlowStyle != 0 {
		return
	}
	switch n.Kind {
	case yaml.DocumentNode:
		markBlankLines(n.Content[0], lines, true)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 || !started {
				markBlankLine(n.Content[i], lines)
			}
			markBlankLines(n.Content[i+1], lines, false)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			markBlankLine(item, lines)
			markBlankLines(item, lines, true)
		}
	}
}

func markBlankLine(n *yaml.Node, lines []string) {
	above := n.Line - 2 // from 0
	if n.HeadComment != "" {
		above -= strings.Count(n.HeadComment, "\n") + 1
	}
	if above >= 0 && above < len(lines) && strings.TrimSpace(lines[above]) == "" {
		n.HeadComment = joined(blankLine, n.HeadComment)
	}
}

func encode(doc *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(doc); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("close: %w", err)
	}
	var clean bytes.Buffer
	for line := range bytes.Lines(out.Bytes()) {
		if strings.TrimSpace(string(line)) == blankLine {
			line = []byte("\n")
		}
		clean.Write(line)
	}
	return clean.Bytes(), nil
}
