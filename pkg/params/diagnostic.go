package params

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Code says what is wrong. Code that decides something by a [Diagnostic] compares codes
// and fields, never texts.
type Code string

// The codes of a [Diagnostic].
const (
	CodeUnknownKey    Code = "unknown-key"    // nothing declares it; Near is the key that was probably meant
	CodeRepeatedKey   Code = "repeated-key"   // nothing declares it, and Near, which was probably meant, is given as well
	CodeRequired      Code = "required"       // it is not there
	CodeRequiredEmpty Code = "required-empty" // it is null, which is as if it were not there
	CodeEmpty         Code = "empty"          // an element of a list or map is null
	CodeWrongKind     Code = "wrong-kind"     // a text, a list or a mapping is wanted, and it is something else
	CodeBadBool       Code = "bad-bool"
	CodeBadNumber     Code = "bad-number" // also one that is not whole, or has too many digits
	CodeBadDuration   Code = "bad-duration"
	CodeBadTime       Code = "bad-time"
	CodeBadEnum       Code = "bad-enum"      // Near is the value that was probably meant
	CodeOutOfBounds   Code = "out-of-bounds" // of a number or duration
	CodeBadLength     Code = "bad-length"    // of a text or list
	CodeNotPlain      Code = "not-plain"     // no plain value can be made of it
	CodeChild         Code = "child"         // the child pipe can't be bound
	CodeInjection     Code = "injection"     // the service is missing or doesn't fit
	CodeValidate      Code = "validate"      // the plugin's own Validate returned Err
	CodeOther         Code = "other"         // Err is not one of this package's
)

// Diagnostic is one thing that is wrong with params.
type Diagnostic struct {
	Path    Path   `json:"path"` // empty: the params as a whole, or their services
	Code    Code   `json:"code"`
	Message string `json:"message"`          // what is wrong, as in "is required"
	Detail  string `json:"detail,omitempty"` // why, to go on with after a colon
	Hint    string `json:"hint,omitempty"`   // what to do, or what there is
	Near    string `json:"near,omitempty"`   // the key or value that was probably meant
	// Given is the kind of what is there: KindMap, KindList, or that of a scalar.
	// It is empty where nothing is there, or where its kind is not what is wrong.
	Given Kind `json:"given,omitempty"`
	// Spec describes what is wanted at Path or, of an unknown key, the mapping that
	// it stands in. It is nil where that is not known, as in another process.
	Spec *Spec `json:"-"`
	// Err is what a Validate, a child, a service or a template returned, and Message
	// its text.
	Err error `json:"-"`
}

// String is the whole text, with the path.
func (d Diagnostic) String() string {
	if len(d.Path) == 0 {
		return d.Text()
	}
	return d.Path.String() + ": " + d.Text()
}

// UnknownKey reports whether it is about a key that nothing declares.
func (d Diagnostic) UnknownKey() bool { return d.Code == CodeUnknownKey || d.Code == CodeRepeatedKey }

// Missing reports whether a required key is not there, or empty.
func (d Diagnostic) Missing() bool { return d.Code == CodeRequired || d.Code == CodeRequiredEmpty }

// diagnosticError is a Diagnostic among the errors of [Decode]. Its path is that of
// the [api.FieldError] around it.
type diagnosticError struct{ Diagnostic }

func (e *diagnosticError) Error() string { return e.Text() }
func (e *diagnosticError) Unwrap() error { return e.Err }

// AsError is d as an error without its path: Err itself where there is one.
func (d Diagnostic) AsError() error {
	if d.Err != nil {
		return d.Err
	}
	return &diagnosticError{d}
}

// withPath is the error that [Decode] joins.
func (d Diagnostic) withPath() error {
	if len(d.Path) == 0 {
		return &diagnosticError{d}
	}
	return &api.FieldError{Field: d.Path.String(), Err: &diagnosticError{d}}
}

// Diagnostics lists what is wrong according to an error of [Decode] or of a
// plugin, through all joining and wrapping. A part without a place in the params has
// an empty Path.
func Diagnostics(err error) []Diagnostic {
	if err == nil {
		return nil
	}
	c := collector{code: CodeOther}
	c.collect(nil, err, true)
	return c.found
}

// collector takes errors apart.
type collector struct {
	code  Code // of errors that are not this package's
	raw   any  // the values that the errors are about, or nil
	found []Diagnostic
}

var joinedType = reflect.TypeOf(errors.Join(errors.ErrUnsupported))

// collect adds what is in err, which belongs to the place path. Wraps are taken off
// only where deep is true: below a FieldError, a wrap such as the error of a child
// pipe may know more than what it wraps.
func (c *collector) collect(path Path, err error, deep bool) {
	switch e := err.(type) {
	case *diagnosticError:
		d := e.Diagnostic
		d.Path = path
		c.found = append(c.found, d)
		return
	case *api.FieldError:
		path = path.Join(readField(e.Field, valueAt(c.raw, path)))
		if e.Err == nil {
			c.found = append(c.found, Diagnostic{Path: path, Code: c.code, Message: isWrong})
			return
		}
		c.collect(path, e.Err, false)
		return
	case interface{ Unwrap() []error }:
		parts := e.Unwrap()
		switch {
		case reflect.TypeOf(err) == joinedType:
			c.collectAll(path, parts, deep)
			return
		case deep && namesField(err):
			for _, part := range parts {
				if namesField(part) {
					c.collect(path, part, deep)
				}
			}
			return
		}
	case interface{ Unwrap() error }:
		if deep && namesField(err) {
			c.collect(path, e.Unwrap(), deep)
			return
		}
	}
	c.found = append(c.found, Diagnostic{Path: path, Code: c.code, Message: err.Error(), Err: err})
}

func (c *collector) collectAll(path Path, errs []error, deep bool) {
	for _, err := range errs {
		c.collect(path, err, deep)
	}
}

func namesField(err error) bool {
	var field *api.FieldError
	return errors.As(err, &field)
}
