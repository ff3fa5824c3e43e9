package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// One mistake is one report: a key that is certainly meant to be another one, or to
// stand elsewhere, is reported, and then all goes on as if it were there. So nothing
// is missing because of it, and what stands below it is judged like everything else.

// repaired is raw with its misspelled and misplaced keys where they were meant to
// be; raw itself stays as it is. The keys that can't be put there, because what they
// hold doesn't fit, are left out, and their names are added to excused. inner leads
// from the params to the mapping, "" for the params themselves.
func (k *checker) repaired(raw map[string]any, base, inner string, spec *params.Spec, component Component, excused map[string]bool) map[string]any {
	if spec == nil || spec.Kind != params.KindObject || raw == nil {
		return raw
	}
	path, out := base+inner, cloneMap(raw)
	for _, key := range k.byPlace(raw, path) {
		if spec.Field(key) != nil || spec.Rest() && k.strayPipeKey(out, raw, key, path, spec, component.trigger()) {
			continue
		}
		name, hint := k.meantParam(spec, key, out)
		at := join(path, key)
		if m := gluedColon.FindStringSubmatch(key); m != nil && raw[key] == nil && spec.Field(m[1]) != nil {
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", "write a space after the colon: "+m[1]+": …", "unknown key %q%s", key, underOf(inner))
			delete(out, key)
			out[m[1]] = strings.Trim(m[2], `"'`)
			k.doc.atlas.moved[join(path, m[1])] = k.doc.atlas.written(at)
			continue
		}
		switch _, given := out[name]; {
		case name == "":
		case given && spec.Rest():
			if !k.read(key) {
				k.diags.Warn(k.doc.atlas.keyAt(at), at, "near-key", fmt.Sprintf("remove it if %s: is what was meant", name),
					"%q is not used here, where %s: is given already", key, name)
			}
		case given: // which decoding reports
		default:
			if length, _ := raw[key].(string); spec.Field(name).Kind == params.KindChild && length != "" {
				hint = childHint(name == component.trigger(), raw[key])
				if strings.HasPrefix(hint, "write {") {
					hint = "write " + name + ": " + strings.TrimPrefix(hint, "write ")
				}
			}
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", hint, "unknown key %q%s", key, underOf(inner))
			delete(out, key)
			if fits(spec.Field(name), raw[key]) {
				out[name] = raw[key]
				k.doc.atlas.moved[join(path, name)] = k.doc.atlas.written(at)
			} else {
				excused[strings.TrimPrefix(inner+"."+name, ".")] = true
				k.partly[path] = true
			}
		}
	}
	for _, name := range spec.Names() {
		if value, given := out[name]; given {
			out[name] = k.repairedBelow(value, base, inner+"."+name, spec.Field(name), component, excused)
		}
	}
	return out
}

func (k *checker) repairedBelow(v any, base, inner string, spec *params.Spec, component Component, excused map[string]bool) any {
	switch v := v.(type) {
	case map[string]any:
		if spec.Kind == params.KindObject {
			return k.repaired(v, base, inner, spec, component, excused)
		}
	case []any:
		if spec.Kind != params.KindList || spec.Elem.Kind != params.KindObject {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = k.repairedBelow(item, base, at(inner, i), spec.Elem, component, excused)
		}
		return out
	}
	return v
}

// gluedColon is a key that was meant to be a key and a value.
var gluedColon = lazyregexp.New(`^([A-Za-z_][\w-]*):(\S.*)$`)

// meantParam is the declared key that was probably meant, with the hint that says
// so; "" where another rule knows better, or nothing is near.
func (k *checker) meantParam(spec *params.Spec, key string, given map[string]any) (name, hint string) {
	name = meant(key, spec.Names(), given)
	if name == "" {
		return "", ""
	}
	if slices.Contains(synonyms[strings.ToLower(key)], name) {
		return name, "write " + name + ":"
	}
	if hint, _ := keyElsewhere(spec, key); hint != "" {
		return "", ""
	}
	return name, fmt.Sprintf("did you mean %q?", name)
}

func underOf(inner string) string {
	if inner = strings.TrimPrefix(inner, "."); inner != "" {
		return " under " + inner
	}
	return ""
}

// byPlace are the keys in the order in which they were written.
func (k *checker) byPlace(m map[string]any, path string) []string {
	keys := sortedKeys(m)
	slices.SortStableFunc(keys, func(a, b string) int {
		return comparePositions(k.doc.atlas.keyAt(join(path, a)), k.doc.atlas.keyAt(join(path, b)))
	})
	return keys
}

