package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// covered are required things that are not reported as missing, because a key that is
// reported already was meant to be them.
type covered struct {
	injects, params bool
	fields          map[string]bool // by their paths in the params
}

// any reports whether params are known not to be complete.
func (c covered) any() bool {
	return c.params || slices.Contains(slices.Collect(maps.Values(c.fields)), true)
}

// coveredBy is what the unknown keys of a pipe or a service were meant to be.
func coveredBy(unknown []string, spec *params.Spec) covered {
	out := covered{fields: map[string]bool{}}
	for _, key := range unknown {
		out.fields[key] = spec != nil && spec.Field(key) != nil
		switch near := params.Near(key, vocabulary.PipeKeys); {
		case near == "injects":
			out.injects = true
		case near == "params" || vocabulary.PipeWords[key] == "params":
			out.params = true
		}
	}
	return out
}

// decoded is what decoding the params of one pipe or service found.
type decoded struct {
	base    params.Path
	pipe    catalog.Component
	covered covered
	list    []params.Diagnostic // in the order of the file
	hints   map[int]string      // better ones than the diagnostics' own
	skipped map[int]bool        // said by the hint of another one
}

// reportDecoded reports what decoding found, with the place in the file and, for keys
// that stand where they don't belong, with the place where they do.
func (k *checker) reportDecoded(list []params.Diagnostic, base params.Path, pipe catalog.Component, before covered) {
	d := decoded{
		base: base, pipe: pipe, covered: covered{params: before.params, fields: maps.Clone(before.fields)},
		list: slices.Clone(list), hints: map[int]string{}, skipped: map[int]bool{},
	}
	if d.covered.fields == nil {
		d.covered.fields = map[string]bool{}
	}
	slices.SortStableFunc(d.list, func(a, b params.Diagnostic) int {
		return source.ComparePositions(k.keyAt(base.Join(a.Path)), k.keyAt(base.Join(b.Path)))
	})
	d.findElsewhere()
	d.guessMissing()
	for i, diag := range d.list {
		missing := diag.Missing() && (d.covered.fields[diag.Path.String()] || d.covered.params && len(diag.Path) < 2)
		if !missing && !d.skipped[i] {
			k.reportParam(diag, base, pipe, d.hints[i])
		}
	}
}

// findElsewhere says of unknown keys where they belong.
func (d decoded) findElsewhere() {
	first := map[string]int{} // of the keys that belong under the same one
	for i, diag := range d.list {
		if !diag.UnknownKey() {
			continue
		}
		above, key := diag.Path.Parent(), diag.Path.LastKey()
		here := specAt(d.pipe.Params, above)
		other := keyElsewhere(here, key)
		if outer, name := aroundMapping(above); other.hint == "" && here != nil && len(above) > 0 && objectField(specAt(d.pipe.Params, outer), key) {
			other.hint = fmt.Sprintf("it belongs beside %s, not below it", name)
			d.covered.fields[outer.Key(key).String()] = true
		}
		d.hints[i] = other.hint
		if group := above.Key(other.key).String(); other.inside {
			if n, again := first[group]; again {
				d.skipped[i] = true
				d.hints[n] += ", and " + key + " does, too"
			} else {
				first[group] = i
			}
		}
		if other.key == "" && here != nil {
			other.key = params.Near(key, here.Names()) // a misspelled one is there, and not missing as well
		}
		if other.key != "" {
			d.covered.fields[above.Key(other.key).String()] = true
		}
	}
}

// aroundMapping is the mapping around the one at path, and how one leads to the other:
// for "update.notes[0]" it is "update" and "notes[0]".
func aroundMapping(path params.Path) (outer params.Path, name string) {
	for i := len(path) - 1; i >= 0; i-- {
		if _, isKey := path[i].Key(); isKey {
			return path[:i], path[i:].String()
		}
	}
	return nil, path.String()
}

// guessMissing takes unknown keys for the ones that are missing beside them, where there
// are as many.
func (d decoded) guessMissing() {
	unknown, missing := map[string][]int{}, map[string][]params.Path{}
	for i, diag := range d.list {
		above := diag.Path.Parent().String()
		switch {
		case diag.Code == params.CodeUnknownKey && d.hints[i] == "" && diag.Near == "":
			unknown[above] = append(unknown[above], i)
		case diag.Missing() && !d.covered.fields[diag.Path.String()]:
			missing[above] = append(missing[above], diag.Path)
		}
	}
	for above, paths := range missing {
		if len(paths) > len(unknown[above]) {
			continue
		}
		for i, path := range paths {
			d.hints[unknown[above][i]] = fmt.Sprintf("did you mean %q, which is missing?", path.LastKey())
			d.covered.fields[path.String()] = true
		}
	}
}

