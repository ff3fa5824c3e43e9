package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// injects compares the given services with what the params struct asks for.
func (k *checker) injects(given map[string]string, path params.Path, component catalog.Component) {
	base := path.Key("injects")
	known := component.Params != nil
	needs := map[string]*params.Spec{}
	if known {
		for _, need := range component.Params.Injections() {
			needs[need.Name] = need
		}
	}
	misspelled := map[string]bool{} // needs that are there under another name
	var missing []string
	for _, name := range sortedKeys(needs) {
		if _, ok := given[name]; !ok && !needs[name].Optional {
			missing = append(missing, name)
		}
	}
	for _, name := range sortedKeys(given) {
		id, at := given[name], base.Key(name)
		if id == "" {
			continue // what stands there is reported as no id
		}
		need := needs[name]
		if need == nil && known {
			hint := "nothing is injected here"
			if len(needs) > 0 {
				hint = vocabulary.KeyHint(name, sortedKeys(needs), anyMap(given))
				near := params.Near(name, vocabulary.Free(sortedKeys(needs), anyMap(given)))
				if near == "" && len(missing) == 1 {
					near = missing[0] // what else can it be
					hint = "did you mean " + near + "?"
				}
				misspelled[near] = true
			}
			k.reportError(k.keyAt(at), at, "unknown-injection", hint, "nothing asks for %q", name)
			continue
		}
		if !slices.ContainsFunc(k.doc.Services, func(s config.Service) bool { return s.ID == id }) {
			if k.reading.LostService {
				continue
			}
			k.reportError(k.at(at), at, "unknown-service", k.serviceHint(id, need, component), "there is no service %q", id)
			k.names.noteMissing("service", id, k.lastReport(), k.fittingServices(need, component))
			continue
		}
		k.names.noteFound("service", id)
		service, ok := k.services[id]
		if ok && need != nil && !service.Fits(component.Needs[name]) {
			k.reportError(k.at(at), at, "bad-injection", k.fitting(need, component), "the service %q can't be injected: it is not %s", id, params.ServiceWords(need.Interface))
		} else if ok && need != nil {
			k.pastTheGate(name, component.Needs[name], id, at)
		}
	}
	for _, name := range missing {
		if !misspelled[name] {
			at := base.Key(name)
			hint := k.fitting(needs[name], component)
			if hint == "" {
				hint = "configure " + params.ServiceWords(needs[name].Interface) + " below services: and name it under injects:"
			}
			k.reportError(k.at(at), at, "missing-injection", hint, "a service is needed here")
		}
	}
}

func (k *checker) serviceHint(id string, need *params.Spec, component catalog.Component) string {
	var ids []string
	for _, s := range k.doc.Services {
		ids = append(ids, s.ID)
	}
	fitting := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		service, known := k.services[id]
		return need != nil && known && !service.Fits(component.Needs[need.Name])
	})
	if near := params.Near(id, fitting); near != "" {
		return "did you mean " + near + "?"
	}
	if need != nil {
		if hint := k.fitting(need, component); hint != "" {
			return hint
		}
	}
	if len(ids) == 0 {
		return "there are no services yet: add one under services:"
	}
	return "configured: " + strings.Join(ids, ", ")
}

