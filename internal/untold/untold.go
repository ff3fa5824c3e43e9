// Package untold keeps texts out of errors: what a template has made of a ticket's text may be
// a customer's, and errors are logged, kept and shown. An error goes in with the texts that it
// may quote; out comes one that is the same for a program and doesn't quote them.
package untold

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/redact"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// longWord is from how many letters on a word of a text says something by itself.
const longWord = 8

// generic is what is said where a text can't be taken out of a message.
const generic = "what is wrong isn't shown, since it quotes a text that a template has computed"

// Error is err without the texts. One that doesn't quote them stays as it is, and so does that
// of code which did not return as it should.
func Error(err error, texts ...string) error {
	if err == nil || freeze.Broken(err) {
		return err
	}
	text := Text(err.Error(), texts...)
	if text == err.Error() { //messagetext:allow no decision by what it says: whether a text is in it
		return err
	}
	return &hiding{text: text, of: err, without: texts}
}

// Text is a message without the texts, in whatever form they stand in it.
func Text(message string, texts ...string) string {
	var hidden redact.Set
	for _, text := range texts {
		hidden.Add(text)
	}
	out := strings.ReplaceAll(hidden.Text(message), redact.Mask, "…")
	lower := strings.ToLower(out)
	for _, text := range texts {
		if slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(text), notInWord), func(word string) bool {
			return utf8.RuneCountInString(word) >= longWord && strings.Contains(lower, word)
		}) {
			return generic
		}
	}
	return out
}

func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// hiding is an error of which only what a program asks for can be reached.
type hiding struct {
	text    string
	of      error
	without []string
}

func (e *hiding) Error() string { return e.text }

// kinds are the errors that a hiding one can be.
var kinds = []error{
	api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain, context.Canceled, context.DeadlineExceeded, fs.ErrNotExist, fs.ErrPermission,
}

// Is reports whether the error is of one of the kinds that hosts ask for.
func (e *hiding) Is(target error) bool {
	return slices.Contains(kinds, target) && errors.Is(e.of, target)
}

// As has what hosts ask of errors, without the texts.
func (e *hiding) As(target any) bool {
	switch to := target.(type) {
	case **api.RetryError:
		var of *api.RetryError
		if !errors.As(e.of, &of) {
			return false
		}
		*to = &api.RetryError{After: of.After, Err: e.within(of.Err)}
	case **api.FieldError:
		var of *api.FieldError
		if !errors.As(e.of, &of) {
			return false
		}
		*to = &api.FieldError{Field: of.Field, Err: e.within(of.Err)}
	case *interface{ LoginRefused() bool }:
		return errors.As(e.of, to)
	case *interface{ Partly() bool }:
		return errors.As(e.of, to)
	default:
		return false
	}
	return true
}

func (e *hiding) within(err error) error {
	if err == nil {
		return nil
	}
	return &hiding{text: Text(err.Error(), e.without...), of: err, without: e.without}
}

// NoTicket is the error of an id by which a ticket system shows no ticket, as why says. It
// doesn't quote the id.
func NoTicket(why error) error {
	kind := api.ErrInvalid
	for _, k := range []error{api.ErrNotFound, api.ErrDenied} {
		if errors.Is(why, k) {
			kind = k
			break
		}
	}
	return &api.FieldError{Field: "ticket_id", Err: fmt.Errorf("no ticket is found by what the template yields: check from which step it takes the id, and the right to read that ticket: %w", kind)}
}
