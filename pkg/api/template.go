package api

import "context"

// TemplateRenderer is the template language. Exactly one service of a
// configuration provides it. Parse reports a [TemplateError] for a syntax error,
// so that templates are checked before anything runs, and parsed once.
type TemplateRenderer interface {
	Parse(source string) (Template, error)
}

// Template is a parsed template. It is safe for concurrent use.
type Template interface {
	Render(ctx context.Context, scope Scope) (Rendered, error)
}

// Rendered is what a template yields. A string field of the params receives
// Text, every other field Value, which is plain: the subject "12345" stays text.
type Rendered struct {
	_ struct{}

	Text  string
	Value any
}
