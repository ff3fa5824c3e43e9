package config

import (
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// tree is the merged configuration: each value with the place at which it was written.
type tree struct {
	root  *source.Node
	lines map[string][]string // of the files, by name
}

// find returns the value at path; where there is none, a node without a place.
func (t *tree) find(path params.Path) *source.Node {
	if n := t.root.Find(path); n != nil {
		return n
	}
	return &source.Node{}
}

// valueAt returns the position of the value at path, or of the nearest value around
// it.
func (t *tree) valueAt(path params.Path) Position {
	n, _ := t.root.Nearest(path)
	return n.At
}

// keyAt is like valueAt but points at the key.
func (t *tree) keyAt(path params.Path) Position {
	n, missing := t.root.Nearest(path)
	if missing > 0 {
		return n.At
	}
	return n.Key
}

// useAt is the position of the use of the pipe or service at path, or of what it is
// missing in.
func (t *tree) useAt(path params.Path) Position {
	n, missing := t.root.Nearest(path)
	if use := n.Get("use"); use != nil && missing == 0 {
		return use.Key
	}
	return n.At
}

// inside returns the position of a line and a column (both from 1) of the text of n.
// Where the YAML form of the text hides the exact place, it is the last one that is
// certain.
func (t *tree) inside(n *source.Node, line, column int) Position {
	if n.At.Line == 0 {
		return n.At
	}
	return source.TextPosition(t.lines[n.At.File], n, line, column)
}

// line returns a line of a file, which counts from 1, or "" where there is none.
func (t *tree) line(at Position) string {
	lines := t.lines[at.File]
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	return lines[at.Line-1]
}
