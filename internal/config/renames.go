package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// lost is a name of a service or of a step.
type lost struct{ kind, id string }

// lose notes that the last diagnostic is about a name that is not there, where
// each of those in could would do.
func (k *checker) lose(kind, id string, could []string) {
	if k.lost == nil {
		k.lost, k.meant = map[lost]Diagnostics{}, map[lost][]string{}
	}
	key := lost{kind, id}
	if before, again := k.meant[key]; again {
		could = slices.DeleteFunc(could, func(name string) bool { return !slices.Contains(before, name) })
	}
	k.meant[key] = could
	k.lost[key] = append(k.lost[key], k.diags.List[len(k.diags.List)-1])
}

func (k *checker) met(kind, id string) {
	if k.seen == nil {
		k.seen = map[lost]bool{}
	}
	k.seen[lost{kind, id}] = true
}

// renames finds the services and steps with a name that nothing refers to, where
// several places refer to nearly that name, or to one that can't be anything else: the
// mistake is the name then.
func (k *checker) renames() {
	places := map[string]map[string]params.Path{"service": {}, "step": k.steps}
	for _, s := range k.doc.Services {
		places["service"][s.ID] = servicePath(s)
	}
	names := make([]lost, 0, len(k.lost))
	for key := range k.lost {
		names = append(names, key)
	}
	slices.SortFunc(names, func(a, b lost) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	names = k.copied(names)
	for _, key := range names {
		diags := k.lost[key]
		if key.kind == "step" && places["step"][key.id] == nil && params.Near(key.id, sortedKeys(k.steps)) == "" && len(k.nameless) == 1 {
			path := k.nameless[0].Key("id")
			k.drop(diags)
			k.reportError(k.keyAt(path), path, "unknown-result", "write id: "+key.id, "the step's id is empty, and line %d refers to a step %q", diags[0].Line, key.id)
			continue
		}
		if len(diags) < 2 || places[key.kind][key.id] != nil {
			continue
		}
		var idle []string
		for _, id := range sortedKeys(places[key.kind]) {
			if !k.seen[lost{key.kind, id}] {
				idle = append(idle, id)
			}
		}
		id := params.Near(key.id, idle)
		hint := fmt.Sprintf("did you mean %s?", key.id)
		if id == "" {
			could := slices.DeleteFunc(slices.Clone(k.meant[key]), func(id string) bool { return !slices.Contains(idle, id) })
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
			if source.ComparePositions(at, Position{File: diags[0].File, Line: diags[0].Line, Column: diags[0].Column}) > 0 {
				continue
			}
		}
		var lines []string
		for _, p := range diags {
			lines = append(lines, fmt.Sprint(p.Line))
		}
		k.drop(diags)
		k.reportError(at, path, "unknown-"+map[string]string{"service": "service", "step": "result"}[key.kind],
			hint,
			"nothing refers to the %s %q, and there is no %s %q, which lines %s refer to", key.kind, id, key.kind, key.id, strings.Join(slices.Compact(lines), ", "))
	}
}

func (k *checker) drop(diags Diagnostics) {
	k.diags.List = slices.DeleteFunc(k.diags.List, func(p Diagnostic) bool { return slices.Contains(diags, p) })
}

// twice is an id that a step before has already, with the report of it.
type twice struct {
	id     string
	report Diagnostic
}

// copied finds the id that was copied with its step and not changed: there is one id
// that is given twice, and one that is missing. It returns the names that are still
// lost.
func (k *checker) copied(names []lost) []lost {
	isMissing := func(key lost) bool { return key.kind == "step" && k.steps[key.id] == nil }
	i := slices.IndexFunc(names, isMissing)
	if len(k.twice) != 1 || i < 0 || slices.ContainsFunc(names[i+1:], isMissing) {
		return names
	}
	missing, same := names[i], lost{"step", k.twice[0].id}
	report := k.twice[0].report
	k.drop(slices.Concat(k.lost[missing], k.lost[same], Diagnostics{report}))
	report.Severity, report.Hint = SeverityError, "write id: "+missing.id+", to which templates refer"
	k.diags.List = append(k.diags.List, report)
	return slices.DeleteFunc(names, func(key lost) bool { return key == missing || key == same })
}
