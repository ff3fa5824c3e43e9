package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Catalog is what the plugins offer.
type Catalog interface {
	Find(use string) (Component, bool)
	Names() []string
	// Missing says why a use is not offered, such as the reason why its plugin was
	// rejected, or "".
	Missing(use string) string
}

// Component is a service or a pipe that a configuration can use.
type Component struct {
	Service bool
	Params  *params.Spec
	// Fits says why a service can't be what need asks for; nil means that it can.
	Fits func(need *params.Spec) error
	// Renderer is true for a service that is an [api.TemplateRenderer].
	Renderer bool
}

// Check holds the document against what c offers: every use, every injection, the
// params of services and pipes down to the last child, and the templates.
func (d *Document) Check(c Catalog) Problems {
	k := &checker{doc: d, catalog: c, found: &findings{}, services: map[string]Component{}}
	for _, s := range d.Services {
		if component, ok := k.component(s.Use, s.Path, true); ok {
			k.services[s.ID] = component
		}
	}
	parse := k.parser()
	for _, s := range d.Services {
		component, ok := k.services[s.ID]
		k.injects(s.Injects, s.Path, component.Params)
		if ok {
			k.params(s.Params, s.Path, component.Params)
		}
		if parse != nil && !component.Renderer {
			k.templates(s.Params, join(s.Path, "params"), parse)
		}
	}
	k.circles()
	if d.Orchestrator != nil {
		k.pipe(d.Orchestrator, "orchestrator")
		if parse != nil {
			k.templates(d.Orchestrator["params"], "orchestrator.params", parse)
		}
	}
	return k.found.sorted(d.secrets)
}

type checker struct {
	doc      *Document
	catalog  Catalog
	found    *findings
	services map[string]Component // by id, those whose use is known
}

func (k *checker) at(path string) Position { return k.doc.atlas.valueAt(path) }

func (k *checker) decoder() decoder { return decoder{found: k.found, atlas: k.doc.atlas} }

// component finds what use names, and reports it when it is not there or of the
// other kind.
func (k *checker) component(use, path string, service bool) (Component, bool) {
	if use == "" {
		return Component{}, false // reported where use was read
	}
	usePath := join(path, "use")
	component, ok := k.catalog.Find(use)
	switch {
	case !ok:
		k.found.err(k.at(usePath), usePath, "unknown-use", k.useHint(use), "no plugin offers %q", use)
		return Component{}, false
	case service && !component.Service:
		k.found.err(k.at(usePath), usePath, "wrong-kind", "use it in the orchestrator", "%q is a pipe, not a service", use)
		return Component{}, false
	case !service && component.Service:
		k.found.err(k.at(usePath), usePath, "wrong-kind", "configure it under services: and name it under injects:", "%q is a service, not a pipe", use)
		return Component{}, false
	}
	return component, true
}

func (k *checker) useHint(use string) string {
	names := slices.Sorted(slices.Values(k.catalog.Names()))
	var hints []string
	if reason := k.catalog.Missing(use); reason != "" {
		hints = append(hints, reason)
	}
	name := use[strings.LastIndexAny(use, ".:")+1:]
	same := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, ":"+name) })
	if near := params.Near(use, names); near != "" {
		hints = append(hints, "did you mean "+near+"?")
	} else if same >= 0 {
		hints = append(hints, "did you mean "+names[same]+"?")
	}
	if len(hints) == 0 {
		return "otai plugin list shows what there is"
	}
	return strings.Join(hints, "; ")
}

// injects holds the given services against what the params struct asks for.
func (k *checker) injects(given map[string]string, path string, spec *params.Spec) {
	base := join(path, "injects")
	needs := map[string]*params.Spec{}
	if spec != nil {
		for _, need := range spec.Injections() {
			needs[need.Name] = need
		}
	}
	for _, name := range sortedKeys(given) {
		id, at := given[name], join(base, name)
		need := needs[name]
		if need == nil && spec != nil {
			hint := "nothing is injected here"
			if len(needs) > 0 {
				hint = keyHint(name, sortedKeys(needs))
			}
			k.found.err(k.doc.atlas.keyAt(at), at, "unknown-injection", hint, "nothing asks for %q", name)
			continue
		}
		if !slices.ContainsFunc(k.doc.Services, func(s Service) bool { return s.ID == id }) {
			k.found.err(k.at(at), at, "unknown-service", k.serviceHint(id, need), "there is no service %q", id)
			continue
		}
		component, known := k.services[id]
		if !known || need == nil || component.Fits == nil {
			continue
		}
		if err := component.Fits(need); err != nil {
			k.found.err(k.at(at), at, "bad-injection", k.fitting(need), "the service %q can't be injected: %v", id, err)
		}
	}
	for _, name := range sortedKeys(needs) {
		if _, ok := given[name]; !ok && !needs[name].Optional {
			at := join(base, name)
			hint := k.fitting(needs[name])
			if hint == "" {
				hint = "configure a service that is a " + needs[name].Interface + " and name it under injects:"
			}
			k.found.err(k.at(at), at, "missing-injection", hint, "a service is needed here")
		}
	}
}

