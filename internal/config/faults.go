package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// faults reports what decoding found, with the place in the file and, for keys
// that stand where they don't belong, with the place where they do.
func (k *checker) faults(list []*api.FieldError, base string, component Component, before excused) {
	spec := component.Params
	excused := maps.Clone(before.fields) // required keys whose content stands elsewhere
	if excused == nil {
		excused = map[string]bool{}
	}
	hints := map[*api.FieldError]string{}
	wrapped := map[string]*api.FieldError{} // the first of the keys that belong under the same one
	also := map[*api.FieldError]bool{}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b *api.FieldError) int {
		return source.ComparePositions(k.doc.atlas.keyAt(base+"."+a.Field), k.doc.atlas.keyAt(base+"."+b.Field))
	})
	for _, fault := range list {
		if !strings.HasPrefix(fault.Err.Error(), "unknown key") {
			continue
		}
		above, key := lastStep(fault.Field)
		here := specAt(spec, above)
		hint, belongs := keyElsewhere(here, key)
		outer, name := lastStep(above)
		if around := specAt(spec, outer); hint == "" && here != nil && above != "" && around != nil && around.Kind == params.KindObject && around.Field(key) != nil {
			hint = fmt.Sprintf("it belongs beside %s, not below it", name)
			excused[strings.TrimPrefix(outer+"."+key, ".")] = true
		}
		hints[fault] = hint
		if group := above + " " + belongs; belongs != "" && strings.HasPrefix(hint, "it belongs under ") {
			if first := wrapped[group]; first != nil {
				also[fault] = true
				hints[first] += ", and " + key + " does, too"
			} else {
				wrapped[group] = fault
			}
		}
		if belongs == "" && here != nil {
			belongs = params.Near(key, here.Names()) // a misspelled one is there, and not missing as well
		}
		if belongs != "" {
			excused[strings.TrimPrefix(above+"."+belongs, ".")] = true
		}
	}
	guessed(list, excused, hints)
	for _, fault := range list {
		if also[fault] {
			continue
		}
		missing := strings.HasPrefix(fault.Err.Error(), "is required")
		if missing && before.params && !strings.ContainsAny(fault.Field, ".[") {
			continue
		}
		if excused[fault.Field] && strings.HasPrefix(fault.Err.Error(), "is required") {
			continue
		}
		k.fault(fault, base, component, hints[fault])
	}
}

// guessed takes unknown keys for the ones that are missing beside them, where there
// are as many.
func guessed(list []*api.FieldError, excused map[string]bool, hints map[*api.FieldError]string) {
	unknown, missing := map[string][]*api.FieldError{}, map[string][]string{}
	for _, fault := range list {
		above, _ := lastStep(fault.Field)
		switch message := fault.Err.Error(); {
		case strings.HasPrefix(message, "unknown key") && hints[fault] == "" && !strings.Contains(message, "did you mean") && !strings.Contains(message, "given already"):
			unknown[above] = append(unknown[above], fault)
		case strings.HasPrefix(message, "is required") && !excused[fault.Field]:
			missing[above] = append(missing[above], fault.Field)
		}
	}
	for above, fields := range missing {
		if len(fields) > len(unknown[above]) {
			continue
		}
		for i, field := range fields {
			_, key := lastStep(field)
			hints[unknown[above][i]] = fmt.Sprintf("did you mean %q, which is missing?", key)
			excused[field] = true
		}
	}
}

