package main

import (
	"strings"
	"unicode/utf8"
)

// maxMessage bounds, in bytes, what is said of a model: its files are of others, and a
// message may quote them.
const maxMessage = 2000

// longError is an error whose text is cut in its middle: it begins with the place and
// ends with what to do.
type longError struct {
	error
	text string
}

func (e *longError) Error() string { return e.text }

func (e *longError) Unwrap() error { return e.error }

// inShort bounds the text of an error.
func inShort(err error) error {
	text := err.Error()
	if len(text) <= maxMessage {
		return err
	}
	begin, end := maxMessage*3/4, len(text)-maxMessage/4
	for begin > 0 && !utf8.RuneStart(text[begin]) {
		begin--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return &longError{err, strings.ToValidUTF8(text[:begin]+"…"+text[end:], "\uFFFD")}
}
