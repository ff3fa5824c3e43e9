package check

import (
	"slices"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// checking reports to a catalog that wants to know it whose Validate is about to run.
func (k *checker) checking(use string) {
	if w, ok := k.catalog.(catalog.Witness); ok {
		w.Checking(use)
	}
}

// params decodes what is known before anything runs. Decoding meets the children.
// It returns them with all keys where they were meant to be.
func (k *checker) params(raw map[string]any, path params.Path, use string, component catalog.Component, around scope, covered covered) map[string]any {
	spec := component.Params
	if spec == nil {
		return raw
	}
	base := path.Key("params")
	before := len(k.diags.List)
	raw = k.repaired(raw, base, nil, spec, component, covered.fields)
	k.texts(raw, base, spec)
	inner := around.below(component, raw)
	children := component.ChildScope()
	ids := map[string]params.Path{}
	k.checking(use)
	_, err := params.Decode(spec, raw, params.Binder{
		Offline: true,
		Child: func(step params.Path, raw any) (api.ChildPipe, error) {
			child := base.Join(step)
			isTrigger := component.IsTrigger(step)
			m, ok := raw.(map[string]any)
			if !ok {
				k.reportError(k.at(child), child, "wrong-type", childHint(isTrigger, raw), "this is %s, it must be a pipe, which is a mapping with use and params", config.Describe(raw))
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
				k.names.nameless = append(k.names.nameless, child)
			}
			last, _ := step.Last()
			if _, isItem := last.Index(); isItem && id != "" {
				key := step.Parent().String() + "\x00" + id
				if before, given := ids[key]; given {
					k.warn(k.at(child.Key("id")), child.Key("id"), "duplicate-id", "rename one of the two",
						"the id %q is given twice: the result of %s is lost", id, before)
					k.names.duplicates = append(k.names.duplicates, duplicateID{id, k.lastReport()})
				}
				ids[key] = child
			}
			childUse, _ := m["use"].(string)
			k.pipe(m, child, inner)
			k.checking(use)
			if children.Sequence {
				if id != "" {
					inner = inner.with(id, childUse)
				}
			}
			return api.ChildPipe{}, nil
		},
	})
	k.reportDecoded(joinMissing(params.Diagnostics(err), raw), base, component, covered)
	if spec.Unchecked() && !covered.any() {
		if left, ok := k.knownWrong(k.diags.List[before:], raw, base, spec); ok {
			question := catalog.ParamsQuestion{Use: use, Params: without(raw, left)}
			k.questions = append(k.questions, pluginQuestion{question, base, left, component.Plugin})
		}
	}
	return raw
}

// pluginQuestion is a question to a plugin about the params at base, without those that
// are known to be wrong.
type pluginQuestion struct {
	catalog.ParamsQuestion
	base   params.Path
	left   []string
	plugin string // as in [catalog.Component]
}

// knownWrong are the params that are reported already. ok is false where nothing can
// be said about the others without them.
func (k *checker) knownWrong(reported source.Diagnostics, raw map[string]any, base params.Path, spec *params.Spec) (names []string, ok bool) {
	var paths []params.Path
	for text := range k.unknown {
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
		if field := spec.Field(name); field != nil && (field.Required || field.HoldsChildren()) {
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

// id is the id of a pipe, also of one that is not text, which is reported as such.
func (k *checker) id(m map[string]any, path params.Path) string {
	switch id := m["id"].(type) {
	case string:
		return id
	case nil, map[string]any, []any:
		return ""
	}
	return k.place(path.Key("id")).Text
}

// askPlugins lets the plugins' own code check what nothing else is wrong with.
func (k *checker) askPlugins() {
	asker, ok := k.catalog.(catalog.ParamsChecker)
	if !ok || len(k.questions) == 0 {
		return
	}
	questions := make([]catalog.ParamsQuestion, len(k.questions))
	for i, q := range k.questions {
		questions[i] = q.ParamsQuestion
	}
	for i, diags := range asker.CheckParams(questions) {
		diags = slices.DeleteFunc(diags, func(diag params.Diagnostic) bool { return isAbout(diag, k.questions[i].left) })
		k.reportDecoded(diags, k.questions[i].base, catalog.Component{Plugin: k.questions[i].plugin}, covered{})
	}
}
