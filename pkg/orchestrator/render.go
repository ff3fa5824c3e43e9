package orchestrator

import (
	"context"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// texts renders the texts of one component's params. It keeps what the renderer
// parsed, so that a renderer of any plugin parses each text once.
type texts struct {
	renderer api.TemplateRenderer
	foreign  bool // it is a plugin's

	mu     sync.RWMutex
	parsed map[string]api.Template
}

// valuer is optional on an [api.Template]: it spares the text where only the value counts.
type valuer interface {
	RenderValue(ctx context.Context, scope api.Scope) (any, error)
}

func (e *Engine) newTexts() *texts {
	return &texts{renderer: e.renderer, foreign: e.rendererOf != nil, parsed: make(map[string]api.Template)}
}

// rendering runs f, which renders texts, so that code of a plugin's renderer does no harm.
func (e *Engine) rendering(f func() error) error {
	if e.rendererOf == nil {
		return f()
	}
	return e.rendererOf.guard(f)
}

func (t *texts) parse(source string) (api.Template, error) {
	t.mu.RLock()
	template, ok := t.parsed[source]
	t.mu.RUnlock()
	if ok {
		return template, nil
	}
	template, err := t.renderer.Parse(source)
	if err != nil {
		return nil, freeze.Error(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
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
		value, err := render(ctx, template, scope, wantText)
		if err != nil {
			return nil, freeze.Error(err)
		}
		if _, isText := value.(string); t.foreign && !isText {
			return params.PlainCopy(value)
		}
		return value, nil
	}
}

func render(ctx context.Context, template api.Template, scope api.Scope, wantText bool) (any, error) {
	if v, ok := template.(valuer); ok && !wantText {
		return v.RenderValue(ctx, scope)
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

// params renders the params of n in scope and decodes them for its pipe.
func (n *node) params(ctx context.Context, scope api.Scope) (any, error) {
	var rendered map[string]any
	err := n.engine.rendering(func() (err error) {
		rendered, err = params.Render(n.spec, n.raw, n.texts.rendering(ctx, scope.Enter(nil)))
		return err
	})
	if err != nil {
		return nil, n.runParamsError(err)
	}
	if n.secret { // a template may have made another text of it
		n.engine.redactSecrets(n.spec, rendered)
	}
	p, err := params.Decode(n.spec, rendered, n.binder)
	if err != nil {
		return nil, n.runParamsError(err)
	}
	return p, nil
}
