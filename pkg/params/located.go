package params

import (
	"strconv"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// located is an error on its way up, which learns its place step by step, so that
// no place is written down where nothing is wrong.
type located struct {
	field string
	err   error
}

func (l *located) Error() string { return l.field + ": " + l.err.Error() }
func (l *located) Unwrap() error { return l.err }

// under puts err one step deeper.
func under(step string, err error) error {
	// The direct type only: an error inside of it belongs to whoever made it.
	if l, ok := err.(*located); ok {
		l.field = joinPath(step, l.field)
		return l
	}
	return &located{field: step, err: err}
}

func underIndex(i int, err error) error { return under(indexStep(i), err) }

// atPlace makes a FieldError of an error that came up.
func atPlace(err error) error {
	if l, ok := err.(*located); ok {
		return &api.FieldError{Field: l.field, Err: l.err}
	}
	return err
}

func indexStep(i int) string { return "[" + strconv.Itoa(i) + "]" }

// joinPath makes "a.b" and "a[2]".
func joinPath(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || b[0] == '[':
		return a + b
	default:
		return a + "." + b
	}
}
