package eval

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
	"github.com/open-ticket-ai/otai/internal/jinja/position"
	"github.com/open-ticket-ai/otai/internal/jinja/runtime"
	"github.com/open-ticket-ai/otai/internal/jinja/syntax"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Environment is what all templates of a renderer share.
type Environment struct {
	Library   *runtime.Library
	Variables map[string]any
	Limits    budget.Limits
}

// Template is a compiled source in its environment. It is never changed after it was
// made.
type Template struct {
	Parsed      syntax.Template
	Environment *Environment
}

// Branches are the branches that were chosen beforehand, by node.
type Branches map[any]int

// Compile parses a normalized source.
func Compile(source string, in *Environment) (*Template, error) {
	parsed, err := syntax.Parse(source, in.Library)
	if err != nil {
		return nil, position.Locate(source, err)
	}
	return &Template{parsed, in}, nil
}

// Render evaluates the template. An error is an [api.TemplateError]; one that
// wraps an [api.FailError] says that the template called fail().
func (t *Template) Render(ctx context.Context, scope api.Scope) (api.Rendered, error) {
	return t.RenderChosen(ctx, scope, nil)
}

// RenderChosen renders the branches that were chosen, instead of asking their
// conditions.
func (t *Template) RenderChosen(ctx context.Context, scope api.Scope, chosen Branches) (api.Rendered, error) {
	return t.render(ctx, scope, chosen, false)
}

// RenderValue is Render without the text of the value, which for a hundred tickets is long.
func (t *Template) RenderValue(ctx context.Context, scope api.Scope) (any, error) {
	out, err := t.render(ctx, scope, nil, true)
	return out.Value, err
}

func (t *Template) render(ctx context.Context, scope api.Scope, chosen Branches, valueOnly bool) (api.Rendered, error) {
	r := newRun(ctx, t.Environment, scope)
	r.chosen, r.valueOnly = chosen, valueOnly
	r.Mutable, r.piped, r.blocks = t.Parsed.Mutates, t.Parsed.ReadsPipeline, t.Parsed.Blocks
	err := r.CheckTime()
	if err == nil {
		err = r.exec(t.Parsed.Body)
	}
	if err == nil {
		var out api.Rendered
		if out, err = r.rendered(); err == nil {
			return out, nil
		}
		err = r.last.Wrap(err)
	}
	return api.Rendered{}, position.Locate(t.Parsed.Source, err)
}