// reportParam reports one thing that is wrong with the params at base.
func (k *checker) reportParam(diag params.Diagnostic, base params.Path, pipe catalog.Component, betterHint string) {
	path := base.Join(diag.Path)
	switch {
	case k.isUnknown(path):
		return // reported already, and the value is not known
	case k.incomplete[path.String()] && !diag.UnknownKey() && !diag.Missing():
		return // what completes it was left out
	case k.isMoved(path):
		return // its key is reported, and perhaps something else was meant
	}
	message, hint := diag.Named(), diag.Hint
	switch diag.Code {
	case params.CodeValidate, params.CodeOther:
		message, hint = partHint(message, hint)
	case params.CodeBroken:
		if pipe.Plugin != "" {
			message += ": this is an error in the plugin " + pipe.Plugin
		}
	}
	code, position := "bad-param", k.at(path)
	wanted := specAt(pipe.Params, diag.Path)
	switch {
	case diag.UnknownKey():
		position, code = k.keyAt(path), "unknown-key"
	case diag.Missing() && pipe.IsTrigger(diag.Path):
		code, message, hint = "missing-trigger", "the runner has no trigger, which says when its pipe runs", vocabulary.TriggerLines(diag.Path.LastKey())
	case diag.Missing():
		if code = "missing-param"; wanted != nil {
			hint = "write " + lastSteps(diag.Path) + ": …"
		}
	case wanted == nil || wanted.Secret:
	case diag.Code == params.CodeWrongKind:
		hint = cmp.Or(shapeHint(diag, wanted, k.place(path).Text), hint)
	case hint == "":
		hint = valueHint(diag, wanted, k.place(path).Text)
	}
	k.reportError(position, path, code, cmp.Or(betterHint, hint), "%s", message)
}

// partHint parts what a plugin's own check says from what to do about it, which stands
// at its end in parentheses: an error has no other place for it.
func partHint(message, hint string) (said, todo string) {
	begin := strings.LastIndex(message, " (")
	if inner, closed := strings.CutSuffix(message, ")"); hint == "" && closed && begin > 0 {
		return message[:begin], inner[begin+2:]
	}
	return message, hint
}

// lastSteps is the last key of a path with what follows it.
func lastSteps(path params.Path) string {
	_, name := aroundMapping(path)
	return name
}

// shapeHint says how to write a list or a mapping where text has another shape.
func shapeHint(diag params.Diagnostic, wanted *params.Spec, text string) string {
	switch {
	case wanted.Kind == params.KindList && diag.Given == params.KindMap:
		if wanted.Elem.Kind == params.KindChild {
			return "write each as an entry of a list: - id: NAME, with use: below it"
		}
		return "write a list: begin each entry with a dash"
	case wanted.Kind == params.KindObject && wanted.Field("name") != nil && text != "":
		if key := diag.Path.LastKey(); key != "" {
			return fmt.Sprintf("write %s: {name: %s}", key, text)
		}
		return fmt.Sprintf("write {name: %s}", text)
	}
	return ""
}

// valueHint shows a value as it is written here.
func valueHint(diag params.Diagnostic, wanted *params.Spec, text string) string {
	switch diag.Code {
	case params.CodeBadDuration:
		return durationHint(text)
	case params.CodeBadNumber:
		return numberHint(text, diag.Path.LastKey(), wanted)
	case params.CodeBadTime:
		return timeHint(text)
	}
	return ""
}

// specAt is what path leads to, or nil where that is not described.
func specAt(spec *params.Spec, path params.Path) *params.Spec {
	for _, step := range path {
		if spec == nil {
			return nil
		}
		key, isKey := step.Key()
		if field := spec.Field(key); isKey && field != nil && spec.Kind == params.KindObject {
			spec = field
		} else {
			spec = spec.Elem
		}
	}
	return spec
}

// otherKey is the key that one stands for, or under which it belongs.
type otherKey struct {
	hint   string
	key    string
	inside bool // it belongs under that key
}

// keyElsewhere says where a key belongs that the mapping doesn't have: queue_name
// is name under queue, and a queue beside updated_ticket belongs under it.
func keyElsewhere(spec *params.Spec, key string) otherKey {
	if spec == nil || spec.Kind != params.KindObject {
		return otherKey{}
	}
	if key == "dynamic_fields" && spec.Field("fields") != nil {
		return otherKey{hint: "write fields:, with the names of the ticket system"}
	}
	for _, name := range vocabulary.Synonyms[strings.ToLower(key)] {
		if spec.Field(name) != nil {
			return otherKey{hint: "write " + name + ":", key: name}
		}
	}
	for _, name := range spec.Names() {
		if inner, ok := strings.CutPrefix(key, name+"_"); ok && objectField(spec.Field(name), inner) {
			return otherKey{hint: fmt.Sprintf("write %s: {%s: …}", name, inner), key: name}
		}
	}
	if params.Near(key, spec.Names()) != "" {
		return otherKey{}
	}
	for _, name := range spec.Names() {
		if field := spec.Field(name); objectField(field, key) {
			example := key + ": …"
			if objectField(field.Field(key), "name") {
				example = key + ": {name: …}"
			}
			return otherKey{hint: fmt.Sprintf("it belongs under %s: write %s: {%s}", name, name, example), key: name, inside: true}
		}
	}
	if pair := slices.IndexFunc(spec.Names(), func(name string) bool { return name == key+"s" && spec.Field(name).Kind == params.KindList }); pair >= 0 {
		return otherKey{hint: fmt.Sprintf("write %ss: […]", key)}
	}
	return otherKey{}
}

func objectField(spec *params.Spec, key string) bool {
	return spec != nil && spec.Kind == params.KindObject && spec.Field(key) != nil
}

// joinMissing makes one diagnostic of all required params of a pipe that has no params.
func joinMissing(list []params.Diagnostic, raw map[string]any) []params.Diagnostic {
	if len(raw) > 0 || len(list) < 2 {
		return list
	}
	var names []string
	for _, diag := range list {
		if !diag.Missing() {
			return list
		}
		names = append(names, diag.Path.String())
	}
	last := len(names) - 1
	return []params.Diagnostic{{
		Code:    params.CodeOther,
		Message: fmt.Sprintf("%s and %s are required", strings.Join(names[:last], ", "), names[last]),
		Hint:    "write them below params:",
	}}
}
