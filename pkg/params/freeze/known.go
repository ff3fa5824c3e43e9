package freeze

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// known are types of the standard library whose methods are data, apart from the errors
// within, which Unwrap returns. It is a table and never changes.
var known = func() map[reflect.Type]bool {
	types := make(map[reflect.Type]bool)
	for _, v := range []any{
		errors.New(""), fmt.Errorf("%w", fs.ErrExist), fmt.Errorf("%w%w", fs.ErrExist, fs.ErrExist), fmt.Errorf("%d", 1),
		errors.Join(fs.ErrExist), context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded,
		&fs.PathError{}, &os.LinkError{}, &os.SyscallError{}, &url.Error{}, syscall.Errno(0), &strconv.NumError{},
		&json.SyntaxError{}, &json.UnmarshalTypeError{},
	} {
		types[reflect.TypeOf(v)] = true
	}
	return types
}()

// hostPath begins the package paths of the host's own rooms; none but this module and the
// host's have such paths.
var hostPath = strings.TrimSuffix(reflect.TypeFor[PanicError]().PkgPath(), "pkg/params/freeze")

// Known reports whether the methods of a type are not a plugin's.
func Known(t reflect.Type) bool {
	if known[t] {
		return true
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	path := t.PkgPath()
	if len(path) <= len(hostPath) || path[:len(hostPath)] != hostPath {
		return path == "runtime" // its errors have no value of anybody in them
	}
	path = path[len(hostPath):]
	if strings.HasSuffix(path, "_test") || strings.Contains(path, "/testdata/") {
		return false // plugins of tests
	}
	return strings.HasPrefix(path, "internal/") || strings.HasPrefix(path, "pkg/") && path != "pkg/api"
}

// asIs reports whether an error can stay as it is: its types, and those of the errors within,
// are known, and its text isn't long. left is how many errors may still be looked at.
func asIs(err error, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	within := func(inner error) bool { return inner == nil || asIs(inner, left) }
	switch err := err.(type) { //nolint:errorlint // each error of the tree is looked at
	case *frozen:
		return true
	case *api.RetryError:
		return err != nil && within(err.Err)
	case *api.FieldError:
		return err != nil && len(err.Field) <= mostText && within(err.Err)
	case *api.TemplateError:
		return err != nil && within(err.Err)
	case *api.FailError:
		return err != nil && len(err.Message) <= mostText
	}
	t := reflect.TypeOf(err)
	switch {
	case !known[t]:
		// What the host's own errors have within was frozen when it came in.
		return Known(t) && !isNil(err)
	case isNil(err):
		return false
	}
	switch err := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		inner := err.Unwrap()
		if inner == nil || !within(inner) { // without one, some of these types panic
			return false
		}
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			if !within(inner) {
				return false
			}
		}
	}
	return len(err.Error()) <= mostText
}

func isNil(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
