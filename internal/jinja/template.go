package jinja

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// environment is what all templates of a renderer share.
type environment struct {
	library   *runtime.Library
	variables map[string]any
	limits    budget.Limits
}

// template is a compiled source in its environment. It is never changed after it was
// made.
type template struct {
	parsed      *syntax.Template
	environment *environment
}

// choices are the conditions that are decided by somebody else: which branch of a
// node is taken.
type choices map[any]int

// compile parses a normalized source.
func compile(source string, in *environment) (*template, error) {
	parsed, err := syntax.Parse(source, in.library)
	if err != nil {
		return nil, position.Locate(source, err)
	}
	return &template{parsed, in}, nil
}

// Render evaluates the template. An error is an [api.TemplateError]; one that
// wraps an [api.FailError] says that the template called fail().
func (t *template) Render(ctx context.Context, scope api.Scope) (api.Rendered, error) {
	return t.renderChosen(ctx, scope, nil)
}

// renderChosen renders with the branches that were chosen, instead of by their
// conditions.
func (t *template) renderChosen(ctx context.Context, scope api.Scope, chosen choices) (api.Rendered, error) {
	r := newRun(ctx, t.environment, scope)
	r.chosen = chosen
	r.Mutable, r.piped, r.blocks = t.parsed.Mutates, t.parsed.ReadsPipeline, t.parsed.Blocks
	err := r.CheckTime()
	if err == nil {
		err = r.exec(t.parsed.Body)
	}
	if err == nil {
		var out api.Rendered
		if out, err = r.rendered(); err == nil {
			return out, nil
		}
		err = r.last.Wrap(err)
	}
	return api.Rendered{}, position.Locate(t.parsed.Source, err)
}

// plain is a source without any template in it: its text, and the value that
// this text is as a literal.
type plain api.Rendered

func newPlain(source string) plain {
	text := syntax.Normalize(source)
	if text == "" {
		return plain{}
	}
	return plain{Text: text, Value: plainLiteral(text)}
}

func (p plain) Render(context.Context, api.Scope) (api.Rendered, error) {
	return api.Rendered(p), nil
}