// fits is true where a value has the shape that spec asks for.
func fits(spec *params.Spec, v any) bool {
	text, isText := v.(string)
	_, isMapping := v.(map[string]any)
	_, isList := v.([]any)
	switch spec.Kind {
	case params.KindChild, params.KindMap:
		return isMapping
	case params.KindObject:
		return isMapping || isText && jinja.HasTemplate(text)
	case params.KindList:
		return isList || isText && jinja.HasTemplate(text)
	case params.KindAny:
		return true
	}
	return v != nil && !isMapping && !isList
}

// strayPipeKey is for keys of a pipe that may have further params: what belongs to
// the pipe below it and is not indented enough, and pipes that nothing runs.
func (k *checker) strayPipeKey(out, raw map[string]any, key, path string, spec *params.Spec, trigger string) bool {
	value, at := raw[key], join(path, key)
	if slices.Contains(pipeKeys[1:], key) {
		for _, name := range slices.Backward(k.byPlace(raw, path)) {
			field := spec.Field(name)
			child, isMapping := out[name].(map[string]any)
			if field == nil || field.Kind != params.KindChild || !isMapping && out[name] != nil || child[key] != nil ||
				comparePositions(k.doc.atlas.keyAt(join(path, name)), k.doc.atlas.keyAt(at)) > 0 {
				continue
			}
			if !k.movedBefore(key, raw, path, join(path, name)) {
				k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", "indent it below "+name+":", "%s stands beside %s", key, name)
			}
			k.moveInto(out, child, path, name, key, at, value)
			return true
		}
	}
	if k.orchestratorKey(key) && !k.read(key) {
		k.diags.Warn(k.doc.atlas.keyAt(at), at, "no-effect", "write it below orchestrator: params:", "this has no effect here")
		return true
	}
	if k.stepsElsewhere(out, key, value, path, spec) {
		return true
	}
	if !isPipes(value) || nearest(key, spec.Names()) != "" && out[nearest(key, spec.Names())] == nil || k.read(key) {
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
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", "write "+name+": {use: base:CompositePipe, params: {steps: …}}", "a runner has one pipe, below %s:", name)
			delete(out, key)
			out[name] = map[string]any{"use": defaultComposite, "params": map[string]any{"steps": value}}
			k.doc.atlas.moved[join(path, name)+".params.steps"] = k.doc.atlas.written(at)
			return true
		case isMapping && k.isSequence(child) && inner["steps"] == nil:
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", "indent it below "+name+": params:", "steps stands beside %s", name)
			delete(out, key)
			steps := cloneMap(inner)
			steps["steps"] = value
			composite := cloneMap(child)
			composite["params"] = steps
			out[name] = composite
			k.doc.atlas.moved[join(path, name)+".params.steps"] = k.doc.atlas.written(at)
			return true
		}
	}
	k.diags.Warn(k.doc.atlas.keyAt(at), at, "never-runs", "put it below "+strings.Join(childNames(spec), ": or ")+": of the pipe that is meant to run it",
		"nothing runs what stands below %s", key)
	return true
}

// isSequence is true for a pipe that runs the steps in its params in order.
func (k *checker) isSequence(pipe map[string]any) bool {
	component := k.componentOf(pipe)
	return component.childScope().sequence && component.Params.Field("steps") != nil
}

// orchestratorKey is true for what only the orchestrator has.
func (k *checker) orchestratorKey(key string) bool {
	use, _ := k.doc.Orchestrator["use"].(string)
	component, ok := k.catalog.Find(use)
	if !ok {
		component, ok = k.catalog.Find(defaultOrchestrator)
	}
	return ok && component.Params != nil && key != "steps" && component.Params.Field(key) != nil
}

// stepsElsewhere takes the steps that stand below a key which is nearly steps:, where
// something else stands below that.
func (k *checker) stepsElsewhere(out map[string]any, key string, value any, path string, spec *params.Spec) bool {
	const name = "steps"
	field := spec.Field(name)
	text, isText := out[name].(string)
	if field == nil || !isText || jinja.HasTemplate(text) || !isPipes(value) || strings.TrimRight(strings.ToLower(key), "_-0123456789") != name {
		return false
	}
	at := join(path, key)
	k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", fmt.Sprintf("write steps: here, and remove steps: %s", text), "unknown key %q", key)
	delete(out, key)
	out[name] = value
	k.doc.atlas.moved[join(path, name)] = k.doc.atlas.written(at)
	return true
}

// movedBefore is true where a key above this one has been moved to the same place:
// lines that are not indented enough are one mistake.
func (k *checker) movedBefore(key string, raw map[string]any, path, to string) bool {
	return slices.ContainsFunc(pipeKeys, func(other string) bool {
		_, given := raw[other]
		_, moved := k.doc.atlas.moved[join(to, other)]
		return other != key && given && moved
	})
}

