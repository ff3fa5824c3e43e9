package freeze

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// mostErrors is how many errors there may be within one; what Unwrap returns may never end.
const mostErrors = 100

// kinds are the errors for which a host asks by errors.Is where an error isn't its own.
var kinds = []error{
	api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain,
	context.Canceled, context.DeadlineExceeded, io.EOF, fs.ErrNotExist, fs.ErrPermission, fs.ErrExist,
}

// Error returns an error whose methods run no code of a plugin: err itself, where its types
// are known. Otherwise its text, the kinds that it is, and what the host asks of it by
// errors.As are taken once. An error whose own method panics or blocks is a [*PanicError] or
// [*StuckError], of the same kinds; nil in a pointer is such an error and not a success, unless
// its methods work.
func Error(err error) error {
	if err == nil {
		return nil
	}
	left := mostErrors
	if asIs(err, &left) {
		return err
	}
	f := freezer{left: mostErrors}
	f.does("a method", err)
	var out error
	if broken := Call(patience, func() error { out = f.freeze(err); return nil }); broken != nil {
		text := *f.doing.Load()
		if stuck := (*StuckError)(nil); errors.As(broken, &stuck) {
			return &StuckError{Doing: text, Limit: stuck.Limit}
		}
		return &PanicError{Doing: text, Value: broken.Error()}
	}
	if f.broken != nil {
		f.broken.err = out
		if own, ok := out.(*frozen); ok && own.said { //nolint:errorlint // it was made here
			f.broken.Doing = own.text + "; " + f.broken.Doing
		}
		return f.broken
	}
	return out
}

// frozen is what was taken of an error of a plugin.
type frozen struct {
	text  string
	said  bool    // the text is the error's own
	kinds []error // that its own Is says it is
	as    []any   // what its own As yields, and what hosts ask of errors by their methods
	under []error // frozen, too
}

func (e *frozen) Error() string { return e.text }

// Unwrap returns the errors within.
func (e *frozen) Unwrap() []error { return e.under }

// Is reports whether the error said that it is target.
func (e *frozen) Is(target error) bool {
	return slices.ContainsFunc(e.kinds, func(kind error) bool { return kind == target }) //nolint:errorlint // it is asked for itself
}

// As sets target to what was taken of the error.
func (e *frozen) As(target any) bool {
	want := reflect.ValueOf(target).Elem()
	for _, one := range e.as {
		if v := reflect.ValueOf(one); v.Type().AssignableTo(want.Type()) {
			want.Set(v)
			return true
		}
	}
	return false
}

// What hosts ask of errors by their methods.
type (
	// partly is a write of which a part may have been done.
	partly struct {
		*frozen
		partly bool
	}
	// refused is by a login that was refused.
	refused struct {
		*frozen
		login bool
	}
	// searched is a model that isn't there.
	searched struct {
		*frozen
		folders []string
	}
)

func (p partly) Partly() bool                { return p.partly }
func (r refused) LoginRefused() bool         { return r.login }
func (s searched) SearchedFolders() []string { return s.folders }

// freezer makes one error.
type freezer struct {
	left   int
	broken *PanicError // the first panic of a method
	doing  atomic.Pointer[string]
}

// does notes what runs, for whoever doesn't wait any longer.
func (f *freezer) does(name string, err error) {
	text := name + " of an error of type " + typeName(reflect.TypeOf(err))
	f.doing.Store(&text)
}

// method runs one method of a plugin's error.
func (f *freezer) method(name string, err error, run func()) (ok bool) {
	f.does(name, err)
	defer func() {
		if v := recover(); v != nil {
			if f.broken == nil {
				f.broken = Panicked(v)
				f.broken.Doing = *f.doing.Load()
				if isNil(err) {
					f.broken.Doing += ", which is a nil pointer (where nothing went wrong, return nil itself)"
				}
			}
			ok = false
		}
	}()
	run()
	return true
}

func (f *freezer) freeze(err error) error {
	if err == nil {
		return nil
	}
	left := f.left
	if asIs(err, &left) {
		f.left = left
		return err
	}
	if f.left--; f.left < 0 {
		return &frozen{text: fmt.Sprintf("(more than %d errors are within)", mostErrors)}
	}
	if !isNil(err) {
		switch err := err.(type) { //nolint:errorlint // each error of the tree is frozen
		case *api.RetryError:
			return &api.RetryError{After: err.After, Err: f.freeze(err.Err)}
		case *api.FieldError:
			return &api.FieldError{Field: cut(err.Field), Err: f.freeze(err.Err)}
		case *api.TemplateError:
			return &api.TemplateError{Line: err.Line, Column: err.Column, Err: f.freeze(err.Err)}
		case *api.FailError:
			return &api.FailError{Message: cut(err.Message)}
		}
	}
	out := &frozen{}
	if out.said = f.method("Error", err, func() { out.text = cut(err.Error()) }); !out.said {
		out.text = fmt.Sprintf("an error of type %s, whose text can't be had", typeName(reflect.TypeOf(err)))
	}
	if asker, ok := err.(interface{ Is(error) bool }); ok {
		for _, kind := range kinds {
			f.method("Is", err, func() {
				if asker.Is(kind) {
					out.kinds = append(out.kinds, kind)
				}
			})
		}
	}
	f.abilities(out, err)
	f.within(out, err)
	return out
}

// abilities takes what hosts ask for by errors.As.
func (f *freezer) abilities(out *frozen, err error) {
	if asker, ok := err.(interface{ As(any) bool }); ok {
		f.method("As", err, func() {
			if retry := (*api.RetryError)(nil); asker.As(&retry) && retry != nil {
				out.as = append(out.as, f.freeze(retry))
			}
			if field := (*api.FieldError)(nil); asker.As(&field) && field != nil {
				out.as = append(out.as, f.freeze(field))
			}
			if template := (*api.TemplateError)(nil); asker.As(&template) && template != nil {
				out.as = append(out.as, f.freeze(template))
			}
			if fail := (*api.FailError)(nil); asker.As(&fail) && fail != nil {
				out.as = append(out.as, f.freeze(fail))
			}
		})
	}
	if able, ok := err.(interface{ Partly() bool }); ok {
		f.method("Partly", err, func() { out.as = append(out.as, partly{out, able.Partly()}) })
	}
	if able, ok := err.(interface{ LoginRefused() bool }); ok {
		f.method("LoginRefused", err, func() { out.as = append(out.as, refused{out, able.LoginRefused()}) })
	}
	if able, ok := err.(interface{ SearchedFolders() []string }); ok {
		f.method("SearchedFolders", err, func() {
			out.as = append(out.as, searched{out, slices.Clone(able.SearchedFolders())})
		})
	}
}

func (f *freezer) within(out *frozen, err error) {
	var inner []error
	f.method("Unwrap", err, func() {
		switch err := err.(type) { //nolint:errorlint // it is this error that is unwrapped
		case interface{ Unwrap() error }:
			inner = []error{err.Unwrap()}
		case interface{ Unwrap() []error }:
			inner = err.Unwrap()
		}
	})
	for _, one := range inner {
		if f.left <= 0 {
			return
		}
		if one != nil {
			out.under = append(out.under, f.freeze(one))
		}
	}
}
