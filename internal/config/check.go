package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// ParamsChecker is a [Catalog] that asks plugins what only their own code knows
// about params: the answer has a list for each question.
type ParamsChecker interface {
	CheckParams(questions []ParamsQuestion) [][]params.Diagnostic
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
		given, _ = k.beside(d.stray[s.ID], given, s.Path, vocabulary.ServiceKeys, component.Params) // reported by decoding
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
	return d.secrets.masked(k.diags.All())
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
		switch near := params.Near(key, vocabulary.PipeKeys); {
		case near == "injects":
			out.injects = true
		case near == "params" || pipeKeyHints[key] == "write params:":
			out.params = true
		}
	}
	return out
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
		Child: func(step params.Path, raw any) (api.ChildPipe, error) {
			place := step.String()
			child := base + "." + place
			m, ok := raw.(map[string]any)
			if !ok {
				k.diags.ReportError(k.at(child), child, "wrong-type", childHint(place == component.trigger(), raw), "this is %s, it must be a pipe, which is a mapping with use and params", describe(raw))
				if !isPipes(raw) {
					return api.ChildPipe{}, nil
				}
				m = map[string]any{"use": vocabulary.DefaultComposite, "params": map[string]any{"steps": raw}}
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
					k.diags.Warn(k.at(join(child, "id")), join(child, "id"), "duplicate-id", "rename one of the two",
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
	k.faults(wholly(fieldErrors(params.Diagnostics(err)), raw), base, component, excused)
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
	return k.doc.atlas.place(join(path, "id")).Text
}

// askPlugins lets the plugins' own code judge what nothing else is wrong with.
func (k *checker) askPlugins() {
	asker, ok := k.catalog.(ParamsChecker)
	if !ok || len(k.questions) == 0 {
		return
	}
	for i, diags := range asker.CheckParams(k.questions) {
		faults := slices.DeleteFunc(fieldErrors(diags), func(fault *api.FieldError) bool { return isAbout(fault, k.asked[i].left) })
		k.faults(faults, join(k.asked[i].path, "params"), Component{}, excused{})
	}
}
