package position

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Pos is a byte offset in the source, embedded where an error can arise.
type Pos int

// Wrap gives err the position p, as [At] does.
func (p Pos) Wrap(err error) error { return At(int(p), err) }

// Error is an error at a byte offset of the source. Lines and columns are
// counted only once, when the error leaves the template language.
type Error struct {
	Pos int
	err error
}

// Error is the message without the position.
func (e *Error) Error() string { return e.err.Error() }

// Unwrap is the error without the position.
func (e *Error) Unwrap() error { return e.err }

// At gives err a position unless it already has one: the innermost counts.
func At(pos int, err error) error {
	if err == nil {
		return nil
	}
	if _, placed := err.(*Error); placed { //nolint:errorlint // an Error is never wrapped
		return err
	}
	return &Error{Pos: pos, err: err}
}

// Locate turns an Error into the error of the contract. It is the one place where it is decided
// which of the values in its message are shown.
func Locate(source string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return &api.TemplateError{Line: 1, Column: 1, Err: shown(source, err)}
	}
	before := source[:min(e.Pos, len(source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return &api.TemplateError{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1,
		Err:    shown(source, e.err),
	}
}
