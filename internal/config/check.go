package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

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

// Component is a service or a pipe that a configuration can use. It is plain data,
// because the plugin that offers it may never be opened in this process.
type Component struct {
	Service  bool
	Doc      string
	Labels   map[string]string
	Params   *params.Spec        // one that can decode
	Methods  []string            // of a service
	Needs    map[string][]string // methods that a service must have to be injected, by the injection's name
	Renderer bool                // the service is an [api.TemplateRenderer]
	// Yields are the keys of a pipe's result, and nil where it doesn't say.
	Yields []string
	// YieldKinds are the kinds of values that these keys have, as far as it says so:
	// text, number, fraction (a number from 0 to 1) or bool.
	YieldKinds map[string]string
}

// fits reports whether the service can be injected as need.
func (c Component) fits(need []string) bool {
	return c.Service && !slices.ContainsFunc(need, func(method string) bool { return !slices.Contains(c.Methods, method) })
}

// ParamsChecker is a [Catalog] that asks plugins what only their own code knows
// about params: the answer has a list of faults for each question.
type ParamsChecker interface {
	CheckParams(questions []ParamsQuestion) [][]*api.FieldError
}

// ParamsQuestion is about the params of one component.
type ParamsQuestion struct {
	Use    string
	Params map[string]any
}

// Check holds the document against what c offers: every use, every injection, the
// params of services and pipes down to the last child, the templates, and the
// names in them.
func (d *Document) Check(c Catalog) Diagnostics {
	k := &checker{doc: d, catalog: c, diags: &Reporter{}, services: map[string]Component{}, partly: map[string]bool{}}
	for _, s := range d.Services {
		if component, ok := k.component(s.Use, s.Path, true); ok {
			k.services[s.ID] = component
		}
	}
	k.language = k.templateLanguage()
	for _, s := range d.Services {
		component, ok := k.services[s.ID]
		excused := excuse(sortedKeys(d.stray[s.ID]), component.Params)
		given, injects, _ := k.strayInjections(nil, s.Params, s.Injects, s.Path, component.Params)
		given, _ = k.beside(d.stray[s.ID], given, s.Path, serviceKeys, component.Params) // reported by decoding
		if !excused.injects {
			k.injects(injects, s.Path, component)
		}
		if ok && !d.noParams[s.ID] {
			given = k.params(given, s.Path, s.Use, component, scope{}, excused)
		}
		if !component.Renderer {
			k.templates(given, join(s.Path, "params"), component.Params, scope{})
		}
	}
	k.circles()
	if d.Orchestrator != nil {
		k.steps = stepPaths(d.Orchestrator["params"], "orchestrator.params", map[string]string{})
		k.pipe(d.Orchestrator, "orchestrator", scope{})
	}
	k.askPlugins()
	k.shortVariables()
	k.renames()
	if !d.wrong && !k.diags.List.HasErrors() { // advice about what runs
		k.diags.List = append(k.diags.List, k.anyState...)
		k.polls()
		k.adviseArticles()
	}
	for i := range k.diags.List {
		k.diags.List[i].Path = d.atlas.written(k.diags.List[i].Path)
	}
	k.diags.List = causes(k.diags.List, d.odd)
	for _, path := range sortedKeys(d.odd) {
		k.diags.List = append(k.diags.List, d.odd[path])
	}
	return k.diags.Sorted(d.secrets)
}

type checker struct {
	doc      *Document
	catalog  Catalog
	diags    *Reporter
	services map[string]Component // by id, those whose use is known
	language *jinja.Renderer      // nil: templates are in another language than ours
	steps    map[string]string    // path of each step with an id
	reads    map[string]bool      // parent params that templates ask for
	partly   map[string]bool      // paths of mappings of which a part was left out, as it is reported
	fetches  []fetch
	anyState Diagnostics // of the fetches, told where nothing is wrong

	lost  map[lost]Diagnostics // what is referred to and is not there
	meant map[lost][]string    // what all that refer to it could mean
	seen  map[lost]bool        // what is referred to and is there
	twice []twice
	// nameless are the paths of steps whose id is left empty.
	nameless []string

	questions []ParamsQuestion
	asked     []asked
}

