package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// pipe checks a pipe at its place, and through its params its children.
func (k *checker) pipe(m map[string]any, path params.Path, around scope) {
	use, isText := m["use"].(string)
	if isText && !strings.Contains(use, ":") && strings.Contains(use, ".") {
		// None of its other keys would be right either.
		k.reportError(k.at(path.Key("use")), path.Key("use"), "unknown-use",
			"write use: PLUGIN:NAME, services below injects: and all else below params:; "+k.useHint(use, false), "%q is the form of a version that never ran", use)
		k.templates(m["params"], path.Key("params"), nil, around)
		return
	}
	spec := (*params.Spec)(nil)
	if component, ok := k.catalog.Find(use); ok {
		spec = component.Params
	}
	raw := k.mapping(m["params"], path.Key("params"))
	raw, moved := k.paramsBeside(m, raw, path, append(slices.Clone(vocabulary.PipeKeys), "steps"), spec)
	given, injectsRight := m["injects"].(map[string]any)
	var services map[string]string
	if injectsRight || m["injects"] == nil {
		services = k.serviceIDs(given, path.Key("injects"))
		var taken []string
		raw, services, taken = k.misplacedInjections(m, raw, services, path, spec)
		if len(taken) > 0 {
			m = without(m, taken)
		}
	}
	unknown := k.pipeKeys(m, path, moved)
	if id, ok := m["id"]; ok && id != nil {
		if _, isText := id.(string); !isText {
			k.reportError(k.at(path.Key("id")), path.Key("id"), "wrong-type", fmt.Sprintf("write it in quotes: %q", cmp.Or(k.id(m, path), "NAME")), "this is %s, the id must be text", config.Describe(id))
		}
	}
	switch {
	case m["use"] == nil || isText && use == "":
		k.reportError(k.useAt(path), path, "missing-key", "write use: PLUGIN:NAME, or params: with steps: for a row of pipes", "the pipe's use is missing")
	case !isText:
		k.wrongType(path.Key("use"), "text such as base:CompositePipe", m["use"])
	}
	component, ok := catalog.Component{}, false
	if isText {
		component, ok = k.component(use, path, false)
	}
	covered := coveredBy(unknown, component.Params)
	switch {
	case !injectsRight && m["injects"] != nil:
		k.injectsShape(m["injects"], path, component)
	case !covered.injects:
		k.injects(services, path, component)
	}
	switch {
	case !ok:
		k.childrenOf(raw, path, around)
	case raw != nil || m["params"] == nil:
		raw = k.params(raw, path, use, component, around, covered)
		if component.Params != nil {
			k.fieldNames(raw, path.Key("params"), component.Params, services)
		}
		k.fetch(m, raw, path, component.Params)
	}
	if raw == nil {
		k.templates(m["params"], path.Key("params"), component.Params, around)
	} else {
		k.templates(raw, path.Key("params"), component.Params, around)
	}
}

// pipeKeys reports the keys that mean nothing in a pipe, and returns them.
//
// moved are params that stand beside params:, in the order of the file.
func (k *checker) pipeKeys(m map[string]any, path params.Path, moved []string) []string {
	unknown := slices.DeleteFunc(vocabulary.UnknownKeys(m, vocabulary.PipeKeys), func(key string) bool { return slices.Contains(moved, key) })
	for _, key := range unknown {
		k.reportError(k.keyAt(path.Key(key)), path.Key(key), "unknown-key", pipeKeyHint(key, m), "unknown key %q", key)
	}
	if len(moved) > 0 {
		at := path.Key(moved[0])
		k.reportError(k.keyAt(at), at, "unknown-key", vocabulary.BelowParams(moved), "unknown key %q", moved[0])
	}
	return unknown
}

func pipeKeyHint(key string, given map[string]any) string {
	if hint, ok := vocabulary.PipeHints[key]; ok {
		return hint
	}
	if name, ok := vocabulary.PipeWords[key]; ok {
		if _, there := given[name]; there {
			return name + ": is given already, so put it there, or remove it"
		}
		return "write " + name + ":"
	}
	if word, rest, brace := strings.Cut(key, "{"); brace && params.Near(key, vocabulary.PipeKeys) != "" {
		return fmt.Sprintf("a colon is missing: write %s: {%s", strings.TrimSpace(word), rest)
	}
	near := vocabulary.PipeKeyMeant(key, vocabulary.PipeKeys, given)
	if near != "" {
		return vocabulary.KeyHint(key, vocabulary.PipeKeys, given)
	}
	return "what the pipe is given goes below params:"
}

// childrenOf checks the pipes in a pipe whose use nobody knows, where pipes stand
// in most.
func (k *checker) childrenOf(raw map[string]any, path params.Path, around scope) {
	around.pipe, around.open = true, true
	base := path.Key("params")
	steps, _ := raw["steps"].([]any)
	for i, step := range steps {
		if m, ok := step.(map[string]any); ok {
			k.pipe(m, base.Key("steps").Index(i), around)
		}
	}
	for _, key := range []string{"on", "run"} {
		if m, ok := raw[key].(map[string]any); ok {
			if key == "on" {
				m = k.trigger(m, base.Key(key))
			}
			k.pipe(m, base.Key(key), around)
		}
	}
}

// childForm is the pipe that a text was probably meant to be, or "".
func childForm(isTrigger bool, raw any) string {
	text, isText := raw.(string)
	length := text
	if _, err := params.ParseDuration(text); err != nil {
		length = durationForm(text)
	}
	switch {
	case !isText || strings.HasPrefix(text, "use:"):
		return ""
	case isTrigger && length != "":
		return fmt.Sprintf("{use: %s, params: {interval: %s}}", vocabulary.DefaultTrigger, length)
	case strings.Contains(text, ":") && !strings.Contains(text, " "):
		return "{use: " + text + "}"
	}
	return ""
}

// childHint says what to write instead of a word, a time or a list.
func childHint(isTrigger bool, raw any) string {
	text, isText := raw.(string)
	use, glued := strings.CutPrefix(text, "use:")
	form := childForm(isTrigger, raw)
	switch {
	case glued:
		return "write a space after the colon: use: " + use
	case isPipes(raw) && len(raw.([]any)) == 1:
		return "a pipe is not a list: leave out the dash"
	case isPipes(raw):
		return "write use: base:CompositePipe and params: here, and this list below params: with steps:"
	case isTrigger && isText && cronForm.MatchString(text):
		return "write how long to wait: {use: base:IntervalTrigger, params: {interval: PT5M}}"
	case form != "":
		return "write " + form
	}
	return "write use: and params: below it"
}

// trigger gives a trigger without a use the one that it can only have, and reports
// that, also where its interval stands without params around it.
func (k *checker) trigger(m map[string]any, path params.Path) map[string]any {
	given, _ := m["params"].(map[string]any)
	interval, beside := m["interval"]
	if m["use"] != nil || given["interval"] == nil && !beside {
		return m
	}
	k.reportError(k.useAt(path), path, "missing-key", "write on: {use: base:IntervalTrigger, params: {interval: …}}", "the trigger's use is missing")
	out := cloneMap(m)
	out["use"] = vocabulary.DefaultTrigger
	if beside && given == nil {
		delete(out, "interval")
		out["params"] = map[string]any{"interval": interval}
		k.move(path.Key("params").Key("interval"), path.Key("interval"))
	}
	return out
}