func (k *checker) serviceHint(id string, need *params.Spec) string {
	var ids []string
	for _, s := range k.doc.Services {
		ids = append(ids, s.ID)
	}
	if near := params.Near(id, ids); near != "" {
		return "did you mean " + near + "?"
	}
	if need != nil {
		if hint := k.fitting(need); hint != "" {
			return hint
		}
	}
	if len(ids) == 0 {
		return "there are no services yet: add one under services:"
	}
	return "configured: " + strings.Join(ids, ", ")
}

// fitting names the services that could be injected.
func (k *checker) fitting(need *params.Spec) string {
	var ids []string
	for _, s := range k.doc.Services {
		if component, ok := k.services[s.ID]; ok && component.Fits != nil && component.Fits(need) == nil {
			ids = append(ids, s.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return "write " + need.Name + ": " + strings.Join(ids, " or ")
}

// pipeKeyHints are for keys that other versions and other products have.
var pipeKeyHints = map[string]string{
	"steps":      "there are steps below params: already; move these to them",
	"if":         "use a step of base:ExpressionPipe that calls fail(): it stops the steps after it",
	"when":       "use a step of base:ExpressionPipe that calls fail(): it stops the steps after it",
	"depends_on": "steps run in the order in which they stand",
	"uses":       "write use:",
	"with":       "write params:",
	"pipes":      "write params: with steps: below it",
	"pipelines":  "write params: with steps: below it, or runners: [{on: …, run: …}]",
}

// pipe checks a pipe at its place, and through its params its children.
func (k *checker) pipe(m map[string]any, path string) {
	d := k.decoder()
	for _, key := range sortedKeys(m) {
		if slices.Contains(pipeKeys, key) {
			continue
		}
		hint, strange := pipeKeyHints[key]
		if !strange {
			hint = "what the pipe is given goes below params:"
			if params.Near(key, pipeKeys) != "" {
				hint = keyHint(key, pipeKeys)
			}
		}
		k.found.err(k.doc.atlas.keyAt(join(path, key)), join(path, key), "unknown-key", hint, "unknown key %q", key)
	}
	if id, ok := m["id"]; ok && id != nil {
		if _, isText := id.(string); !isText {
			k.found.err(k.at(join(path, "id")), join(path, "id"), "wrong-type", `write it in quotes: "1"`, "this is %s, the id must be text", describe(id))
		}
	}
	given := d.injects(m["injects"], join(path, "injects"))
	raw := d.mapping(m["params"], join(path, "params"))
	use, isText := m["use"].(string)
	switch {
	case m["use"] == nil || isText && use == "":
		k.found.err(k.at(path), path, "missing-key", "write use: PLUGIN:NAME, or params: with steps: for a row of pipes", "the pipe's use is missing")
		return
	case !isText:
		d.wrongType(join(path, "use"), "text such as base:CompositePipe", m["use"])
		return
	}
	component, ok := k.component(use, path, false)
	k.injects(given, path, component.Params)
	if ok && (raw != nil || m["params"] == nil) {
		k.params(raw, path, component.Params)
	}
}

// params decodes what is known before anything runs. Decoding meets the children.
func (k *checker) params(raw map[string]any, path string, spec *params.Spec) {
	if spec == nil {
		return
	}
	base := join(path, "params")
	k.texts(raw, base, spec)
	ids := map[string]string{}
	_, err := params.Decode(spec, raw, params.Binder{
		Offline: true,
		Child: func(place string, raw any) (api.ChildPipe, error) {
			child := base + "." + place
			m, ok := raw.(map[string]any)
			if !ok {
				k.decoder().wrongType(child, "a pipe, which is a mapping with use and params", raw)
				return api.ChildPipe{}, nil
			}
			if id, ok := m["id"].(string); ok && id != "" && strings.HasSuffix(place, "]") {
				key := place[:strings.LastIndex(place, "[")] + "\x00" + id
				if before, twice := ids[key]; twice {
					k.found.warn(k.at(join(child, "id")), join(child, "id"), "duplicate-id", "rename one of both",
						"the id %q is given twice: the result of %s is lost", id, before)
				}
				ids[key] = child
			}
			k.pipe(m, child)
			return api.ChildPipe{}, nil
		},
	})
	for _, fault := range params.Faults(err) {
		k.fault(fault, base)
	}
}

func (k *checker) fault(fault *api.FieldError, base string) {
	path := base
	if fault.Field != "" {
		path = base + "." + fault.Field
		if strings.HasPrefix(fault.Field, "[") {
			path = base + fault.Field
		}
	}
	message, hint := fault.Err.Error(), ""
	if i := strings.LastIndex(message, " ("); i > 0 && strings.HasSuffix(message, ")") {
		message, hint = message[:i], message[i+2:len(message)-1]
	}
	position := k.at(path)
	code := "bad-param"
	switch {
	case strings.HasPrefix(message, "unknown key"):
		position, code = k.doc.atlas.keyAt(path), "unknown-key"
	case strings.HasPrefix(message, "is required"):
		code = "missing-param"
	}
	k.found.err(position, path, code, hint, "%s", message)
}

// texts reports numbers that stand where text is wanted and are other text than
// what was written: 0123 is 83. It also learns the secrets.
func (k *checker) texts(v any, path string, spec *params.Spec) {
	if spec == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			inner := spec.Elem
			if field := spec.Field(key); field != nil {
				inner = field
			}
			k.texts(v[key], join(path, key), inner)
		}
	case []any:
		for i, item := range v {
			k.texts(item, at(path, i), spec.Elem)
		}
	case string:
		if spec.Secret && !jinja.HasTemplate(v) {
			k.doc.secrets.add(v)
		}
	case int64:
		k.number(strconv.FormatInt(v, 10), path, spec)
	case float64:
		k.number(strconv.FormatFloat(v, 'f', -1, 64), path, spec)
	}
}

func (k *checker) number(text, path string, spec *params.Spec) {
	written := k.doc.atlas.places[path].text
	if written == "" || spec.Kind != params.KindString {
		return
	}
	if spec.Secret {
		k.doc.secrets.add(text)
		k.doc.secrets.add(written)
	}
	if written != text {
		k.found.err(k.at(path), path, "number-as-text", "write it in quotes", "text is wanted here, and YAML reads this number otherwise than it is written")
	}
}

// parser returns nil when the templates are in another language than ours.
func (k *checker) parser() func(string) error {
	var renderers []Service
	for _, s := range k.doc.Services {
		if k.services[s.ID].Renderer {
			renderers = append(renderers, s)
		}
	}
	for _, s := range renderers[min(1, len(renderers)):] {
		k.found.err(k.at(s.Path), s.Path, "second-renderer", "keep one of both", "this is a second template renderer beside %s", renderers[0].Path)
	}
	if len(renderers) > 0 && renderers[0].Use != DefaultRenderer {
		return nil
	}
	language := jinja.New(jinja.Options{Env: k.doc.Lookup})
	return func(source string) error {
		_, err := language.Parse(source)
		return err
	}
}

func (k *checker) templates(v any, path string, parse func(string) error) {
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			k.templates(v[key], join(path, key), parse)
		}
	case []any:
		for i, item := range v {
			k.templates(item, at(path, i), parse)
		}
	case string:
		if !jinja.HasTemplate(v) {
			return
		}
		err := parse(v)
		if err == nil {
			return
		}
		position, message := k.at(path), err.Error()
		var fault *api.TemplateError
		if errors.As(err, &fault) {
			position = k.doc.LocateTemplate(path, fault)
			if fault.Err != nil {
				message = fault.Err.Error()
			}
		}
		k.found.err(position, path, "template-syntax", "", "the template has a mistake: %s", message)
	}
}

// asks reports whether the service's params struct has that injection.
func (k *checker) asks(id, name string) bool {
	spec := k.services[id].Params
	return spec != nil && slices.ContainsFunc(spec.Injections(), func(need *params.Spec) bool { return need.Name == name })
}

// circles reports services that need each other, which can't be built.
func (k *checker) circles() {
	injects := map[string]Service{}
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
				path := join(join(s.Path, "injects"), name)
				k.found.err(k.at(path), path, "circular-injection", "remove one of the injections", "the services %s and %s need each other in a circle", id, next)
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
