package jinja

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/analysis"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What is known about a template without rendering it: see package analysis.
type (
	// Name is a use of a name in a template.
	Name = analysis.Name
	// Misuse is a call with arguments that can't be right.
	Misuse = analysis.Misuse
	// Comparison compares a step's result with a literal value.
	Comparison = analysis.Comparison
)

// What a template that can't be right has an error of.
type (
	// UnknownNameError says that there is no such filter, test or tag.
	UnknownNameError = syntax.UnknownNameError
	// ArgumentError says that a call has arguments that its callee never takes.
	ArgumentError = runtime.ArgumentError
)

// Names lists the uses of names in a template that Parse returned, in the order of
// the template.
func Names(parsed api.Template) []Name { return analysis.Names(parsed) }

// Misuses lists the calls in a template that Parse returned whose arguments can't
// be right.
func Misuses(parsed api.Template) []Misuse { return analysis.Misuses(parsed) }

// Comparisons lists the comparisons of steps' results in a template that Parse
// returned.
func Comparisons(parsed api.Template) []Comparison { return analysis.Comparisons(parsed) }

// Outcomes returns what a template that Parse returned can yield: see
// [analysis.Outcomes].
func Outcomes(ctx context.Context, parsed api.Template, known func(function string, args []string) (values []any, all bool)) (outcomes []api.Rendered, complete bool) {
	return analysis.Outcomes(ctx, parsed, known)
}
