package params

import (
	"errors"
	"reflect"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Code says what is wrong. Codes are stable; a program decides by them and by the
// fields of a [Diagnostic], never by its texts.
type Code string

// The codes of a [Diagnostic].
const (
	CodeUnknownKey    Code = "unknown-key"    // no field declares the key; Near is the key that was probably meant
	CodeRepeatedKey   Code = "repeated-key"   // as unknown-key, and the key in Near is also there
	CodeRequired      Code = "required"       // a required key is missing
	CodeRequiredEmpty Code = "required-empty" // a required key is null, which counts as missing
	CodeEmpty         Code = "empty"          // an element of a list or map is null
	CodeWrongKind     Code = "wrong-kind"     // the value is not the text, list or mapping that is wanted
	CodeBadBool       Code = "bad-bool"       // the value is not a yes or no
	CodeBadNumber     Code = "bad-number"     // the value is not a number, is not whole, or has too many digits
	CodeBadDuration   Code = "bad-duration"   // the value is not a duration
	CodeBadTime       Code = "bad-time"       // the value is not a time
	CodeBadEnum       Code = "bad-enum"       // the value is not one of Spec.Enum; Near is the one that was probably meant
	CodeOutOfBounds   Code = "out-of-bounds"  // a number or duration is below Spec.Min or above Spec.Max
	CodeBadLength     Code = "bad-length"     // a text or list is shorter than Spec.Min or longer than Spec.Max
	CodeNotPlain      Code = "not-plain"      // the value has no plain form
	CodeChild         Code = "child"          // a child pipe can't be made; Err says why
	CodeInjection     Code = "injection"      // a service is missing, or lacks a method; Err says which
	CodeValidate      Code = "validate"       // the struct's own Validate returned Err
	CodeBroken        Code = "broken"         // the struct's own Validate did not return as it should, which Err says
	CodeOther         Code = "other"          // Err comes from elsewhere, such as a template
)

// Diagnostic is one thing that is wrong with params.
type Diagnostic struct {
	Path    Path   `json:"path"`             // place in the params; empty for the params as a whole, or their services
	Code    Code   `json:"code"`             // what is wrong, for programs
	Message string `json:"message"`          // what is wrong, to be read after the path, as in "is required"
	Detail  string `json:"detail,omitempty"` // the reason, to be written after Message and a colon
	Hint    string `json:"hint,omitempty"`   // what to write instead
	Near    string `json:"near,omitempty"`   // the key or value that was probably meant

	// Given is the kind of the value that is there: KindMap, KindList, or that of a
	// scalar. It is empty if there is none, or if its kind is not what is wrong.
	Given Kind `json:"given,omitempty"`
	// Spec describes what is wanted at Path; for an unknown key, it describes the
	// mapping around it. It is nil if that is not known, as in another process.
	Spec *Spec `json:"-"`
	// Err is the error that a Validate, a child, a service or a template returned, whose
	// text is in Message. It is nil for the mistakes that this package finds itself.
	Err error `json:"-"`
}

// String returns the whole text with the path in front: "note.subject: is required".
func (d Diagnostic) String() string {
	if len(d.Path) == 0 {
		return d.Text()
	}
	return d.Path.String() + ": " + d.Text()
}

// UnknownKey reports whether d is about a key that no field declares.
func (d Diagnostic) UnknownKey() bool { return d.Code == CodeUnknownKey || d.Code == CodeRepeatedKey }

// Missing reports whether d is about a required key that is missing or null.
func (d Diagnostic) Missing() bool { return d.Code == CodeRequired || d.Code == CodeRequiredEmpty }

// diagnosticError is a Diagnostic among the errors of [Decode]. Its path is that of
// the [api.FieldError] around it.
type diagnosticError struct{ Diagnostic }

func (e *diagnosticError) Error() string { return e.Text() }
func (e *diagnosticError) Unwrap() error { return e.Err }

// AsError returns d as an error without its path: Err itself if there is one.
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

// Diagnostics lists everything that is wrong according to an error of [Decode], or an
// error of a plugin that wraps or joins an [api.FieldError]. A part without a place in
// the params has an empty Path. It returns nil for nil.
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
	switch e := err.(type) { //nolint:errorlint // it takes the wraps off itself
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