func (k *checker) fault(fault *api.FieldError, base string, component Component, betterHint string) {
	spec := component.Params
	path := base
	if fault.Field != "" {
		path = base + "." + fault.Field
		if strings.HasPrefix(fault.Field, "[") {
			path = base + fault.Field
		}
	}
	if k.doc.unset[k.doc.atlas.written(path)] {
		return // reported already, and the value is not known
	}
	if message := fault.Err.Error(); k.partly[path] && !strings.HasPrefix(message, "unknown key") && !strings.HasPrefix(message, "is required") {
		return // what makes it whole was left out
	}
	if _, moved := k.doc.atlas.moved[path]; moved {
		return // its key is reported, and perhaps something else was meant
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
		if above, key := lastStep(fault.Field); key != "" {
			message = strings.Replace(message, "unknown key", fmt.Sprintf("unknown key %q", key), 1)
			if above != "" {
				message += " under " + above
			}
		}
	case strings.HasPrefix(message, "is required") && fault.Field == component.trigger():
		code, message, hint = "missing-trigger", "the runner has no trigger, which says when its pipe runs", vocabulary.TriggerLines(fault.Field)
	case strings.HasPrefix(message, "is required"):
		code = "missing-param"
		if wanted := specAt(spec, fault.Field); wanted != nil {
			_, key := lastStep(fault.Field)
			hint = "write " + key + ": …"
		}
	case strings.Contains(message, "but must be a mapping"):
		text := k.doc.atlas.place(path).Text
		if wanted := specAt(spec, fault.Field); wanted != nil && !wanted.Secret && wanted.Field("name") != nil && text != "" {
			hint = fmt.Sprintf("write {name: %s}", text)
			if _, key := lastStep(fault.Field); !strings.HasSuffix(key, "]") {
				hint = fmt.Sprintf("write %s: {name: %s}", key, text)
			}
		}
	case strings.Contains(message, "is a mapping but must be a list"):
		hint = "write a list: begin each entry with a dash"
		if wanted := specAt(spec, fault.Field); wanted != nil && wanted.Elem != nil && wanted.Elem.Kind == params.KindChild {
			hint = "write each as an entry of a list: - id: NAME, with use: below it"
		}
	}
	if wanted := specAt(spec, fault.Field); hint == "" && wanted != nil && !wanted.Secret {
		text := k.doc.atlas.place(path).Text
		switch _, key := lastStep(fault.Field); {
		case strings.Contains(message, "must be a duration"):
			hint = durationHint(text)
		case strings.Contains(message, "must be a number"), strings.Contains(message, "must be a whole number"):
			hint = numberHint(text, key, wanted)
		case strings.Contains(message, "must be a time"):
			hint = timeHint(text)
		}
	}
	if betterHint != "" {
		hint = betterHint
	}
	k.diags.ReportError(position, path, code, hint, "%s", message)
}

var pathStep = lazyregexp.New(`[^.\[\]]+|\[\d+\]`)

// specAt follows a path such as "note.subject" or "steps[2].id". It is nil where
// the path leads to nothing that is described.
func specAt(spec *params.Spec, path string) *params.Spec {
	for _, step := range pathStep.FindAllString(path, -1) {
		if spec == nil {
			return nil
		}
		if field := spec.Field(step); field != nil && spec.Kind == params.KindObject {
			spec = field
		} else {
			spec = spec.Elem
		}
	}
	return spec
}

// lastStep parts "a.b.c" into "a.b" and "c".
func lastStep(path string) (above, key string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// keyElsewhere tells where a key belongs that the mapping doesn't have: queue_name
// is name under queue, and a queue beside updated_ticket belongs under it. belongs
// is the key under which it should stand.
func keyElsewhere(spec *params.Spec, key string) (hint, belongs string) {
	if spec == nil || spec.Kind != params.KindObject {
		return "", ""
	}
	if key == "dynamic_fields" && spec.Field("fields") != nil {
		return "write fields:, with the names of the ticket system", ""
	}
	for _, name := range vocabulary.Synonyms[strings.ToLower(key)] {
		if spec.Field(name) != nil {
			return "write " + name + ":", name
		}
	}
	for _, name := range spec.Names() {
		if inner, ok := strings.CutPrefix(key, name+"_"); ok && objectField(spec.Field(name), inner) {
			return fmt.Sprintf("write %s: {%s: …}", name, inner), name
		}
	}
	if params.Near(key, spec.Names()) != "" {
		return "", ""
	}
	for _, name := range spec.Names() {
		if field := spec.Field(name); objectField(field, key) {
			example := key + ": …"
			if objectField(field.Field(key), "name") {
				example = key + ": {name: …}"
			}
			return fmt.Sprintf("it belongs under %s: write %s: {%s}", name, name, example), name
		}
	}
	if pair := slices.IndexFunc(spec.Names(), func(name string) bool { return name == key+"s" && spec.Field(name).Kind == params.KindList }); pair >= 0 {
		return fmt.Sprintf("write %ss: […]", key), ""
	}
	return "", ""
}

func objectField(spec *params.Spec, key string) bool {
	return spec != nil && spec.Kind == params.KindObject && spec.Field(key) != nil
}

// wholly makes one fault of all required params of a pipe that has no params.
func wholly(list []*api.FieldError, raw map[string]any) []*api.FieldError {
	if len(raw) > 0 || len(list) < 2 {
		return list
	}
	var names []string
	for _, fault := range list {
		if !strings.HasPrefix(fault.Err.Error(), "is required") {
			return list
		}
		names = append(names, fault.Field)
	}
	return []*api.FieldError{{Err: fmt.Errorf("%s and %s are required (write them below params:)", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])}}
}

// fieldErrors is the form of diagnostics that this file still works with.
func fieldErrors(diags []params.Diagnostic) []*api.FieldError {
	list := make([]*api.FieldError, len(diags))
	for i, d := range diags {
		list[i] = &api.FieldError{Field: d.Path.String(), Err: errors.New(d.Text())}
	}
	return list
}
