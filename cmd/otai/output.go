package main

import (
	"encoding/json"
	"io"
)

// writeJSON writes v for machines, and still readable.
func writeJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
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
