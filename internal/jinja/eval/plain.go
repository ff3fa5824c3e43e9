package eval

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// plain is a source without any template in it: its text, and the value that
// this text is as a literal.
type plain api.Rendered

// NewPlain is the template of a source that HasTemplate rejects.
func NewPlain(source string) api.Template {
	text := syntax.Normalize(source)
	if text == "" {
		return plain{}
	}
	return plain{Text: text, Value: plainLiteral(text)}
}

// Render returns the text, whatever the scope.
func (p plain) Render(context.Context, api.Scope) (api.Rendered, error) {
	return api.Rendered(p), nil
}
