package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/open-ticket-ai/otai/internal/app"
)

// writeJSON writes v for machines, and still readable.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return written(e.Encode(v))
}

// answerError answers with an error where JSON is wanted and there is no other
// answer, so that what a program reads is JSON in any case.
func answerError(out io.Writer, asJSON bool, err error) error {
	if !asJSON {
		return err
	}
	return errors.Join(err, writeJSON(out, map[string]string{"error": err.Error()}))
}

// answered is the end of a command whose answer tells the error, too.
func answered(err, writing error) error {
	if writing != nil {
		return writing
	}
	return quietly(err)
}

// written gives a failure to write the answer its exit code: the usage was right.
func written(err error) error {
	if err == nil {
		return nil
	}
	return &app.Fault{Code: app.CodeRun, Err: fmt.Errorf("writing the answer: %w", err)}
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