func (k *checker) moveInto(out, child map[string]any, path, name, key, at string, value any) {
	child = cloneMap(child)
	child[key] = value
	delete(out, key)
	out[name] = child
	k.doc.atlas.moved[join(join(path, name), key)] = k.doc.atlas.written(at)
}

func childNames(spec *params.Spec) []string {
	return slices.DeleteFunc(spec.Names(), func(name string) bool { return !holdsPipes(spec.Field(name)) })
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
				k.reads[n.Args[0].Text] = true // "" where it is no literal
			}
		}
	}
}

func cloneMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for key, v := range m {
		out[key] = v
	}
	return out
}

// beside puts the params that stand beside params into a copy of them, and returns
// their keys.
func (k *checker) beside(m, raw map[string]any, path string, known []string, spec *params.Spec) (map[string]any, []string) {
	if spec == nil {
		return raw, nil
	}
	out, base := cloneMap(raw), join(path, "params")
	var moved []string
	for _, key := range k.byPlace(m, path) {
		if slices.Contains(known, key) || spec.Field(key) == nil {
			continue
		}
		if _, given := out[key]; given {
			continue
		}
		out[key] = m[key]
		k.doc.atlas.moved[join(base, key)] = k.doc.atlas.written(join(path, key))
		moved = append(moved, key)
	}
	if moved == nil {
		return raw, nil
	}
	return out, moved
}

// belowParams tells of one or several keys where they belong.
func belowParams(keys []string) string {
	if len(keys) == 1 {
		return "it belongs below params:"
	}
	return "it belongs below params:, as " + strings.Join(keys[1:], ", ") + " does"
}

// strayInjections takes the services that stand among the params, or beside them,
// to the injections.
func (k *checker) strayInjections(m, raw map[string]any, injects map[string]string, path string, spec *params.Spec) (map[string]any, map[string]string, []string) {
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
			path string
		}{{raw, join(path, "params")}, {m, path}} {
			id, isText := place.in[need.Name].(string)
			if !isText {
				continue
			}
			at := join(place.path, need.Name)
			k.diags.ReportError(k.doc.atlas.keyAt(at), at, "unknown-key", fmt.Sprintf("write it below injects: injects: {%s: %s}", need.Name, id), "%s is a service, and no param", need.Name)
			if place.path == path {
				taken = append(taken, need.Name)
			} else {
				raw = without(raw, []string{need.Name})
			}
			injects = maps.Clone(injects)
			injects[need.Name] = id
			k.doc.atlas.moved[join(join(path, "injects"), need.Name)] = k.doc.atlas.written(at)
			break
		}
	}
	return raw, injects, taken
}

// injectsInParams takes injects out of the params, in which it was written.
func (k *checker) injectsInParams(raw map[string]any, injects map[string]string, path string, spec *params.Spec) (map[string]any, map[string]string) {
	below, isMapping := raw["injects"].(map[string]any)
	if !isMapping || spec.Field("injects") != nil || len(spec.Injections()) == 0 {
		return raw, injects
	}
	from, to := join(join(path, "params"), "injects"), join(path, "injects")
	k.diags.ReportError(k.doc.atlas.keyAt(from), from, "unknown-key", "indent it less: it belongs beside params:", "injects stands in params")
	all := k.decoder().injects(below, from)
	for name, id := range injects {
		all[name] = id
	}
	for name := range below {
		if _, given := injects[name]; !given {
			k.doc.atlas.moved[join(to, name)] = k.doc.atlas.written(join(from, name))
		}
	}
	return without(raw, []string{"injects"}), all
}

// trigger gives a trigger without a use the one that it can only have, and reports
// that, also where its interval stands without params around it.
func (k *checker) trigger(m map[string]any, path string) map[string]any {
	given, _ := m["params"].(map[string]any)
	interval, beside := m["interval"]
	if m["use"] != nil || given["interval"] == nil && !beside {
		return m
	}
	k.diags.ReportError(k.doc.atlas.useAt(path), path, "missing-key", "write on: {use: base:IntervalTrigger, params: {interval: …}}", "the trigger's use is missing")
	out := cloneMap(m)
	out["use"] = "base:IntervalTrigger"
	if beside && given == nil {
		delete(out, "interval")
		out["params"] = map[string]any{"interval": interval}
		k.doc.atlas.moved[path+".params.interval"] = k.doc.atlas.written(path + ".interval")
	}
	return out
}
