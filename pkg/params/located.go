package params

import (
	"slices"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// located is an error on its way up, which learns its place step by step, so that
// no place is written down where nothing is wrong.
type located struct {
	inward Path // the innermost step first
	err    error
}

func (l *located) path() Path {
	path := slices.Clone(l.inward)
	slices.Reverse(path)
	return path
}

func (l *located) Error() string { return l.path().String() + ": " + l.err.Error() }
func (l *located) Unwrap() error { return l.err }

// under puts err one step deeper.
func under(step Step, err error) error {
	// The direct type only: an error inside of it belongs to whoever made it.
	if l, ok := err.(*located); ok { //nolint:errorlint // see above
		l.inward = append(l.inward, step)
		return l
	}
	return &located{inward: Path{step}, err: err}
}

func underKey(key string, err error) error { return under(KeyStep(key), err) }
func underIndex(i int, err error) error    { return under(IndexStep(i), err) }

// atPlace makes a FieldError of an error that came up.
func atPlace(err error) error {
	if l, ok := err.(*located); ok { //nolint:errorlint // as in under
		return &api.FieldError{Field: l.path().String(), Err: l.err}
	}
	return err
}