func (k *checker) at(path string) Position { return k.doc.atlas.valueAt(path) }

func (k *checker) decoder() decoder { return decoder{diags: k.diags, atlas: k.doc.atlas} }

// component finds what use names, and reports it when it is not there or of the
// other kind.
func (k *checker) component(use, path string, service bool) (Component, bool) {
	if use == "" {
		return Component{}, false // reported where use was read
	}
	usePath := join(path, "use")
	component, ok := k.catalog.Find(use)
	switch {
	case !ok && k.doubtfulUse(use):
		return Component{}, false
	case !ok:
		k.diags.ReportError(k.at(usePath), usePath, "unknown-use", k.useHint(use, service), "no plugin offers %q", use)
		return Component{}, false
	case service && !component.Service:
		k.diags.ReportError(k.at(usePath), usePath, "wrong-kind", "use it in the orchestrator", "%q is a pipe, not a service", use)
		return Component{}, false
	case !service && component.Service:
		k.diags.ReportError(k.at(usePath), usePath, "wrong-kind", k.pipeFor(component), "%q is a service, not a pipe", use)
		return Component{}, false
	}
	return component, true
}

// pipeFor tells which pipes use such a service, for one that stands where a pipe is
// wanted.
func (k *checker) pipeFor(service Component) string {
	const otherwise = "configure it under services: and name it under injects:"
	pipes := map[string][]string{} // by the name of the injection
	for _, name := range slices.Sorted(slices.Values(k.catalog.Names())) {
		pipe, ok := k.catalog.Find(name)
		if !ok || pipe.Service || pipe.Params == nil {
			continue
		}
		for _, need := range pipe.Params.Injections() {
			if service.fits(pipe.Needs[need.Name]) {
				pipes[need.Name] = append(pipes[need.Name], name)
			}
		}
	}
	var forms []string
	for _, need := range sortedKeys(pipes) {
		forms = append(forms, "use: "+strings.Join(pipes[need], " or ")+" with injects: {"+need+": ID}")
	}
	if len(forms) == 0 {
		return otherwise
	}
	return otherwise + "; here write " + strings.Join(forms, ", or ")
}

// useHint recommends what can stand there: services or pipes.
func (k *checker) useHint(use string, service bool) string {
	if hint, ok := retiredUses[use]; ok {
		return hint
	}
	var names, others []string
	for _, name := range slices.Sorted(slices.Values(k.catalog.Names())) {
		if component, ok := k.catalog.Find(name); ok && component.Service == service {
			names = append(names, name)
		} else {
			others = append(others, name)
		}
	}
	var hints []string
	if reason := k.catalog.Missing(use); reason != "" {
		hints = append(hints, reason)
	}
	name := use[strings.LastIndexAny(use, ".:")+1:]
	same := slices.IndexFunc(names, func(n string) bool { return strings.HasSuffix(n, ":"+name) })
	shorter := slices.IndexFunc(names, func(n string) bool { return len(use) > len(n)/2 && leftOut(use, n) })
	if near := params.Near(use, names); near != "" {
		hints = append(hints, "did you mean "+near+"?")
	} else if found := max(same, shorter); found >= 0 {
		hints = append(hints, "did you mean "+names[found]+"?")
	} else if near := params.Near(use, others); near != "" && len(hints) == 0 {
		if service {
			return near + " is a pipe: use it in the orchestrator"
		}
		return near + " is a service: configure it under services: and name it under injects:"
	}
	if prefix, _, found := strings.Cut(use, ":"); found && len(hints) == 0 {
		if same := slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix+":") }); len(same) > 0 {
			return "possible: " + strings.Join(same, ", ")
		}
	}
	if len(hints) == 0 {
		return "otai plugin list shows what there is"
	}
	return strings.Join(hints, "; ")
}

// leftOut is true where short is name with some letters left out.
func leftOut(short, name string) bool {
	for _, r := range short {
		i := strings.IndexRune(name, r)
		if i < 0 {
			return false
		}
		name = name[i+utf8.RuneLen(r):]
	}
	return true
}

