package main

import (
	"encoding/json"
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
