package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// misplacedPipeKey is for keys of a pipe that may have further params: what belongs to
// the pipe below it and is not indented enough, and pipes that nothing runs.
func (k *checker) misplacedPipeKey(out, raw map[string]any, key string, path params.Path, spec *params.Spec, trigger string) bool {
	value, at := raw[key], path.Key(key)
	if slices.Contains(vocabulary.PipeKeys[1:], key) {
		for _, name := range slices.Backward(k.byPlace(raw, path)) {
			field := spec.Field(name)
			child, isMapping := out[name].(map[string]any)
			if field == nil || field.Kind != params.KindChild || !isMapping && out[name] != nil || child[key] != nil ||
				source.ComparePositions(k.keyAt(path.Key(name)), k.keyAt(at)) > 0 {
				continue
			}
			if !k.movedBefore(key, raw, path, path.Key(name)) {
				k.reportError(k.keyAt(at), at, "unknown-key", "indent it below "+name+":", "%s stands beside %s", key, name)
			}
			k.moveInto(out, child, path, name, key, at, value)
			return true
		}
	}
	if k.orchestratorKey(key) && !k.read(key) {
		k.warn(k.keyAt(at), at, "no-effect", "write it below orchestrator: params:", "this has no effect here")
		return true
	}
	if k.stepsElsewhere(out, key, value, path, spec) {
		return true
	}
	if !isPipes(value) || vocabulary.Nearest(key, spec.Names()) != "" && out[vocabulary.Nearest(key, spec.Names())] == nil || k.read(key) {
		return false
	}
	for _, name := range spec.Names() {
		if spec.Field(name).Kind != params.KindChild || key != "steps" {
			continue
		}
		child, isMapping := out[name].(map[string]any)
		inner, _ := child["params"].(map[string]any)
		switch {
		case out[name] == nil && trigger != "" && name != trigger:
			k.reportError(k.keyAt(at), at, "unknown-key", "write "+name+": {use: base:CompositePipe, params: {steps: …}}", "a runner has one pipe, below %s:", name)
			delete(out, key)
			out[name] = map[string]any{"use": vocabulary.DefaultComposite, "params": map[string]any{"steps": value}}
			k.move(path.Key(name).Key("params").Key("steps"), at)
			return true
		case isMapping && k.isSequence(child) && inner["steps"] == nil:
			k.reportError(k.keyAt(at), at, "unknown-key", "indent it below "+name+": params:", "steps stands beside %s", name)
			delete(out, key)
			steps := cloneMap(inner)
			steps["steps"] = value
			composite := cloneMap(child)
			composite["params"] = steps
			out[name] = composite
			k.move(path.Key(name).Key("params").Key("steps"), at)
			return true
		}
	}
	k.warn(k.keyAt(at), at, "never-runs", "put it below "+strings.Join(childNames(spec), ": or ")+": of the pipe that is meant to run it",
		"nothing runs what stands below %s", key)
	return true
}

// isSequence is true for a pipe that runs the steps in its params in order.
func (k *checker) isSequence(pipe map[string]any) bool {
	component := k.componentOf(pipe)
	return component.ChildScope().Sequence && component.Params.Field("steps") != nil
}

// orchestratorKey is true for what only the orchestrator has.
func (k *checker) orchestratorKey(key string) bool {
	use, _ := k.doc.Orchestrator["use"].(string)
	component, ok := k.catalog.Find(use)
	if !ok {
		component, ok = k.catalog.Find(vocabulary.DefaultOrchestrator)
	}
	return ok && component.Params != nil && key != "steps" && component.Params.Field(key) != nil
}

// stepsElsewhere takes the steps that stand below a key which is nearly steps:, where
// something else stands below that.
func (k *checker) stepsElsewhere(out map[string]any, key string, value any, path params.Path, spec *params.Spec) bool {
	const name = "steps"
	field := spec.Field(name)
	text, isText := out[name].(string)
	if field == nil || !isText || jinja.HasTemplate(text) || !isPipes(value) || strings.TrimRight(strings.ToLower(key), "_-0123456789") != name {
		return false
	}
	at := path.Key(key)
	k.reportError(k.keyAt(at), at, "unknown-key", fmt.Sprintf("write steps: here, and remove steps: %s", text), "unknown key %q", key)
	delete(out, key)
	out[name] = value
	k.move(path.Key(name), at)
	return true
}

// movedBefore is true where a key above this one has been moved to the same place:
// lines that are not indented enough are one mistake.
func (k *checker) movedBefore(key string, raw map[string]any, path, to params.Path) bool {
	return slices.ContainsFunc(vocabulary.PipeKeys, func(other string) bool {
		_, given := raw[other]
		moved := k.isMoved(to.Key(other))
		return other != key && given && moved
	})
}

func (k *checker) moveInto(out, child map[string]any, path params.Path, name, key string, at params.Path, value any) {
	child = cloneMap(child)
	child[key] = value
	delete(out, key)
	out[name] = child
	k.move(path.Key(name).Key(key), at)
}

func childNames(spec *params.Spec) []string {
	return slices.DeleteFunc(spec.Names(), func(name string) bool { return !spec.Field(name).HoldsChildren() })
}

// isPipes is true for a pipe and for a list of them.
func isPipes(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		use, _ := v["use"].(string)
		return strings.Contains(use, ":")
	case []any:
		return len(v) > 0 && !slices.ContainsFunc(v, func(item any) bool { _, mapping := item.(map[string]any); return !mapping || !isPipes(item) })
	}
	return false
}

// read reports whether a template asks for a parent param of that name.
func (k *checker) read(key string) bool {
	if k.reads == nil {
		k.reads = map[string]bool{}
		k.collectReads(k.doc.Orchestrator)
	}
	return k.reads[key] || k.reads[""]
}

// collectReads notes the parent params that templates ask for: "" for any.
func (k *checker) collectReads(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			k.collectReads(inner)
		}
	case []any:
		for _, inner := range v {
			k.collectReads(inner)
		}
	case string:
		if !strings.Contains(v, "parent_param") {
			return
		}
		if k.language == nil {
			k.reads[""] = true
			return
		}
		parsed, err := k.language.Parse(v)
		if err != nil {
			k.reads[""] = true
			return
		}
		for _, n := range jinja.Names(parsed) {
			switch {
			case n.Name == "parent_params", n.Name == "get_parent_param" && (!n.Call || len(n.Args) == 0):
				k.reads[""] = true
			case n.Name == "get_parent_param":
				k.reads[n.Args[0].Text] = true // "" where it is not a literal
			}
		}
	}
}

// paramsBeside puts the params that stand beside params into a copy of them, and returns
// their keys.
func (k *checker) paramsBeside(m, raw map[string]any, path params.Path, known []string, spec *params.Spec) (map[string]any, []string) {
	if spec == nil {
		return raw, nil
	}
	out, base := cloneMap(raw), path.Key("params")
	var moved []string
	for _, key := range k.byPlace(m, path) {
		if slices.Contains(known, key) || spec.Field(key) == nil {
			continue
		}
		if _, given := out[key]; given {
			continue
		}
		out[key] = m[key]
		k.move(base.Key(key), path.Key(key))
		moved = append(moved, key)
	}
	if moved == nil {
		return raw, nil
	}
	return out, moved
}
