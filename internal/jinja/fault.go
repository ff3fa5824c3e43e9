package jinja

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// fault is an error at a byte offset of the source. Lines and columns are
// counted only once, when the error leaves the package.
type fault struct {
	pos int
	err error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// at gives err a position unless it already has one: the innermost counts.
func at(pos int, err error) error {
	if err == nil {
		return nil
	}
	if _, placed := err.(*fault); placed { // faults are never wrapped
		return err
	}
	return &fault{pos: pos, err: err}
}

// locate turns a fault into the error of the contract.
func locate(source string, err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return &api.TemplateError{Line: 1, Column: 1, Err: err}
	}
	before := source[:min(f.pos, len(source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return &api.TemplateError{
		Line:   strings.Count(before, "\n") + 1,
		Column: utf8.RuneCountInString(before[start:]) + 1,
		Err:    f.err,
	}
}
