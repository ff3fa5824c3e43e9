package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// The severities of a [Diagnostic]. An advice is about what is right and could be
// better.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
	SeverityAdvice  = "advice"
)

// Diagnostic is one thing that is wrong with a configuration. A Line of 0 means that
// File names an environment variable. Code is stable; Message and Hint are for
// people.
type Diagnostic struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Path     string `json:"path"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

// String is one line: "file:line:column: key.path: what is wrong (hint)".
func (p Diagnostic) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	if p.Severity == SeverityWarning || p.Severity == SeverityAdvice {
		b.WriteString(p.Severity + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Diagnostics are sorted by file and position.
type Diagnostics []Diagnostic

// Error has one line for each diagnostic, warnings included.
func (ps Diagnostics) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// HasErrors reports whether anything is worse than a warning.
func (ps Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ps, func(p Diagnostic) bool { return p.Severity == SeverityError })
}

// OnlyAdvice reports whether there is neither an error nor a warning.
func (ps Diagnostics) OnlyAdvice() bool {
	return !slices.ContainsFunc(ps, func(p Diagnostic) bool { return p.Severity != SeverityAdvice })
}

// And returns the diagnostics of both, sorted, each once. A value whose tag means nothing
// has no other diagnostic.
func (ps Diagnostics) And(more Diagnostics) Diagnostics {
	all := slices.Concat(ps, more)
	slices.SortStableFunc(all, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message),
		)
	})
	tagged := map[Position]bool{}
	for _, p := range all {
		tagged[Position{p.File, p.Line, p.Column}] = tagged[Position{p.File, p.Line, p.Column}] || p.Code == "unknown-tag"
	}
	return slices.DeleteFunc(slices.Compact(all), func(p Diagnostic) bool {
		return p.Code != "unknown-tag" && tagged[Position{p.File, p.Line, p.Column}]
	})
}

// Reporter collects diagnostics on the way.
type Reporter struct {
	List Diagnostics
	// notes are warnings about what is in the current form, and so nothing that
	// [Upgrade] changes.
	notes Diagnostics
}

// Note reports a warning about what is in the current form.
func (r *Reporter) Note(at Position, path params.Path, code, hint, format string, args ...any) {
	var one Reporter
	one.Warn(at, path, code, hint, format, args...)
	r.notes = append(r.notes, one.List...)
}

// ReportError reports what keeps the configuration from being used.
func (r *Reporter) ReportError(at Position, path params.Path, code, hint, format string, args ...any) {
	r.Report(SeverityError, at, path, code, hint, fmt.Sprintf(format, args...))
}

// Warn reports what is probably not what was wanted.
func (r *Reporter) Warn(at Position, path params.Path, code, hint, format string, args ...any) {
	r.Report(SeverityWarning, at, path, code, hint, fmt.Sprintf(format, args...))
}

// Report adds a diagnostic.
func (r *Reporter) Report(severity string, at Position, path params.Path, code, hint, message string) {
	r.List = append(r.List, Diagnostic{
		File: at.File, Line: at.Line, Column: at.Column, Path: path.String(),
		Severity: severity, Code: code, Message: message, Hint: hint,
	})
}

// All returns what was reported, sorted.
func (r *Reporter) All() Diagnostics { return r.notes.And(r.List) }
