package app

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/config"
)

// Validation is the answer of [Validate]; its JSON form is stable.
type Validation struct {
	Valid       bool               `json:"valid"`
	Diagnostics config.Diagnostics `json:"problems"`

	sources  []config.Source
	redactor *Redactor
}

// Excerpt shows the line of a problem with a caret below its column.
func (v Validation) Excerpt(p config.Diagnostic) string { return p.Excerpt(v.sources, v.redactor.YAML) }

// problemsOf is what ended a check before it began, in the form of its answer.
func problemsOf(err error) config.Diagnostics {
	var unread *UnreadableError
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
	if f := (*ExitError)(nil); errors.As(err, &f) && f != err {
		return problemsOf(f.Err)
	}
	return config.Diagnostics{{Severity: config.SeverityError, Code: "failed", Message: err.Error()}}
}

// Validate checks a configuration completely without contacting anything. A
// configuration with errors is an answer, not an error; the [ExitError] then
// returned beside it carries only the exit code. Any other error is in the answer, too.
func Validate(ctx context.Context, s Settings, strict bool) (Validation, error) {
	a, err := prepare(ctx, s, prepareOptions{checkOnly: true, silent: true, inspect: true})
	defer a.close()
	var found *DiagnosticsError
	if err != nil && !errors.As(err, &found) {
		return Validation{Diagnostics: problemsOf(err), redactor: &Redactor{}}, err
	}
	if err == nil {
		a.problems = a.problems.And(a.findUnsetVariables()).And(a.findMissingModels(ctx))
	}
	v := Validation{Valid: err == nil, Diagnostics: a.problems, sources: a.sources, redactor: a.redactor}
	if strict && !a.problems.OnlyAdvice() {
		v.Valid = false
	}
	if v.Diagnostics == nil {
		v.Diagnostics = config.Diagnostics{}
	}
	if v.Valid {
		return v, nil
	}
	var f *ExitError
	if errors.As(err, &f) {
		return v, f
	}
	return v, &ExitError{Code: CodeUsage, Err: &DiagnosticsError{Diagnostics: a.problems}}
}
