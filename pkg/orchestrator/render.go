package orchestrator

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// texts renders the texts of one component's params. It keeps what the renderer
// parsed, so that a renderer of any plugin parses each text once.
type texts struct {
	renderer api.TemplateRenderer
	parsed   map[string]api.Template
}

func newTexts(r api.TemplateRenderer) *texts {
	return &texts{renderer: r, parsed: make(map[string]api.Template)}
}

func (t *texts) parse(source string) (api.Template, error) {
	if template, ok := t.parsed[source]; ok {
		return template, nil
	}
	template, err := t.renderer.Parse(source)
	if err != nil {
		return nil, err
	}
	t.parsed[source] = template
	return template, nil
}

// rendering returns the function by which params.Render renders in scope.
func (t *texts) rendering(ctx context.Context, scope api.Scope) func(source string, wantText bool) (any, error) {
	return func(source string, wantText bool) (any, error) {
		template, err := t.parse(source)
		if err != nil {
			return nil, err
		}
		rendered, err := template.Render(ctx, scope)
		if err != nil {
			return nil, err
		}
		if wantText {
			return rendered.Text, nil
		}
		return rendered.Value, nil
	}
}
