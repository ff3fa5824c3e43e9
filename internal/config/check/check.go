package check

import (
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Check compares the document with what c offers: every use, every injection, the
// params of services and pipes down to the last child, the templates, and the names in
// them.
func Check(doc *config.Document, c catalog.Catalog) source.Diagnostics {
	k := newChecker(doc, c)
	for _, s := range doc.Services {
		if component, ok := k.component(s.Use, servicePath(s), true); ok {
			k.services[s.ID] = component
		}
	}
	k.language = k.templateLanguage()
	for _, s := range doc.Services {
		k.service(s)
	}
	k.circles()
	if doc.Orchestrator != nil {
		k.steps = stepPaths(doc.Orchestrator["params"], params.Keys("orchestrator", "params"), map[string]params.Path{})
		k.pipe(doc.Orchestrator, params.Keys("orchestrator"), scope{})
	}
	k.askPlugins()
	k.shortVariables()
	k.renames()
	if !k.reading.HasErrors && !k.diags.List.HasErrors() {
		k.advise()
	}
	k.showWritten()
	return doc.Masked(config.Explain(k.diags.List, k.reading.Suspects))
}

// checker goes through one document.
type checker struct {
	doc      *config.Document
	reading  config.Reading
	catalog  catalog.Catalog
	diags    *source.Reporter
	services map[string]catalog.Component // by id, those whose use is known
	language *jinja.Renderer              // nil: templates are in another language than ours

	moved      map[string]params.Path // where the values are written that are treated as if they stood at these paths
	unknown    map[string]bool        // paths of values that are not known
	incomplete map[string]bool        // paths of mappings of which a part was left out, as it is reported

	steps     map[string]params.Path // of each step with an id
	reads     map[string]bool        // parent params that templates ask for
	names     references
	fetches   []fetch
	anyState  source.Diagnostics // of the fetches, reported where nothing is wrong
	questions []pluginQuestion
}

func newChecker(doc *config.Document, c catalog.Catalog) *checker {
	k := &checker{
		doc: doc, reading: doc.Reading(), catalog: c, diags: &source.Reporter{}, services: map[string]catalog.Component{},
		moved: map[string]params.Path{}, unknown: map[string]bool{}, incomplete: map[string]bool{},
		names: newReferences(),
	}
	for _, path := range k.reading.Unknown {
		k.unknown[path.String()] = true
	}
	return k
}

// servicePath leads to a service in the document.
func servicePath(s config.Service) params.Path { return params.Keys("services", s.ID) }

// service checks one service.
func (k *checker) service(s config.Service) {
	component, known := k.services[s.ID]
	path, stray := servicePath(s), k.reading.StrayKeys[s.ID]
	covered := coveredBy(sortedKeys(stray), component.Params)
	given, injects, _ := k.misplacedInjections(nil, s.Params, s.Injects, path, component.Params)
	given, _ = k.paramsBeside(stray, given, path, vocabulary.ServiceKeys, component.Params) // reported by reading
	if !covered.injects {
		k.injects(injects, path, component)
	}
	if known {
		k.bounds(s, component)
	}
	if known && !k.reading.BadParams[s.ID] {
		given = k.params(given, path, s.Use, component, scope{}, covered)
	}
	if !component.Renderer {
		k.templates(given, path.Key("params"), component.Params, scope{})
	}
}

// advise says what could be better in a document that is right.
func (k *checker) advise() {
	k.diags.List = append(k.diags.List, k.anyState...)
	k.polls()
	k.runs()
	k.adviseArticles()
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
