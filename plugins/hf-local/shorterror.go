package main

import (
	"strings"
	"unicode/utf8"
)

// maxMessage bounds the error about a model, in bytes: a message may quote the model's
// files, which others wrote.
const maxMessage = 2000

// shortenedError is an error whose text is cut in its middle: it begins with the file and
// ends with what to do.
type shortenedError struct {
	error
	text string
}

func (e *shortenedError) Error() string { return e.text }

func (e *shortenedError) Unwrap() error { return e.error }

// shortened returns err with its text cut to maxMessage.
func shortened(err error) error {
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
	return &shortenedError{err, strings.ToValidUTF8(text[:begin]+"…"+text[end:], "\uFFFD")}
}
