package app

import (
	"errors"
	"fmt"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// DiagnosticsError carries what is wrong in a configuration, for people one line
// each.
type DiagnosticsError struct{ Diagnostics config.Diagnostics }

func (e *DiagnosticsError) Error() string { return e.Diagnostics.Error() }

func (a *Setup) diagnosticsError(code Code) error {
	return &ExitError{Code: code, Err: &DiagnosticsError{Diagnostics: a.Diagnostics}}
}

// Place writes the position of a value for people.
func (a *Setup) Place(path string) string {
	if at, known := a.places.Load(path); known {
		return at.(string)
	}
	at := placeText(a.Document.Locate(path))
	a.places.Store(path, at)
	return at
}

// placeText writes file:line:column, or the name of what has no lines, such as a
// variable of the environment.
func placeText(at config.Position) string {
	if at.File == "" || at.Line == 0 {
		return at.File
	}
	return fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)
}

// errorPosition returns the position of an error in the value at path: within the value,
// where that is a template.
func errorPosition(d *config.Document, path string, err error) config.Position {
	var template *api.TemplateError
	if errors.As(err, &template) {
		return d.LocateTemplate(path, template)
	}
	return d.Locate(path)
}

// located gives the errors of a configuration that only building could find their
// positions in the files.
func (a *Setup) located(err error) error {
	var problems config.Diagnostics
	for _, e := range configErrors(err) {
		at := errorPosition(a.Document, e.Path, e.Err)
		problems = append(problems, config.Diagnostic{
			File: at.File, Line: at.Line, Column: at.Column, Path: e.Path,
			Severity: config.SeverityError, Code: "build", Message: e.Text(),
		})
	}
	if len(problems) == 0 {
		return err
	}
	return &DiagnosticsError{Diagnostics: problems}
}

// configErrors flattens joined errors.
func configErrors(err error) []*orchestrator.ConfigError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*orchestrator.ConfigError
		for _, e := range joined.Unwrap() {
			all = append(all, configErrors(e)...)
		}
		return all
	}
	var one *orchestrator.ConfigError
	if errors.As(err, &one) {
		return []*orchestrator.ConfigError{one}
	}
	return nil
}

func problemAt(d *config.Document, path, severity, code, message, hint string) config.Diagnostic {
	at := d.Locate(path)
	return config.Diagnostic{File: at.File, Line: at.Line, Column: at.Column, Path: path, Severity: severity, Code: code, Message: message, Hint: hint}
}
