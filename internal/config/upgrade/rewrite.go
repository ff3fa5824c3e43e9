package upgrade

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// File returns a file in the current form. Only what is old changes; comments,
// blank lines, quotes, brackets, anchors and all other forms that are not old but
// only another way to write (services as a list, runners, names of plugins) stay.
// What was changed is among the diagnostics, as warnings. A file in the current form
// comes back as it is; one with errors is not written.
func File(s source.File) ([]byte, source.Diagnostics) {
	diags := &source.Reporter{}
	doc := source.Parse(s, diags)
	if doc == nil {
		return nil, diags.All()
	}
	markBlankLines(doc, source.Lines(s.Data), false)
	dropIdle(s.Name, doc.Content[0], diags, nil)
	root := Nodes(s.Name, doc.Content[0], diags)
	if root == nil {
		return nil, diags.All()
	}
	meant := source.Expand(s.Name, root, diags)
	switch {
	case meant == nil || diags.List.HasErrors():
		return nil, diags.All()
	case len(diags.List) == 0:
		return s.Data, nil
	}
	if text, ok := editText(s, meant); ok {
		return text, diags.All()
	}
	// Where the text has a form that can't be edited, such as an alias in the place
	// of params, the whole file is written anew.
	text, err := encode(doc)
	if err != nil {
		diags.ReportError(source.Position{File: s.Name, Line: 1, Column: 1}, nil, "internal", "please report this", "the file can't be written anew: %v", err)
		return nil, diags.All()
	}
	if !means(source.File{Name: s.Name, Data: text}, meant) {
		diags.ReportError(source.Position{File: s.Name, Line: 1, Column: 1}, nil, "internal", "change it by hand, as the warnings say", "the file can't be written anew without a change of its meaning")
		return nil, diags.All()
	}
	return text, diags.All()
}

// means is true for a file in the current form that means what is meant.
func means(s source.File, meant *source.Node) bool {
	var diags source.Reporter
	doc := source.Parse(s, &diags)
	if doc == nil {
		return false
	}
	dropIdle(s.Name, doc.Content[0], &diags, nil)
	root := Nodes(s.Name, doc.Content[0], &diags)
	if root == nil {
		return false
	}
	now := source.Expand(s.Name, root, &diags)
	return now != nil && len(diags.List) == 0 && reflect.DeepEqual(now.Plain(), meant.Plain())
}

// mostRead bounds how many bytes are read while a file is read again and again.
const mostRead = 64 << 20

// editText changes the text of a file until nothing in it is old. It answers false
// where that fails, or the result wouldn't mean what is meant.
func editText(s source.File, meant *source.Node) ([]byte, bool) {
	mark, body := "", string(s.Data)
	if rest, ok := strings.CutPrefix(body, string(source.ByteOrderMark)); ok {
		mark, body = string(source.ByteOrderMark), rest
	}
	for read := 0; read < mostRead; read += len(body) + 1 {
		var diags source.Reporter
		var todo changes
		doc := source.Parse(source.File{Name: s.Name, Data: []byte(body)}, &diags)
		if doc == nil {
			return nil, false
		}
		dropIdle(s.Name, doc.Content[0], &diags, &todo)
		root := upgradeNodes(s.Name, doc.Content[0], &diags, &todo)
		if root == nil {
			return nil, false
		}
		if len(diags.List) == 0 {
			return []byte(mark + body), means(source.File{Name: s.Name, Data: []byte(body)}, meant)
		}
		edited, ok := next(newFileText(body), todo.list)
		if !ok || edited == body {
			return nil, false
		}
		body = edited
	}
	return nil, false
}

// next makes all changes that move no lines, or else one that does.
func next(t *fileText, todo []textChange) (string, bool) {
	var edits []edit
	for _, c := range todo {
		if c.moves {
			continue
		}
		more, ok := c.edits(t)
		if !ok {
			return "", false
		}
		edits = append(edits, more...)
	}
	if edits == nil && len(todo) > 0 {
		var ok bool
		if edits, ok = todo[0].edits(t); !ok {
			return "", false
		}
	}
	return t.apply(edits), true
}

// dropIdle takes out what has no effect.
func dropIdle(file string, root *yaml.Node, diags *source.Reporter, text *changes) {
	for _, name := range vocabulary.RootKeys {
		if inner := valueOf(root, name); isMapping(inner) {
			root = inner
		}
	}
	infrastructure := valueOf(root, "infrastructure")
	logging := valueOf(infrastructure, "logging")
	drop := func(m *yaml.Node, path params.Path, key string) {
		if k := keyOf(m, key); k != nil {
			diags.Warn(source.Position{File: file, Line: k.Line, Column: k.Column}, path.Key(key), "no-effect", "remove it", "this has no effect here")
			text.remove(m, key)
			take(m, key)
		}
	}
	drop(infrastructure, params.Keys("infrastructure"), "default_template_renderer")
	for _, key := range vocabulary.PythonLogging {
		if key != "root" || valueOf(valueOf(logging, "root"), "level") == nil || keyOf(logging, "level") != nil {
			drop(logging, params.Keys("infrastructure", "logging"), key)
		}
	}
	if isMapping(valueOf(logging, "format")) {
		drop(logging, params.Keys("infrastructure", "logging"), "format")
	}
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
