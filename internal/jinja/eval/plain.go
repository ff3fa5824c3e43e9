package eval

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// plain is a source without any template in it: its text, and the value that
// this text is as a literal.
type plain api.Rendered

func NewPlain(source string) plain {
	text := syntax.Normalize(source)
	if text == "" {
		return plain{}
	}
	return plain{Text: text, Value: plainLiteral(text)}
}

func (p plain) Render(context.Context, api.Scope) (api.Rendered, error) {
	return api.Rendered(p), nil
}