// injects holds the given services against what the params struct asks for.
func (k *checker) injects(given map[string]string, path string, component Component) {
	base := join(path, "injects")
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
		id, at := given[name], join(base, name)
		if id == "" {
			continue // what stands there is reported as no id
		}
		need := needs[name]
		if need == nil && known {
			hint := "nothing is injected here"
			if len(needs) > 0 {
				hint = keyHint(name, sortedKeys(needs), anyMap(given))
				near := params.Near(name, free(sortedKeys(needs), anyMap(given)))
				if near == "" && len(missing) == 1 {
					near = missing[0] // what else can it be
					hint = "did you mean " + near + "?"
				}
				misspelled[near] = true
			}
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-injection", hint, "nothing asks for %q", name)
			continue
		}
		if !slices.ContainsFunc(k.doc.Services, func(s Service) bool { return s.ID == id }) {
			if k.doc.unnamed {
				continue
			}
			k.diags.ReportError(k.at(at), at, "unknown-service", k.serviceHint(id, need, component), "there is no service %q", id)
			k.lose("service", id, k.fittingServices(need, component))
			continue
		}
		k.met("service", id)
		service, ok := k.services[id]
		if ok && need != nil && !service.fits(component.Needs[name]) {
			k.diags.ReportError(k.at(at), at, "bad-injection", k.fitting(need, component), "the service %q can't be injected: it is not %s", id, params.ServiceWords(need.Interface))
		}
	}
	for _, name := range missing {
		if !misspelled[name] {
			at := join(base, name)
			hint := k.fitting(needs[name], component)
			if hint == "" {
				hint = "configure " + params.ServiceWords(needs[name].Interface) + " below services: and name it under injects:"
			}
			k.diags.ReportError(k.at(at), at, "missing-injection", hint, "a service is needed here")
		}
	}
}

