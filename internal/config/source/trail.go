package source

import (
	"slices"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// Trail is the way to a value that is being read. A [params.Path] is made of it where
// something is reported, which most files give no reason for. A nil Trail leads to the
// whole.
type Trail struct {
	Above *Trail
	Key   string
	Item  int // an element of a list, counted from 1; 0 for a key
}

// Path is the path to the value.
func (t *Trail) Path() params.Path {
	var path params.Path
	for ; t != nil; t = t.Above {
		if t.Item > 0 {
			path = append(path, params.IndexStep(t.Item-1))
		} else {
			path = append(path, params.KeyStep(t.Key))
		}
	}
	slices.Reverse(path)
	return path
}
