package upgrade

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// currentPrefix is the plugin prefix that one of an earlier version stands for:
// otai_base, open_ticket_ai.base and otai-base are base, and hf_local is hf-local.
func currentPrefix(prefix string) string {
	current := strings.ReplaceAll(prefix, "_", "-")
	for _, begin := range []string{"open-ticket-ai.", "otai-"} {
		current = strings.TrimPrefix(current, begin)
	}
	if current == "" || strings.Contains(current, ".") {
		return prefix
	}
	return current
}

// use replaces the names of earlier versions, and returns what stands there.
func (u upgrader) use(n *yaml.Node, path params.Path) *yaml.Node {
	value := target(valueOf(n, "use"))
	text, ok := textOf(value)
	if !ok {
		return value
	}
	prefix, name, found := strings.Cut(text, ":")
	if !found {
		return value
	}
	current := currentPrefix(prefix) + ":" + name
	if renamed, ok := vocabulary.RenamedUses[current]; ok {
		current = renamed
	}
	if current == text {
		return value
	}
	u.text.replace(value, text, current)
	value.Value = current
	if _, retired := vocabulary.RetiredUses[current]; !retired { // which is an error later on
		u.warn(value, path.Key("use"), "deprecated", "write "+current, "%s is the name of an earlier version", text)
	}
	return value
}

// logging takes the level out of the form of Python's own logging.
func (u upgrader) logging(n *yaml.Node) {
	key, level := keyOf(n, "root"), valueOf(valueOf(n, "root"), "level")
	if key == nil || level == nil || keyOf(n, "level") != nil {
		return
	}
	u.warn(key, params.Keys("infrastructure", "logging", "root"), "deprecated", "write level: "+target(level).Value, "this is the form of Python's logging")
	u.text.level(n)
	take(n, "root")
	put(n, newText("level", key), level)
}

// params renames the params of a pipe.
func (u upgrader) pipeParams(n *yaml.Node, path params.Path, use string) {
	n = target(n)
	if !isMapping(n) {
		return
	}
	base := path.Key("params")
	for _, old := range slices.Sorted(maps.Keys(vocabulary.RenamedParams[use])) {
		current := vocabulary.RenamedParams[use][old]
		if key := keyOf(n, old); key != nil && keyOf(n, current) == nil {
			u.warn(key, base.Key(old), "deprecated", "write "+current+":", "%s is the name of an earlier version", old)
			u.text.replace(key, old, current)
			key.Value = current
		}
	}
	criteria := target(valueOf(n, "ticket_search_criteria"))
	key := keyOf(criteria, "state")
	if key == nil || keyOf(criteria, "states") != nil {
		return
	}
	state := valueOf(criteria, "state")
	shown := "[…]"
	switch text, isText := textOf(state); {
	case isText:
		shown = "[{name: " + text + "}]"
		state = newList(state, newMapping(state, newText("name", state), state))
	case isMapping(state):
		state = newList(state, state)
	default:
		return
	}
	u.warn(key, base.Key("ticket_search_criteria").Key("state"), "deprecated", "write states: "+shown, "tickets are found by a list of states")
	u.text.states(criteria)
	key.Value = "states"
	criteria.Content[indexOf(criteria, "states")+1] = state
}

// oldResult is how earlier versions took data of a step's result.
var oldResult = lazyregexp.New(`get_pipe_result\(\s*(?:'([^'\n]+)'|"([^"\n]+)")\s*\)\.data\.([A-Za-z_][A-Za-z0-9_]*)`)

// oldResults rewrites it, where the step's result has no value of its own that the
// same words could mean.
func (u upgrader) oldResults(n *yaml.Node, path params.Path) {
	if n == nil || n.Kind == yaml.AliasNode {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			u.oldResults(n.Content[i+1], path.Key(n.Content[i].Value))
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			u.oldResults(item, path.Index(i))
		}
	case yaml.ScalarNode:
		if !strings.Contains(n.Value, ").data.") {
			return
		}
		count := 0
		n.Value = oldResult.ReplaceAllStringFunc(n.Value, func(call string) string {
			part := oldResult.FindStringSubmatch(call)
			id, key, quote := part[1]+part[2], part[3], "'"
			if !u.hasData(id) {
				return call
			}
			if part[1] == "" {
				quote = `"`
			}
			current := fmt.Sprintf("get_pipe_result(%s%s%s, %s%s%s)", quote, id, quote, quote, key, quote)
			u.warn(n, path, "deprecated", "write "+current, "%s is the form of an earlier version", call)
			count++
			return current
		})
		if count > 0 {
			u.text.results(n, u.hasData, count)
		}
	}
}

// hasData is true for a step whose result has no value of its own, only data.
func (u upgrader) hasData(id string) bool {
	return slices.Contains([]string{"base:FetchTicketsPipe", "otobo-znuny:FetchTicketsPipe", "base:ClassificationPipe"}, u.uses[id])
}

// foreign reports a form that no version ever ran, with one error for the whole
// file: its single keys would mean nothing here.
func (u upgrader) foreign(root *yaml.Node) bool {
	const current = "write orchestrator: with params: {steps: […]}, each step with id:, use: PLUGIN:NAME, injects: and params:; `otai demo` and examples/ show whole files"
	for _, place := range []struct {
		in   *yaml.Node
		path params.Path
		key  string
	}{
		{root, nil, "pipelines"},
		{root, nil, "pipes"},
		{root, nil, "pipe"},
		{root, nil, "jobs"},
		{valueOf(root, "orchestrator"), params.Keys("orchestrator"), "pipelines"},
		{valueOf(root, "orchestrator"), params.Keys("orchestrator"), "pipes"},
	} {
		if key := keyOf(place.in, place.key); key != nil {
			what := "%s is a form that Open Ticket AI never ran"
			if place.key == "pipelines" {
				what = "%s is the form of Open Ticket AI 1.0.0rc1, which no later version runs"
			}
			u.reportError(key, place.path.Key(place.key), "unsupported-form", current, what, place.key)
			return true
		}
	}
	orchestrator := valueOf(root, "orchestrator")
	if n, path := usesWith(orchestrator, params.Keys("orchestrator"), map[*yaml.Node]bool{}); n != nil && !hasUse(orchestrator, map[*yaml.Node]bool{}) {
		u.reportError(n, path, "unsupported-form", current, "uses: and with: are a form that Open Ticket AI never ran")
		return true
	}
	return false
}

// hasUse is true where a pipe has the current form: a step of the other form is a
// slip there.
func hasUse(n *yaml.Node, seen map[*yaml.Node]bool) bool {
	n = target(n)
	if n == nil || seen[n] {
		return false
	}
	seen[n] = true
	if use, _ := textOf(valueOf(n, "use")); strings.Contains(use, ":") && use != vocabulary.DefaultOrchestrator {
		return true
	}
	return slices.ContainsFunc(n.Content, func(inner *yaml.Node) bool { return hasUse(inner, seen) })
}

// usesWith finds the first mapping with both keys.
func usesWith(n *yaml.Node, path params.Path, seen map[*yaml.Node]bool) (*yaml.Node, params.Path) {
	n = target(n)
	if n == nil || seen[n] {
		return nil, nil
	}
	seen[n] = true
	switch n.Kind {
	case yaml.MappingNode:
		if key := keyOf(n, "uses"); key != nil && keyOf(n, "with") != nil {
			return key, path.Key("uses")
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if found, where := usesWith(n.Content[i+1], path.Key(target(n.Content[i]).Value), seen); found != nil {
				return found, where
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if found, where := usesWith(item, path.Index(i), seen); found != nil {
				return found, where
			}
		}
	}
	return nil, nil
}
