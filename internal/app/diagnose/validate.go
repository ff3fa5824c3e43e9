package diagnose

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config"
)

// Validation is the answer of [Validate]; its JSON form is stable.
type Validation struct {
	Valid       bool               `json:"valid"`
	Diagnostics config.Diagnostics `json:"problems"`

	sources  []config.Source
	redactor *redactor.Redactor
}

// Excerpt shows the line of a problem with a caret below its column.
func (v Validation) Excerpt(p config.Diagnostic) string { return p.Excerpt(v.sources, v.redactor.YAML) }

// problemsOf is what ended a check before it began, in the form of its answer.
func problemsOf(err error) config.Diagnostics {
	var unread *app.UnreadableError
	switch joined, many := err.(interface{ Unwrap() []error }); {
	case many:
		var all config.Diagnostics
		for _, one := range joined.Unwrap() {
			all = all.And(problemsOf(one))
		}
		return all
	case errors.As(err, &unread):
		return config.Diagnostics{{File: unread.Name, Severity: config.SeverityError, Code: "unreadable", Message: "the file can't be read: " + unread.Err.Error(), Hint: unread.Hint}}
	}
	if f := (*app.ExitError)(nil); errors.As(err, &f) && f != err { //nolint:errorlint // it is the same, or it is within err
		return problemsOf(f.Err)
	}
	return config.Diagnostics{{Severity: config.SeverityError, Code: "failed", Message: err.Error()}}
}

// Validate checks a configuration completely without contacting anything. A
// configuration with errors is an answer, not an error; the [app.ExitError] then
// returned beside it carries only the exit code. Any other error is in the answer, too.
func Validate(ctx context.Context, s app.Settings, strict bool) (Validation, error) {
	setup, err := app.Prepare(ctx, s, app.PrepareOptions{CheckOnly: true, Silent: true, Inspect: true})
	a := analysis{setup}
	defer a.Close()
	var found *app.DiagnosticsError
	if err != nil && !errors.As(err, &found) {
		return Validation{Diagnostics: problemsOf(err), redactor: &redactor.Redactor{}}, err
	}
	if err == nil {
		a.Diagnostics = a.Diagnostics.And(a.findUnsetVariables()).And(a.findMissingModels(ctx)).And(a.compareLabels(ctx)).And(a.findNeverAllowed())
	}
	v := Validation{Valid: err == nil, Diagnostics: a.Diagnostics, sources: a.Sources, redactor: a.Redactor}
	if strict && !a.Diagnostics.OnlyAdvice() {
		v.Valid = false
	}
	if v.Diagnostics == nil {
		v.Diagnostics = config.Diagnostics{}
	}
	if v.Valid {
		return v, nil
	}
	var f *app.ExitError
	if errors.As(err, &f) {
		return v, f
	}
	return v, &app.ExitError{Code: app.CodeUsage, Err: &app.DiagnosticsError{Diagnostics: a.Diagnostics}}
}