func (k *checker) serviceHint(id string, need *params.Spec, component Component) string {
	var ids []string
	for _, s := range k.doc.Services {
		ids = append(ids, s.ID)
	}
	fitting := slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		service, known := k.services[id]
		return need != nil && known && !service.fits(component.Needs[need.Name])
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
func (k *checker) fittingServices(need *params.Spec, component Component) []string {
	ids := []string{}
	for _, s := range k.doc.Services {
		if service, ok := k.services[s.ID]; ok && need != nil && service.fits(component.Needs[need.Name]) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// fitting names the services that could be injected.
func (k *checker) fitting(need *params.Spec, component Component) string {
	ids := k.fittingServices(need, component)
	for _, s := range k.doc.Services {
		if _, known := k.services[s.ID]; len(ids) == 0 && !known && s.Use != "" {
			return "write " + need.Name + ": " + s.ID // whose use is not known, and perhaps this
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
	"name":       "write id:",
	"type":       "write use:",
	"args":       "write params:",
	"config":     "write params:",
	"options":    "write params:",
	"settings":   "write params:",

	"services":       "write it at the top, beside orchestrator:",
	"plugins":        "write it at the top, beside orchestrator:",
	"infrastructure": "write it at the top, beside orchestrator:",
}

// excused are required things that are not reported as missing, because a key that
// is reported already was meant to be them.
type excused struct {
	injects, params bool
	fields          map[string]bool
}

// any is true where params are known not to be whole.
func (e excused) any() bool {
	return e.params || slices.Contains(slices.Collect(maps.Values(e.fields)), true)
}

// excuse takes the keys of a pipe or a service that mean nothing.
func excuse(strange []string, spec *params.Spec) excused {
	out := excused{fields: map[string]bool{}}
	for _, key := range strange {
		out.fields[key] = spec != nil && spec.Field(key) != nil
		switch near := params.Near(key, pipeKeys); {
		case near == "injects":
			out.injects = true
		case near == "params" || pipeKeyHints[key] == "write params:":
			out.params = true
		}
	}
	return out
}

// pipe checks a pipe at its place, and through its params its children.
func (k *checker) pipe(m map[string]any, path string, around scope) {
	d := k.decoder()
	use, isText := m["use"].(string)
	if isText && !strings.Contains(use, ":") && strings.Contains(use, ".") {
		// None of its other keys would be right either.
		k.diags.ReportError(k.at(join(path, "use")), join(path, "use"), "unknown-use",
			"write use: PLUGIN:NAME, services below injects: and all else below params:; "+k.useHint(use, false), "%q is the form of a version that never ran", use)
		k.templates(m["params"], join(path, "params"), nil, around)
		return
	}
	spec := (*params.Spec)(nil)
	if component, ok := k.catalog.Find(use); ok {
		spec = component.Params
	}
	raw := d.mapping(m["params"], join(path, "params"))
	raw, moved := k.beside(m, raw, path, append(slices.Clone(pipeKeys), "steps"), spec)
	given, injectsRight := m["injects"].(map[string]any)
	var services map[string]string
	if injectsRight || m["injects"] == nil {
		services = d.injects(given, join(path, "injects"))
		var stray []string
		raw, services, stray = k.strayInjections(m, raw, services, path, spec)
		if len(stray) > 0 {
			m = without(m, stray)
		}
	}
	strange := k.pipeKeys(m, path, moved)
	if id, ok := m["id"]; ok && id != nil {
		if _, isText := id.(string); !isText {
			k.diags.ReportError(k.at(join(path, "id")), join(path, "id"), "wrong-type", fmt.Sprintf("write it in quotes: %q", cmp.Or(k.id(m, path), "NAME")), "this is %s, the id must be text", describe(id))
		}
	}
	switch {
	case m["use"] == nil || isText && use == "":
		k.diags.ReportError(k.doc.atlas.useAt(path), path, "missing-key", "write use: PLUGIN:NAME, or params: with steps: for a row of pipes", "the pipe's use is missing")
	case !isText:
		d.wrongType(join(path, "use"), "text such as base:CompositePipe", m["use"])
	}
	component, ok := Component{}, false
	if isText {
		component, ok = k.component(use, path, false)
	}
	excused := excuse(strange, component.Params)
	switch {
	case !injectsRight && m["injects"] != nil:
		k.injectsShape(m["injects"], path, component)
	case !excused.injects:
		k.injects(services, path, component)
	}
	switch {
	case !ok:
		k.childrenOf(raw, path, around)
	case raw != nil || m["params"] == nil:
		raw = k.params(raw, path, use, component, around, excused)
		if component.Params != nil {
			k.fieldNames(raw, join(path, "params"), component.Params, services)
		}
		k.fetch(m, raw, path, component.Params)
	}
	if raw == nil {
		k.templates(m["params"], join(path, "params"), component.Params, around)
	} else {
		k.templates(raw, join(path, "params"), component.Params, around)
	}
}

// injectsShape says how to write the injections that stand there in another form.
func (k *checker) injectsShape(given any, path string, component Component) {
	at := join(path, "injects")
	hint := "write injects: {NAME: SERVICE}"
	if component.Params != nil {
		for _, need := range component.Params.Injections() {
			if fitting := k.fitting(need, component); fitting != "" {
				hint = "write injects: {" + strings.TrimPrefix(fitting, "write ") + "}"
			}
		}
	}
	k.diags.ReportError(k.at(at), at, "wrong-type", hint, "this is %s, it must be a mapping", describe(given))
}

// childrenOf checks the pipes in a pipe whose use nobody knows, where pipes stand
// in most.
func (k *checker) childrenOf(raw map[string]any, path string, around scope) {
	around.pipe, around.open = true, true
	base := join(path, "params")
	steps, _ := raw["steps"].([]any)
	for i, step := range steps {
		if m, ok := step.(map[string]any); ok {
			k.pipe(m, at(base+".steps", i), around)
		}
	}
	for _, key := range []string{"on", "run"} {
		if m, ok := raw[key].(map[string]any); ok {
			if key == "on" {
				m = k.trigger(m, join(base, key))
			}
			k.pipe(m, join(base, key), around)
		}
	}
}

// pipeKeys reports the keys that mean nothing in a pipe, and returns them.
//
// moved are params that stand beside params:, in the order of the file.
func (k *checker) pipeKeys(m map[string]any, path string, moved []string) []string {
	strange := slices.DeleteFunc(strangeKeys(m, pipeKeys), func(key string) bool { return slices.Contains(moved, key) })
	for _, key := range strange {
		k.diags.ReportError(k.doc.atlas.keyAt(join(path, key)), join(path, key), "unknown-key", pipeKeyHint(key, m), "unknown key %q", key)
	}
	if len(moved) > 0 {
		at := join(path, moved[0])
		k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", belowParams(moved), "unknown key %q", moved[0])
	}
	return strange
}

func pipeKeyHint(key string, given map[string]any) string {
	if hint, ok := pipeKeyHints[key]; ok {
		name := strings.TrimSuffix(strings.TrimPrefix(hint, "write "), ":")
		if _, there := given[name]; there && slices.Contains(pipeKeys, name) {
			return name + ": is given already, so put it there, or remove it"
		}
		return hint
	}
	if word, rest, brace := strings.Cut(key, "{"); brace && params.Near(key, pipeKeys) != "" {
		return fmt.Sprintf("a colon is missing: write %s: {%s", strings.TrimSpace(word), rest)
	}
	near := nearPipeKey(key, pipeKeys, given)
	if near != "" {
		return keyHint(key, pipeKeys, given)
	}
	return "what the pipe is given goes below params:"
}

// params decodes what is known before anything runs. Decoding meets the children.
// It returns them with all keys where they were meant to be.
func (k *checker) params(raw map[string]any, path, use string, component Component, around scope, excused excused) map[string]any {
	spec := component.Params
	if spec == nil {
		return raw
	}
	base := join(path, "params")
	faults := len(k.diags.List)
	raw = k.repaired(raw, base, "", spec, component, excused.fields)
	k.texts(raw, base, spec)
	inner := around.below(component, raw)
	children := component.childScope()
	ids := map[string]string{}
	var moved *moveStep
	_, err := params.Decode(spec, raw, params.Binder{
		Offline: true,
		Child: func(place string, raw any) (api.ChildPipe, error) {
			child := base + "." + place
			m, ok := raw.(map[string]any)
			if !ok {
				k.diags.ReportError(k.at(child), child, "wrong-type", childHint(place == component.trigger(), raw), "this is %s, it must be a pipe, which is a mapping with use and params", describe(raw))
				if !isPipes(raw) {
					return api.ChildPipe{}, nil
				}
				m = map[string]any{"use": defaultComposite, "params": map[string]any{"steps": raw}}
				k.doc.atlas.moved[child+".params.steps"] = k.doc.atlas.written(child)
			}
			if place == component.trigger() {
				m = k.trigger(m, child)
			}
			id := k.id(m, child)
			if value, given := m["id"]; given && value == nil {
				k.nameless = append(k.nameless, child)
			}
			if id != "" && strings.HasSuffix(place, "]") {
				key := place[:strings.LastIndex(place, "[")] + "\x00" + id
				if before, given := ids[key]; given {
					k.diags.Warn(k.at(join(child, "id")), join(child, "id"), "duplicate-id", "rename one of both",
						"the id %q is given twice: the result of %s is lost", id, before)
					k.twice = append(k.twice, twice{id, k.diags.List[len(k.diags.List)-1]})
				}
				ids[key] = child
			}
			childUse, _ := m["use"].(string)
			k.pipe(m, child, inner)
			if children.sequence {
				if id != "" {
					inner = inner.with(id, childUse)
				}
				moved = k.noteAfterMove(m, child, moved)
			}
			return api.ChildPipe{}, nil
		},
	})
	k.faults(wholly(params.Faults(err), raw), base, component, excused)
	if spec.Unchecked() && !excused.any() {
		if left, ok := k.knownWrong(k.diags.List[faults:], raw, base, spec); ok {
			k.questions = append(k.questions, ParamsQuestion{Use: use, Params: without(raw, left)})
			k.asked = append(k.asked, asked{path, left})
		}
	}
	return raw
}

// asked is a question to a plugin: about the params of path, without those that are
// known to be wrong.
type asked struct {
	path string
	left []string
}

// knownWrong are the params that are reported already. ok is false where nothing can
// be said about the others without them.
func (k *checker) knownWrong(found Diagnostics, raw map[string]any, base string, spec *params.Spec) (names []string, ok bool) {
	paths := slices.DeleteFunc(slices.Collect(maps.Keys(k.doc.unset)), func(path string) bool { return !strings.HasPrefix(path, base) })
	for _, p := range found {
		paths = append(paths, p.Path)
	}
	for _, path := range paths {
		inner, below := strings.CutPrefix(path, base+".")
		steps := pathStep.FindAllString(inner, -1)
		if !below || len(steps) == 0 {
			return nil, false
		}
		name := strings.Trim(steps[0], `"`)
		if field := spec.Field(name); field != nil && (field.Required || holdsPipes(field)) {
			return nil, false
		}
		if _, given := raw[name]; given && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, true
}

// isAbout is true for a fault of one of the params, or because of it.
func isAbout(fault *api.FieldError, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains(pathStep.FindAllString(fault.Field, -1), name) || strings.Contains(fault.Err.Error(), name)
	})
}

// id is the id of a pipe, also of one that is no text, which is reported as such.
func (k *checker) id(m map[string]any, path string) string {
	switch id := m["id"].(type) {
	case string:
		return id
	case nil, map[string]any, []any:
		return ""
	}
	return k.doc.atlas.place(join(path, "id")).text
}

// childHint tells what to write instead of a word or a time.
func childHint(isTrigger bool, raw any) string {
	text, isText := raw.(string)
	_, isTime := params.ParseDuration(text)
	length := strings.TrimPrefix(durationHint(text), "write ")
	use, glued := strings.CutPrefix(text, "use:")
	switch {
	case glued:
		return "write a space after the colon: use: " + use
	case isPipes(raw) && len(raw.([]any)) == 1:
		return "a pipe is no list: leave out the dash"
	case isPipes(raw):
		return "write use: base:CompositePipe and params: here, and this list below params: with steps:"
	case isTrigger && isText && cronForm.MatchString(text):
		return "write how long to wait: {use: base:IntervalTrigger, params: {interval: PT5M}}"
	case isTrigger && isText && isTime != nil && length != "":
		return fmt.Sprintf("write {use: base:IntervalTrigger, params: {interval: %s}}", length)
	case isTrigger && isText && isTime == nil:
		return fmt.Sprintf("write {use: base:IntervalTrigger, params: {interval: %s}}", text)
	case isText && strings.Contains(text, ":") && !strings.Contains(text, " "):
		return "write {use: " + text + "}"
	}
	return "write use: and params: below it"
}

// noteAfterMove warns of a note in a step of its own: between the two writes the
// process may end, and the next cycle no longer finds the ticket in its queue.
// moved is the step that moves the ticket, nil as long as there is none.
func (k *checker) noteAfterMove(step map[string]any, path string, moved *moveStep) *moveStep {
	raw, _ := step["params"].(map[string]any)
	component := k.componentOf(step)
	if key, spec := component.labeledParam(params.LabelUpdates); spec != nil {
		if update, _ := raw[key].(map[string]any); update["queue"] != nil {
			id, _ := step["id"].(string)
			return &moveStep{name: cmp.Or(id, path), param: key}
		}
	}
	if _, note := component.labeledParam(params.LabelAddsNote); note != nil && moved != nil {
		k.diags.Warn(k.at(join(path, "use")), join(path, "use"), "note-after-move", "write it below "+moved.param+": notes: of "+moved.name+", which sends both at once",
			"when otai ends between the move and this step, the note is never written")
	}
	return moved
}

// moveStep is a step that moves a ticket, by its id or path, and its param with the
// update.
type moveStep struct{ name, param string }

// askPlugins lets the plugins' own code judge what nothing else is wrong with.
func (k *checker) askPlugins() {
	asker, ok := k.catalog.(ParamsChecker)
	if !ok || len(k.questions) == 0 {
		return
	}
	for i, faults := range asker.CheckParams(k.questions) {
		faults = slices.DeleteFunc(faults, func(fault *api.FieldError) bool { return isAbout(fault, k.asked[i].left) })
		k.faults(faults, join(k.asked[i].path, "params"), Component{}, excused{})
	}
}

// texts reports numbers that stand where text is wanted and are other text than
// what was written: 0123 is 83. It also learns the secrets, and finds times of day
// that YAML readers don't agree about.
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
			k.shortSecret(v, path)
		}
		if spec.Kind == params.KindDuration {
			k.clock(v, path)
		}
		if v == "" && spec.Kind == params.KindAny && spec.Required && !k.doc.unset[path] {
			// An untyped text is rendered to its value, which is none here.
			k.diags.ReportError(k.at(path), path, "missing-param", "write a value or a template; '' in a template is an empty text: \"{{ '' }}\"", "is required, but empty")
		}
	case nil:
		k.lostToComment(path, spec)
	case int64:
		k.number(strconv.FormatInt(v, 10), path, spec)
	case float64:
		k.number(strconv.FormatFloat(v, 'f', -1, 64), path, spec)
	}
}

// gluedComment is a comment right behind a key that looks like its value.
var gluedComment = lazyregexp.New(`:\s+(#[^\s#].*)$`)

// lostToComment finds a value that begins with #.
func (k *checker) lostToComment(path string, spec *params.Spec) {
	p := k.doc.atlas.place(path)
	lines := k.doc.atlas.lines[p.key.File]
	if p.key.Line == 0 || p.key.Line > len(lines) || p.text != "" {
		return
	}
	rest := []rune(lines[p.key.Line-1])
	m := gluedComment.FindStringSubmatchIndex(string(rest[min(p.key.Column-1, len(rest)):]))
	if m == nil {
		return
	}
	before := string(rest[:p.key.Column-1])
	line, column := p.key.Line, utf8.RuneCountInString(before)+utf8.RuneCountInString(string(rest[p.key.Column-1:])[:m[2]])+1
	severity, code := SeverityWarning, "lost-to-comment"
	if spec.Required || spec.Kind == params.KindString {
		severity = SeverityError
		k.doc.unset[k.doc.atlas.written(path)] = true
	}
	if spec.Required {
		code = "missing-param"
	}
	k.diags.Report(severity, Position{p.key.File, line, column}, path, code, "put it in quotes if it is the value", "# begins a comment, so that nothing is given here")
}

// clockTime is read as a number of base 60 by YAML 1.1, and as text by YAML 1.2.
var clockTime = lazyregexp.New(`^[0-9]+:[0-5][0-9]$`)

func (k *checker) clock(text, path string) {
	p := k.doc.atlas.place(path)
	if p.value.Line == 0 || p.style != 0 || !clockTime.MatchString(text) {
		return
	}
	first, second, _ := strings.Cut(text, ":")
	k.diags.ReportError(k.at(path), path, "ambiguous-duration",
		fmt.Sprintf(`write "%s:00" or PT%sH%sM for hours and minutes, PT%sM%sS for minutes and seconds`, text, first, second, first, second),
		"%s without quotes is %s hours and %s minutes to one YAML reader and minutes and seconds to another", text, first, second)
}

func (k *checker) number(text, path string, spec *params.Spec) {
	written := k.doc.atlas.place(path).text
	if spec.Kind == params.KindInt && dottedGroups.MatchString(written) {
		k.diags.ReportError(k.at(path), path, "ambiguous-number", fmt.Sprintf("write %s or %s", digits(written), text), "a point parts off fractions here, so that this is %s", text)
	}
	if written == "" || spec.Kind != params.KindString {
		return
	}
	if spec.Secret {
		k.doc.secrets.add(text)
		k.doc.secrets.add(written)
		k.shortSecret(written, path)
	}
	if written != text {
		k.diags.ReportError(k.at(path), path, "number-as-text", "write it in quotes", "text is wanted here, and YAML reads this number otherwise than it is written")
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
				k.diags.ReportError(k.at(path), path, "circular-injection", "remove one of the injections", "the services %s and %s need each other in a circle", id, next)
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
