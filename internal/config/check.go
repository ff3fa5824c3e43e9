package config

import (
	"slices"

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
	k := &checker{doc: d, catalog: c, diags: &Reporter{}, services: map[string]Component{}, incomplete: map[string]bool{}}
	for _, s := range d.Services {
		if component, ok := k.component(s.Use, servicePath(s), true); ok {
			k.services[s.ID] = component
		}
	}
	k.language = k.templateLanguage()
	for _, s := range d.Services {
		component, ok := k.services[s.ID]
		covered := coveredBy(sortedKeys(d.stray[s.ID]), component.Params)
		given, injects, _ := k.strayInjections(nil, s.Params, s.Injects, servicePath(s), component.Params)
		given, _ = k.beside(d.stray[s.ID], given, servicePath(s), vocabulary.ServiceKeys, component.Params) // reported by decoding
		if !covered.injects {
			k.injects(injects, servicePath(s), component)
		}
		if ok && !d.noParams[s.ID] {
			given = k.params(given, servicePath(s), s.Use, component, scope{}, covered)
		}
		if !component.Renderer {
			k.templates(given, servicePath(s).Key("params"), component.Params, scope{})
		}
	}
	k.circles()
	if d.Orchestrator != nil {
		k.steps = stepPaths(d.Orchestrator["params"], params.Keys("orchestrator", "params"), map[string]params.Path{})
		k.pipe(d.Orchestrator, params.Keys("orchestrator"), scope{})
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
	doc        *Document
	catalog    Catalog
	diags      *Reporter
	services   map[string]Component   // by id, those whose use is known
	language   *jinja.Renderer        // nil: templates are in another language than ours
	steps      map[string]params.Path // of each step with an id
	reads      map[string]bool        // parent params that templates ask for
	incomplete map[string]bool        // paths of mappings of which a part was left out, as it is reported
	fetches    []fetch
	anyState   Diagnostics // of the fetches, told where nothing is wrong

	lost  map[lost]Diagnostics // what is referred to and is not there
	meant map[lost][]string    // what all that refer to it could mean
	seen  map[lost]bool        // what is referred to and is there
	twice []twice
	// nameless are the paths of steps whose id is left empty.
	nameless []params.Path

	questions []ParamsQuestion
	asked     []asked
}

// The positions of the document are known by path strings.

func (k *checker) at(path params.Path) Position    { return k.doc.atlas.valueAt(path.String()) }
func (k *checker) keyAt(path params.Path) Position { return k.doc.atlas.keyAt(path.String()) }
func (k *checker) useAt(path params.Path) Position { return k.doc.atlas.useAt(path.String()) }
func (k *checker) place(path params.Path) place    { return k.doc.atlas.place(path.String()) }

func (k *checker) inside(path params.Path, line, column int) Position {
	return k.doc.atlas.inside(path.String(), line, column)
}

// move has what stands in the file at from treated as if it stood at to.
func (k *checker) move(to, from params.Path) {
	k.doc.atlas.moved[to.String()] = k.doc.atlas.written(from.String())
}

// isMoved reports whether what is treated as if it stood at path stands elsewhere.
func (k *checker) isMoved(path params.Path) bool {
	_, moved := k.doc.atlas.moved[path.String()]
	return moved
}

// isUnset reports whether the value at path is not known, which is reported already.
func (k *checker) isUnset(path params.Path) bool {
	return k.doc.unset[k.doc.atlas.written(path.String())]
}

func (k *checker) reportError(at Position, path params.Path, code, hint, format string, args ...any) {
	k.diags.ReportError(at, path.String(), code, hint, format, args...)
}

func (k *checker) warn(at Position, path params.Path, code, hint, format string, args ...any) {
	k.diags.Warn(at, path.String(), code, hint, format, args...)
}

func (k *checker) report(severity string, at Position, path params.Path, code, hint, message string) {
	k.diags.Report(severity, at, path.String(), code, hint, message)
}

func (k *checker) decoder() decoder { return decoder{diags: k.diags, atlas: k.doc.atlas} }

// servicePath leads to a service in the document.
func servicePath(s Service) params.Path { return params.Keys("services", s.ID) }

// params decodes what is known before anything runs. Decoding meets the children.
// It returns them with all keys where they were meant to be.
func (k *checker) params(raw map[string]any, path params.Path, use string, component Component, around scope, covered covered) map[string]any {
	spec := component.Params
	if spec == nil {
		return raw
	}
	base := path.Key("params")
	faults := len(k.diags.List)
	raw = k.repaired(raw, base, nil, spec, component, covered.fields)
	k.texts(raw, base, spec)
	inner := around.below(component, raw)
	children := component.childScope()
	ids := map[string]params.Path{}
	var moved *moveStep
	_, err := params.Decode(spec, raw, params.Binder{
		Offline: true,
		Child: func(step params.Path, raw any) (api.ChildPipe, error) {
			child := base.Join(step)
			isTrigger := component.isTrigger(step)
			m, ok := raw.(map[string]any)
			if !ok {
				k.reportError(k.at(child), child, "wrong-type", childHint(isTrigger, raw), "this is %s, it must be a pipe, which is a mapping with use and params", describe(raw))
				if !isPipes(raw) {
					return api.ChildPipe{}, nil
				}
				m = map[string]any{"use": vocabulary.DefaultComposite, "params": map[string]any{"steps": raw}}
				k.move(child.Key("params").Key("steps"), child)
			}
			if isTrigger {
				m = k.trigger(m, child)
			}
			id := k.id(m, child)
			if value, given := m["id"]; given && value == nil {
				k.nameless = append(k.nameless, child)
			}
			last, _ := step.Last()
			if _, isItem := last.Index(); isItem && id != "" {
				key := step.Parent().String() + "\x00" + id
				if before, given := ids[key]; given {
					k.warn(k.at(child.Key("id")), child.Key("id"), "duplicate-id", "rename one of the two",
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
	k.reportDecoded(joinMissing(params.Diagnostics(err), raw), base, component, covered)
	if spec.Unchecked() && !covered.any() {
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
	path params.Path
	left []string
}

// knownWrong are the params that are reported already. ok is false where nothing can
// be said about the others without them.
func (k *checker) knownWrong(reported Diagnostics, raw map[string]any, base params.Path, spec *params.Spec) (names []string, ok bool) {
	var paths []params.Path
	for text := range k.doc.unset {
		if path := readPath(text); path.HasPrefix(base) {
			paths = append(paths, path)
		}
	}
	for _, diag := range reported {
		paths = append(paths, readPath(diag.Path))
	}
	for _, path := range paths {
		if !path.HasPrefix(base) || len(path) == len(base) {
			return nil, false
		}
		name := path[len(base):][:1].LastKey()
		if field := spec.Field(name); field != nil && (field.Required || holdsPipes(field)) {
			return nil, false
		}
		if _, given := raw[name]; given && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, true
}

// readPath reads the path of a diagnostic.
func readPath(text string) params.Path {
	path, err := params.ParsePath(text)
	if err != nil {
		return params.Keys(text)
	}
	return path
}

// isAbout is true for what may be wrong with one of the params, or because of it: it
// is about the params as a whole, or names it.
func isAbout(diag params.Diagnostic, names []string) bool {
	if len(diag.Path) == 0 {
		return len(names) > 0
	}
	return slices.ContainsFunc(diag.Path, func(step params.Step) bool {
		key, isKey := step.Key()
		return isKey && slices.Contains(names, key)
	})
}

// id is the id of a pipe, also of one that is no text, which is reported as such.
func (k *checker) id(m map[string]any, path params.Path) string {
	switch id := m["id"].(type) {
	case string:
		return id
	case nil, map[string]any, []any:
		return ""
	}
	return k.place(path.Key("id")).Text
}

// askPlugins lets the plugins' own code judge what nothing else is wrong with.
func (k *checker) askPlugins() {
	asker, ok := k.catalog.(ParamsChecker)
	if !ok || len(k.questions) == 0 {
		return
	}
	for i, diags := range asker.CheckParams(k.questions) {
		diags = slices.DeleteFunc(diags, func(diag params.Diagnostic) bool { return isAbout(diag, k.asked[i].left) })
		k.reportDecoded(diags, k.asked[i].path.Key("params"), Component{}, covered{})
	}
}
