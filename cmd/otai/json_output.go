package main

import (
	"encoding/json"
	"io"
)

// writeJSON writes v for machines, and still readable. That it could not be written
// is kept by the answer.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// answerError answers with an error where JSON is wanted and there is no other
// answer, so that what a program reads is JSON in any case.
func answerError(out io.Writer, asJSON bool, err error) error {
	if !asJSON {
		return err
	}
	_ = writeJSON(out, map[string]string{"error": err.Error()}) // the answer keeps it
	return err
}

// answered is the end of a command whose answer has the error in it, too.
func answered(err, writing error) error {
	if writing != nil {
		return writing
	}
	return quietly(err)
}

// quietly keeps an error's exit code and drops its text, which has been shown.
func quietly(err error) error {
	if err == nil {
		return nil
	}
	return shownError{err}
}

type shownError struct{ error }

func (e shownError) Unwrap() error { return e.error }
