package jinja

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// template is a compiled source. It is never changed after it was made.
type template struct {
	renderer *Renderer
	source   string
	body     []statement
	blocks   map[string]*blockStatement
	mutates  bool // it changes lists or mappings
	piped    bool // it sees something of the pipeline
}

// Render evaluates the template. An error is an [api.TemplateError]; one that
// wraps an [api.FailError] says that the template called fail().
func (t *template) Render(ctx context.Context, scope api.Scope) (api.Rendered, error) {
	return t.render(ctx, scope, nil)
}

// render renders with choices that are made, instead of by their tests; see [Outcomes].
func (t *template) render(ctx context.Context, scope api.Scope, chosen map[any]int) (api.Rendered, error) {
	r := newRun(ctx, t.renderer, scope)
	r.chosen = chosen
	r.mutable, r.piped, r.blocks = t.mutates, t.piped, t.blocks
	err := r.checkTime()
	if err == nil {
		err = r.exec(t.body)
	}
	if err == nil {
		var out api.Rendered
		if out, err = r.rendered(); err == nil {
			return out, nil
		}
		err = r.last.fault(err)
	}
	return api.Rendered{}, locate(t.source, err)
}

// plain is a source without any template in it: its text, and the value that
// this text is as a literal.
type plain api.Rendered

func newPlain(source string) plain {
	text := normalize(source)
	if text == "" {
		return plain{}
	}
	return plain{Text: text, Value: plainLiteral(text)}
}

func (p plain) Render(context.Context, api.Scope) (api.Rendered, error) {
	return api.Rendered(p), nil
}
