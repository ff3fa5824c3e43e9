package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// One mistake is one report: a key that is certainly meant to be another one, or to
// stand elsewhere, is reported, and then all goes on as if it were there. So nothing
// is missing because of it, and what stands below it is judged like everything else.

// repaired is raw with its misspelled and misplaced keys where they were meant to
// be; raw itself stays as it is. The keys that can't be put there, because what they
// hold doesn't fit, are left out, and their names are added to covered. inner leads
// from the params to the mapping, "" for the params themselves.
func (k *checker) repaired(raw map[string]any, base, inner params.Path, spec *params.Spec, component catalog.Component, covered map[string]bool) map[string]any {
	if spec == nil || spec.Kind != params.KindObject || raw == nil {
		return raw
	}
	path, out := base.Join(inner), cloneMap(raw)
	for _, key := range k.byPlace(raw, path) {
		if spec.Field(key) != nil || spec.Rest() && k.misplacedPipeKey(out, raw, key, path, spec, component.Trigger()) {
			continue
		}
		name, hint := k.meantParam(spec, key, out)
		at := path.Key(key)
		if m := gluedColon.FindStringSubmatch(key); m != nil && raw[key] == nil && spec.Field(m[1]) != nil {
			k.reportError(k.keyAt(at), at, "unknown-key", "write a space after the colon: "+m[1]+": …", "unknown key %q%s", key, underOf(inner))
			delete(out, key)
			out[m[1]] = strings.Trim(m[2], `"'`)
			k.move(path.Key(m[1]), at)
			continue
		}
		switch _, given := out[name]; {
		case name == "":
		case given && spec.Rest():
			if !k.read(key) {
				k.warn(k.keyAt(at), at, "near-key", fmt.Sprintf("remove it if %s: is what was meant", name),
					"%q is not used here, where %s: is given already", key, name)
			}
		case given: // which decoding reports
		default:
			if length, _ := raw[key].(string); spec.Field(name).Kind == params.KindChild && length != "" {
				hint = childHint(name == component.Trigger(), raw[key])
				if form := childForm(name == component.Trigger(), raw[key]); form != "" {
					hint = "write " + name + ": " + form
				}
			}
			k.reportError(k.keyAt(at), at, "unknown-key", hint, "unknown key %q%s", key, underOf(inner))
			delete(out, key)
			if fits(spec.Field(name), raw[key]) {
				out[name] = raw[key]
				k.move(path.Key(name), at)
			} else {
				covered[inner.Key(name).String()] = true
				k.incomplete[path.String()] = true
			}
		}
	}
	for _, name := range spec.Names() {
		if value, given := out[name]; given {
			out[name] = k.repairedBelow(value, base, inner.Key(name), spec.Field(name), component, covered)
		}
	}
	return out
}

func (k *checker) repairedBelow(v any, base, inner params.Path, spec *params.Spec, component catalog.Component, covered map[string]bool) any {
	switch v := v.(type) {
	case map[string]any:
		if spec.Kind == params.KindObject {
			return k.repaired(v, base, inner, spec, component, covered)
		}
	case []any:
		if spec.Kind != params.KindList || spec.Elem.Kind != params.KindObject {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = k.repairedBelow(item, base, inner.Index(i), spec.Elem, component, covered)
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
	name = vocabulary.Meant(key, spec.Names(), given)
	if name == "" {
		return "", ""
	}
	if slices.Contains(vocabulary.Synonyms[strings.ToLower(key)], name) {
		return name, "write " + name + ":"
	}
	if keyElsewhere(spec, key).hint != "" {
		return "", ""
	}
	return name, fmt.Sprintf("did you mean %q?", name)
}

func underOf(inner params.Path) string {
	if len(inner) > 0 {
		return " under " + inner.String()
	}
	return ""
}

// byPlace are the keys in the order in which they were written.
func (k *checker) byPlace(m map[string]any, path params.Path) []string {
	keys := sortedKeys(m)
	slices.SortStableFunc(keys, func(a, b string) int {
		return source.ComparePositions(k.keyAt(path.Key(a)), k.keyAt(path.Key(b)))
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

func cloneMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for key, v := range m {
		out[key] = v
	}
	return out
}
