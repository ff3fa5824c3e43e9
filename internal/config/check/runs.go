package check

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// step is a pipe in the configuration.
type step struct {
	m         map[string]any
	path      params.Path
	component catalog.Component
}

func (s step) id() string { return text(s.m["id"]) }

func (s step) name() string { return cmp.Or(s.id(), text(s.m["use"])) }

func (s step) given() map[string]any {
	given, _ := s.m["params"].(map[string]any)
	return given
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// runs warns of what makes runs less than they could be: runners that look
// alike, pipes of which it isn't known what their repetition does, writes that claim no
// ticket.
func (k *checker) runs() {
	root := k.stepAt(k.doc.Orchestrator, params.Keys("orchestrator"))
	runners := []step{root}
	if scope := root.component.ChildScope(); scope.Known && !scope.Sequence {
		runners = k.childSteps(root)
	}
	k.alike(runners)
	var silent []step
	for _, runner := range runners {
		k.laterFetches(runner)
		silent = append(silent, k.silent(runner)...)
		k.oneAtATime(runner, 1)
	}
	k.unknownEffects(silent)
}

func (k *checker) stepAt(m map[string]any, path params.Path) step {
	return step{m, path, k.componentOf(m)}
}

// childSteps are the child pipes of one, without its trigger.
func (k *checker) childSteps(s step) []step {
	if s.component.Params == nil {
		return nil
	}
	var list []step
	for path, m := range childPipes(s.component, s.given(), s.path.Key("params")) {
		if path.LastKey() != s.component.Trigger() || s.component.Trigger() == "" {
			list = append(list, k.stepAt(m, path))
		}
	}
	return list
}

// all are s and the pipes in it, in their order.
func (k *checker) all(s step) []step {
	list := []step{s}
	for _, child := range k.childSteps(s) {
		list = append(list, k.all(child)...)
	}
	return list
}

// alike asks for an id where two runners have none of their own and search for the same.
func (k *checker) alike(runners []step) {
	ids := map[string]int{}
	named := func(s step) []string {
		list := []string{s.id()}
		if run := k.childSteps(s); s.component.Trigger() != "" && len(run) == 1 {
			list = append(list, run[0].id())
		}
		return list
	}
	for _, s := range runners {
		for _, id := range named(s) {
			ids[id]++
		}
	}
	type form struct{ use, injects, params any }
	var seen []form
	var first []step
	for _, s := range runners {
		if slices.ContainsFunc(named(s), func(id string) bool { return id != "" && ids[id] == 1 }) {
			continue
		}
		what := s
		all := k.all(s)
		if i := slices.IndexFunc(all, func(s step) bool { return searches(s.component) }); i >= 0 {
			what = all[i]
		}
		f := form{what.m["use"], what.m["injects"], what.m["params"]}
		if i := slices.IndexFunc(seen, func(other form) bool { return reflect.DeepEqual(f, other) }); i >= 0 {
			at := s.path.Key("use")
			k.warn(k.at(at), at, "alike-runners", "give each of them an id: of its own", "what this does for a ticket is kept under its place among its like, because %s does the same and neither has an id", first[i].path)
			continue
		}
		seen, first = append(seen, f), append(first, s)
	}
}

// laterFetches warns of a write to a ticket that a later search of the run found: only
// what the first one finds is claimed.
func (k *checker) laterFetches(runner step) {
	if k.language == nil {
		return
	}
	later := map[string]step{}
	first := true
	for _, s := range k.all(runner) {
		if searches(s.component) {
			if id := s.id(); !first && id != "" && s.given()["claim"] == nil && s.component.Params.Field("claim") != nil {
				later[id] = s
			}
			first = false
			continue
		}
		template := text(s.given()["ticket_id"])
		if len(later) == 0 || !jinja.HasTemplate(template) {
			continue
		}
		parsed, err := k.language.Parse(template)
		if err != nil {
			continue
		}
		for _, n := range jinja.Names(parsed) {
			if n.Name != "get_pipe_result" || len(n.Args) == 0 {
				continue
			}
			if fetch, ok := later[n.Args[0].Text]; ok {
				delete(later, n.Args[0].Text)
				at := fetch.path.Key("use")
				k.warn(k.at(at), at, "unclaimed-fetch", "write claim: true below its params:, or claim: false if another runner may work at the same tickets",
					"%s writes to what this finds, and only the first search of a run keeps its tickets from other runs", s.name())
			}
		}
	}
}

// silent are the pipes behind a search that don't say what a repetition of them does. One
// that says which change of a ticket it sends changes that.
func (k *checker) silent(runner step) []step {
	var list []step
	fetched := false
	for _, s := range k.all(runner) {
		labels := s.component.Labels
		switch {
		case searches(s.component):
			fetched = true
		case !fetched || s.component.Params == nil || len(k.childSteps(s)) > 0:
		case labels[params.LabelEffect] == "" && labels[params.LabelUpdates] == "" && labels[params.LabelAddsNote] == "":
			list = append(list, s)
		}
	}
	return list
}

// unknownEffects warns once of all of them.
func (k *checker) unknownEffects(silent []step) {
	if len(silent) == 0 {
		return
	}
	var uses []string
	for _, s := range silent {
		if use := text(s.m["use"]); !slices.Contains(uses, use) {
			uses = append(uses, use)
		}
	}
	at := silent[0].path.Key("use")
	k.warn(k.at(at), at, "unknown-effect", "its author sets the label effect: none, or once if it changes something outside that must not happen twice",
		"a run that is interrupted in %s calls it again, and nothing says what that does", strings.Join(uses, " or "))
}

// oneAtATime names the pipes at which several workers wait for each other.
func (k *checker) oneAtATime(s step, workers int) {
	if n, known := k.workers(s); known {
		workers = n
	}
	if workers > 1 && s.component.Params != nil && s.component.Labels[params.LabelConcurrent] != "true" {
		at := s.path.Key("use")
		k.report(source.SeverityAdvice, k.at(at), at, "one-at-a-time", "its author sets the label concurrent: true on a pipe that may run many times at once",
			fmt.Sprintf("%d workers wait for each other here: %s runs for one ticket at a time", workers, text(s.m["use"])))
		return
	}
	for _, child := range k.childSteps(s) {
		k.oneAtATime(child, workers)
	}
}

// workers is how many there are in a runner or a loop.
func (k *checker) workers(s step) (int, bool) {
	items, _ := s.component.LabeledParam(params.LabelItems)
	if s.component.Params == nil || items == "" && s.component.Trigger() == "" {
		return 0, false
	}
	spec := s.component.Params.Field("workers")
	if spec == nil || spec.Kind != params.KindInt {
		return 0, false
	}
	switch n := s.given()["workers"].(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	case nil:
		return 4, items != ""
	default:
		return 0, false
	}
}

// behindTheGate are the methods by which a pipe may use a ticket system whose writes are
// kept.
var behindTheGate = func() map[string]bool {
	names := map[string]bool{}
	for _, t := range []reflect.Type{reflect.TypeFor[api.TicketSystem](), reflect.TypeFor[api.TicketCreator]()} {
		for i := range t.NumMethod() {
			names[t.Method(i).Name] = true
		}
	}
	return names
}()

// pastTheGate warns of a pipe that has a ticket system itself, with methods of its own.
func (k *checker) pastTheGate(need string, methods []string, id string, path params.Path) {
	if !ticketSystem(k.services[id]) || !slices.ContainsFunc(methods, func(method string) bool {
		name, _, _ := strings.Cut(method, "(")
		return !behindTheGate[name]
	}) {
		return
	}
	if i := slices.IndexFunc(k.doc.Services, func(s config.Service) bool { return s.ID == id }); i >= 0 && k.doc.Services[i].Bounds.Any() {
		k.reportError(k.at(path), path, "past-the-gate", "name a service without allow and max_changes, if this may write whatever it likes",
			"%s is the service %q itself, so its bounds wouldn't hold for what is written by it", need, id)
		return
	}
	k.warn(k.at(path), path, "past-the-gate", "a field of the type api.TicketSystem gets one whose writes are kept",
		"%s is the service %q itself, so what is written by it may happen twice after an interruption", need, id)
}
