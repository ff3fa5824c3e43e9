package params

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Faults lists what is wrong according to an error of [Decode], through all
// joining and wrapping. An error without a place in the params has an empty
// Field.
func Faults(err error) []*api.FieldError {
	if err == nil {
		return nil
	}
	return collect(nil, "", err, true)
}

var joinedType = reflect.TypeOf(errors.Join(errors.ErrUnsupported))

// collect appends the faults in err, which belongs to the place path. Wraps are
// taken off only where deep is true: below a FieldError, a wrap such as the error
// of a child pipe may know more than what it wraps.
func collect(faults []*api.FieldError, path string, err error, deep bool) []*api.FieldError {
	switch e := err.(type) {
	case *api.FieldError:
		if e.Err == nil {
			return append(faults, &api.FieldError{Field: joinPath(path, e.Field), Err: errors.New("is wrong")})
		}
		return collect(faults, joinPath(path, e.Field), e.Err, false)
	case interface{ Unwrap() []error }:
		if reflect.TypeOf(err) == joinedType {
			for _, part := range e.Unwrap() {
				faults = collect(faults, path, part, deep)
			}
			return faults
		}
		if deep && holdsField(err) {
			for _, part := range e.Unwrap() {
				if holdsField(part) {
					faults = collect(faults, path, part, deep)
				}
			}
			return faults
		}
	case interface{ Unwrap() error }:
		if deep && holdsField(err) {
			return collect(faults, path, e.Unwrap(), deep)
		}
	}
	return append(faults, &api.FieldError{Field: path, Err: err})
}

func holdsField(err error) bool {
	var field *api.FieldError
	return errors.As(err, &field)
}
