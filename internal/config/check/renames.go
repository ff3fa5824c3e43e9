package check

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// reference is what a service or a step is referred to by.
type reference struct{ kind, id string }

// references are what the document refers to.
type references struct {
	found      map[reference]bool
	missing    map[reference]source.Diagnostics // as it is reported
	candidates map[reference][]string           // what all that refer to a missing one could mean
	duplicates []duplicateID
	nameless   []params.Path // steps whose id is left empty
}

// duplicateID is an id that a step before has already, with the report of it.
type duplicateID struct {
	id     string
	report source.Diagnostic
}

func newReferences() references {
	return references{found: map[reference]bool{}, missing: map[reference]source.Diagnostics{}, candidates: map[reference][]string{}}
}

func (r *references) noteFound(kind, id string) { r.found[reference{kind, id}] = true }

// noteMissing keeps the report of a name that is not there, where each of candidates
// would do.
func (r *references) noteMissing(kind, id string, report source.Diagnostic, candidates []string) {
	key := reference{kind, id}
	if before, again := r.candidates[key]; again {
		candidates = slices.DeleteFunc(candidates, func(name string) bool { return !slices.Contains(before, name) })
	}
	r.candidates[key] = candidates
	r.missing[key] = append(r.missing[key], report)
}

// lastReport is what was reported last.
func (k *checker) lastReport() source.Diagnostic { return k.diags.List[len(k.diags.List)-1] }

// renames finds the services and steps with a name that nothing refers to, where
// several places refer to nearly that name, or to one that can't be anything else: the
// mistake is the name then.
func (k *checker) renames() {
	places := map[string]map[string]params.Path{"service": {}, "step": k.steps}
	for _, s := range k.doc.Services {
		places["service"][s.ID] = servicePath(s)
	}
	names := make([]reference, 0, len(k.names.missing))
	for key := range k.names.missing {
		names = append(names, key)
	}
	slices.SortFunc(names, func(a, b reference) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	names = k.copiedID(names)
	for _, key := range names {
		diags := k.names.missing[key]
		if key.kind == "step" && places["step"][key.id] == nil && params.Near(key.id, sortedKeys(k.steps)) == "" && len(k.names.nameless) == 1 {
			path := k.names.nameless[0].Key("id")
			k.withdraw(diags)
			k.reportError(k.keyAt(path), path, "unknown-result", "write id: "+key.id, "the step's id is empty, and line %d refers to a step %q", diags[0].Line, key.id)
			continue
		}
		if len(diags) < 2 || places[key.kind][key.id] != nil {
			continue
		}
		var idle []string
		for _, id := range sortedKeys(places[key.kind]) {
			if !k.names.found[reference{key.kind, id}] {
				idle = append(idle, id)
			}
		}
		id := params.Near(key.id, idle)
		hint := fmt.Sprintf("did you mean %s?", key.id)
		if id == "" {
			could := slices.DeleteFunc(slices.Clone(k.names.candidates[key]), func(id string) bool { return !slices.Contains(idle, id) })
			if len(could) != 1 {
				continue
			}
			id = could[0]
			hint = fmt.Sprintf("give both the same name: write %s here, or %s there", key.id, id)
		}
		path := places[key.kind][id]
		at := k.keyAt(path)
		if key.kind == "step" {
			path = path.Key("id")
			at = k.at(path)
			if source.ComparePositions(at, source.Position{File: diags[0].File, Line: diags[0].Line, Column: diags[0].Column}) > 0 {
				continue
			}
		}
		var lines []string
		for _, p := range diags {
			lines = append(lines, strconv.Itoa(p.Line))
		}
		k.withdraw(diags)
		k.reportError(at, path, "unknown-"+map[string]string{"service": "service", "step": "result"}[key.kind],
			hint,
			"nothing refers to the %s %q, and there is no %s %q, which lines %s refer to", key.kind, id, key.kind, key.id, strings.Join(slices.Compact(lines), ", "))
	}
}

func (k *checker) withdraw(diags source.Diagnostics) {
	k.diags.List = slices.DeleteFunc(k.diags.List, func(p source.Diagnostic) bool { return slices.Contains(diags, p) })
}

// copiedID finds the id that was copied with its step and not changed: there is one id
// that is given twice, and one that is missing. It returns the names that are still
// missing.
func (k *checker) copiedID(names []reference) []reference {
	isMissing := func(key reference) bool { return key.kind == "step" && k.steps[key.id] == nil }
	i := slices.IndexFunc(names, isMissing)
	if len(k.names.duplicates) != 1 || i < 0 || slices.ContainsFunc(names[i+1:], isMissing) {
		return names
	}
	missing, same := names[i], reference{"step", k.names.duplicates[0].id}
	report := k.names.duplicates[0].report
	k.withdraw(slices.Concat(k.names.missing[missing], k.names.missing[same], source.Diagnostics{report}))
	report.Severity, report.Hint = source.SeverityError, "write id: "+missing.id+", to which templates refer"
	k.diags.List = append(k.diags.List, report)
	return slices.DeleteFunc(names, func(key reference) bool { return key == missing || key == same })
}
