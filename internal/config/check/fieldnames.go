package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/params"
)

// What stands below fields: of a search, of an update and of a note has the names of
// one ticket system. A service that says in a label which it takes lets a misspelled one
// be found before it runs.
const fieldsKey = "fields"

// fieldsLabel is the label with the names for the fields of an object, "" for one
// that is not part of a search, an update or a note.
func fieldsLabel(spec *params.Spec) string {
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return spec.Field(name) == nil })
	}
	switch {
	case spec.Kind != params.KindObject || !has(fieldsKey):
		return ""
	case has("states", "limit"):
		return params.LabelSearchFields
	case has("queue", "notes"):
		return params.LabelUpdateFields
	case has("body"):
		return params.LabelNoteFields
	}
	return ""
}

// fieldNames reports fields that none of the injected services takes.
func (k *checker) fieldNames(v any, base params.Path, spec *params.Spec, services map[string]string) {
	params.Walk(spec, v, func(p *params.Place) params.Next {
		if p.Spec == nil || p.Spec.HoldsChildren() {
			return params.Over
		}
		object, _ := p.Value.(map[string]any)
		fields, given := object[fieldsKey].(map[string]any)
		if label := fieldsLabel(p.Spec); given && label != "" {
			k.checkFieldNames(fields, base.Join(p.Path).Key(fieldsKey), label, services)
		}
		return params.Into
	})
}

func (k *checker) checkFieldNames(fields map[string]any, path params.Path, label string, services map[string]string) {
	var names []string
	for _, injection := range sortedKeys(services) {
		text, said := k.services[services[injection]].Labels[label]
		if !said {
			continue
		}
		for name := range strings.SplitSeq(text, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	if len(names) == 0 {
		return
	}
	for _, key := range sortedKeys(fields) {
		if slices.ContainsFunc(names, func(name string) bool { return namesField(name, key) }) {
			continue
		}
		hint := "possible: " + strings.Join(names, ", ")
		if near := nearField(key, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		at := path.Key(key)
		k.reportError(k.keyAt(at), at, "unknown-key", hint, "the ticket system takes no field %q here", key)
	}
}

// namesField is true for a name, and for one that ends with * and begins like key.
func namesField(name, key string) bool {
	if begin, open := strings.CutSuffix(name, "*"); open {
		return strings.HasPrefix(key, begin) && len(key) > len(begin)
	}
	return name == key
}

// nearField is the name that was probably meant, before all others its plural or
// singular.
func nearField(key string, names []string) string {
	for _, other := range []string{key + "s", strings.TrimSuffix(key, "s"), strings.TrimSuffix(key, "y") + "ies", strings.TrimSuffix(key, "ies") + "y"} {
		if i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, other) }); i >= 0 {
			return names[i]
		}
	}
	if near := params.Near(key, names); near != "" {
		return near
	}
	for _, name := range names {
		if begin, open := strings.CutSuffix(name, "*"); open && len(key) > len(begin) && params.Near(key[:len(begin)], []string{begin}) != "" {
			return begin + strings.TrimLeft(key[len(begin):], "_")
		}
	}
	return ""
}
