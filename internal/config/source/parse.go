package source

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is how long a configuration file may be.
const MaxBytes = 10 << 20

// File is a file as it was read. Name is what messages call it.
type File struct {
	Name string
	Data []byte
}

// Parse parses one file into YAML's own nodes, the document with a mapping in
// it. It returns nil when nothing in the file can be used.
func Parse(s File, diags *Reporter) *yaml.Node {
	at := func(offset int) Position { return OffsetPosition(s, offset) }
	data := bytes.TrimPrefix(s.Data, ByteOrderMark)
	skipped := len(s.Data) - len(data)
	switch {
	case len(s.Data) > MaxBytes:
		diags.ReportError(Position{s.Name, 1, 1}, nil, "file-too-large", "leave out what is not configuration", "the file has more than %d MB", MaxBytes>>20)
		return nil
	case !utf8.Valid(data):
		diags.ReportError(at(skipped+invalidUTF8(data)), nil, "encoding", "save the file as UTF-8", "this is not UTF-8 text")
		return nil
	}
	text := visible(s.Name, string(data), diags)
	if text != string(data) {
		data = []byte(text)
		s = File{s.Name, data} // in which all has the places of the file
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
			diags.ReportError(Position{s.Name, more.Content[0].Line, more.Content[0].Column}, nil, "multiple-documents",
				"remove the line with --- and put both parts under the same keys", "a second YAML document begins here")
			return nil
		}
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		diags.ReportError(Position{s.Name, 1, 1}, nil, "empty", "see examples/ for a configuration to begin with", "the file contains no configuration")
		return nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		hint := "write keys such as services: and orchestrator:"
		if root.Kind == yaml.SequenceNode && len(root.Content) > 0 && hasKey(root.Content[0], "use") {
			hint = "these are steps: indent them below orchestrator:, params: and steps:"
		}
		diags.ReportError(Position{s.Name, root.Line, root.Column}, nil, "not-a-mapping", hint, "the file is not a mapping of keys to values")
		return nil
	}
	return &doc
}

// hasKey reports whether a node is a mapping with that key.
func hasKey(n *yaml.Node, key string) bool {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}
