package diagnose

import (
	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/flow"
	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/jinja"
)

// analysis looks at a prepared configuration.
type analysis struct{ *app.Setup }

// pipes returns all pipes of the configuration, each before those in it.
func (a analysis) pipes() []*flow.Pipe { return flow.Pipes(a.Document.Orchestrator) }

// language returns the template language, if it is the usual one.
func (a analysis) language() *jinja.Renderer {
	for _, s := range a.Document.Services {
		if s.Use == base.RendererUse {
			continue
		}
		if component, ok := a.Catalog.Find(s.Use); ok && component.Renderer {
			return nil
		}
	}
	return jinja.New(jinja.Options{Env: a.Redactor.Env(a.Document.Lookup)})
}