// fittingServices are the ids of all that could be injected.
func (k *checker) fittingServices(need *params.Spec, component catalog.Component) []string {
	ids := []string{}
	for _, s := range k.doc.Services {
		if service, ok := k.services[s.ID]; ok && need != nil && service.Fits(component.Needs[need.Name]) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// fitting says to write one of the services that could be injected.
func (k *checker) fitting(need *params.Spec, component catalog.Component) string {
	return writeForm(k.fittingForm(need, component))
}

// fittingForm names the services that could be injected, as in "desk: otobo or znuny".
func (k *checker) fittingForm(need *params.Spec, component catalog.Component) string {
	ids := k.fittingServices(need, component)
	for _, s := range k.doc.Services {
		if _, known := k.services[s.ID]; len(ids) == 0 && !known && s.Use != "" {
			return need.Name + ": " + s.ID // whose use is not known, and perhaps this
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return need.Name + ": " + strings.Join(ids, " or ")
}

// injectsShape says how to write the injections that stand there in another form.
func (k *checker) injectsShape(given any, path params.Path, component catalog.Component) {
	at := path.Key("injects")
	hint := "write injects: {NAME: SERVICE}"
	if component.Params != nil {
		for _, need := range component.Params.Injections() {
			if form := k.fittingForm(need, component); form != "" {
				hint = "write injects: {" + form + "}"
			}
		}
	}
	k.reportError(k.at(at), at, "wrong-type", hint, "this is %s, it must be a mapping", config.Describe(given))
}

// asks reports whether the service's params struct has that injection.
func (k *checker) asks(id, name string) bool {
	spec := k.services[id].Params
	return spec != nil && slices.ContainsFunc(spec.Injections(), func(need *params.Spec) bool { return need.Name == name })
}

// circles reports services that need each other, which can't be built.
func (k *checker) circles() {
	injects := map[string]config.Service{}
	for _, s := range k.doc.Services {
		injects[s.ID] = s
	}
	state := map[string]int{} // 1: on the way, 2: done
	var visit func(id string)
	visit = func(id string) {
		state[id] = 1
		s := injects[id]
		for _, name := range sortedKeys(s.Injects) {
			next := s.Injects[name]
			if _, known := injects[next]; !known || state[next] == 2 || !k.asks(id, name) {
				continue
			}
			if state[next] == 1 {
				path := servicePath(s).Key("injects").Key(name)
				k.reportError(k.at(path), path, "circular-injection", "remove one of the injections", "the services %s and %s need each other in a circle", id, next)
				continue
			}
			visit(next)
		}
		state[id] = 2
	}
	for _, s := range k.doc.Services {
		if state[s.ID] == 0 {
			visit(s.ID)
		}
	}
}

// misplacedInjections takes the services that stand among the params, or beside them,
// to the injections.
func (k *checker) misplacedInjections(m, raw map[string]any, injects map[string]string, path params.Path, spec *params.Spec) (map[string]any, map[string]string, []string) {
	if spec == nil {
		return raw, injects, nil
	}
	raw, injects = k.injectsInParams(raw, injects, path, spec)
	var taken []string
	for _, need := range spec.Injections() {
		if _, given := injects[need.Name]; given || spec.Field(need.Name) != nil {
			continue
		}
		for _, place := range []struct {
			in   map[string]any
			path params.Path
		}{{raw, path.Key("params")}, {m, path}} {
			id, isText := place.in[need.Name].(string)
			if !isText {
				continue
			}
			at := place.path.Key(need.Name)
			k.reportError(k.keyAt(at), at, "unknown-key", fmt.Sprintf("write it below injects: injects: {%s: %s}", need.Name, id), "%s is a service, not a param", need.Name)
			if place.path.Equal(path) {
				taken = append(taken, need.Name)
			} else {
				raw = without(raw, []string{need.Name})
			}
			injects = maps.Clone(injects)
			injects[need.Name] = id
			k.move(path.Key("injects").Key(need.Name), at)
			break
		}
	}
	return raw, injects, taken
}

// injectsInParams takes injects out of the params, in which it was written.
func (k *checker) injectsInParams(raw map[string]any, injects map[string]string, path params.Path, spec *params.Spec) (map[string]any, map[string]string) {
	below, isMapping := raw["injects"].(map[string]any)
	if !isMapping || spec.Field("injects") != nil || len(spec.Injections()) == 0 {
		return raw, injects
	}
	from, to := path.Key("params").Key("injects"), path.Key("injects")
	k.reportError(k.keyAt(from), from, "unknown-key", "indent it less: it belongs beside params:", "injects stands in params")
	all := k.serviceIDs(below, from)
	for name, id := range injects {
		all[name] = id
	}
	for name := range below {
		if _, given := injects[name]; !given {
			k.move(to.Key(name), from.Key(name))
		}
	}
	return without(raw, []string{"injects"}), all
}

func anyMap(m map[string]string) map[string]any {
	out := make(map[string]any, len(m))
	for key, v := range m {
		out[key] = v
	}
	return out
}
