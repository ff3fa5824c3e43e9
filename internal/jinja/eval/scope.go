package eval

import (
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
)

// frame holds the names that one block sets. Blocks have few of them, so a list
// is faster than a map.
type frame struct {
	names    []string
	values   []any
	up       *frame
	retained bool // a macro refers to it: it must not be reused
}

func (f *frame) get(name string) (any, bool) {
	for ; f != nil; f = f.up {
		for i := len(f.names) - 1; i >= 0; i-- {
			if f.names[i] == name {
				return f.values[i], true
			}
		}
	}
	return nil, false
}

func (f *frame) set(name string, value any) {
	for i, n := range f.names {
		if n == name {
			f.values[i] = value
			return
		}
	}
	f.names, f.values = append(f.names, name), append(f.values, value)
}

// retain marks the frame and those around it as referenced.
func (f *frame) retain() {
	for ; f != nil && !f.retained; f = f.up {
		f.retained = true
	}
}

// cleared is an empty frame instead of f: f itself if nothing refers to it.
func (f *frame) cleared() *frame {
	if f.retained {
		return &frame{up: f.up}
	}
	f.names, f.values = f.names[:0], f.values[:0]
	return f
}

// within executes what with names of its own.
func (r *run) within(up *frame, what func(*frame) error) error {
	outer := r.frame
	r.frame = &frame{up: up}
	err := what(r.frame)
	r.frame = outer
	return err
}

// capture executes body in a frame and returns what it put out.
func (r *run) capture(f *frame, body []syntax.Statement) ([]any, error) {
	outer, chunks := r.frame, r.chunks
	r.frame, r.chunks = f, nil
	r.nested++
	err := r.exec(body)
	r.nested--
	captured := r.chunks
	r.frame, r.chunks = outer, chunks
	return captured, err
}
