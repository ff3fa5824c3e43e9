package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

const criteriaKey = "ticket_search_criteria"

// fetch is a pipe that searches for tickets.
type fetch struct {
	services []string // ids of what it injects
	articles bool     // it says itself which articles to read
}

// fetch looks at what a pipe searches for.
func (k *checker) fetch(m, raw map[string]any, path params.Path, spec *params.Spec) {
	if spec == nil || spec.Field(criteriaKey) == nil {
		return
	}
	criteria, readable := raw[criteriaKey].(map[string]any)
	fields, fieldsReadable := criteria["fields"].(map[string]any)
	f := fetch{articles: fields["Articles"] != nil || raw[criteriaKey] != nil && !readable || criteria["fields"] != nil && !fieldsReadable}
	injects, _ := m["injects"].(map[string]any)
	for _, key := range sortedKeys(injects) {
		if id, ok := injects[key].(string); ok {
			f.services = append(f.services, id)
		}
	}
	k.fetches = append(k.fetches, f)

	at := path.Key("params").Key(criteriaKey)
	switch {
	case raw[criteriaKey] == nil && !spec.Field(criteriaKey).Required:
		at = path.Key("use")
		fallthrough
	case readable && !namesStates(criteria):
		hint := "write states: [{ name: … }] below " + criteriaKey
		if fields := k.openTickets(f.services); fields != "" {
			hint = "write fields: " + fields + " below " + criteriaKey
		}
		var one source.Reporter
		one.Warn(k.at(at), at, "any-state", hint, "this finds closed and merged tickets, too, because it names no states")
		k.anyState = append(k.anyState, one.List...)
	}
}

// namesStates reports whether criteria say anything of states: in a template, it
// may.
func namesStates(criteria map[string]any) bool {
	switch states := criteria["states"].(type) {
	case nil:
	case []any:
		if len(states) > 0 {
			return true
		}
	default:
		return true
	}
	switch fields := criteria["fields"].(type) {
	case nil:
		return false
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Keys(fields)), func(key string) bool { return strings.HasPrefix(key, "State") })
	default:
		return true
	}
}

// openTickets are the fields by which the first of these services that says so finds
// open tickets only.
func (k *checker) openTickets(services []string) string {
	for _, id := range services {
		if fields := k.services[id].Labels[params.LabelOpenTickets]; fields != "" {
			return fields
		}
	}
	return ""
}

// adviseArticles recommends to read the first article alone where a service can
// do that, a fetch uses it, neither of them says which articles it wants, and no
// template reads the notes.
func (k *checker) adviseArticles() {
	if k.language == nil || readsNotes(k.doc.Orchestrator) {
		return
	}
	for _, s := range k.doc.Services {
		spec := k.services[s.ID].Params
		if spec == nil || s.Params["articles"] != nil {
			continue
		}
		field := spec.Field("articles")
		if field == nil || !slices.Contains(field.Enum, "first") {
			continue
		}
		used := slices.DeleteFunc(slices.Clone(k.fetches), func(f fetch) bool { return !slices.Contains(f.services, s.ID) })
		if len(used) == 0 || slices.ContainsFunc(used, func(f fetch) bool { return f.articles }) {
			continue
		}
		at := servicePath(s).Key("use")
		k.report(source.SeverityAdvice, k.at(at), at, "all-articles",
			"articles: first below params reads the first one alone, which is the body; articles: all keeps it so",
			"every article of a ticket is read, and no template uses notes")
	}
}

// readsNotes reports whether a template names notes.
func readsNotes(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), readsNotes)
	case []any:
		return slices.ContainsFunc(v, readsNotes)
	case string:
		return jinja.HasTemplate(v) && strings.Contains(v, "notes")
	default:
		return false
	}
}
