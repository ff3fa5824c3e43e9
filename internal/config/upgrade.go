package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The names that the configuration uses where the user wrote none.
const (
	defaultOrchestrator = "base:SimpleSequentialOrchestrator"
	defaultRunner       = "base:SimpleSequentialRunner"
	defaultComposite    = "base:CompositePipe"
	// DefaultRenderer renders templates when no service does.
	DefaultRenderer = "base:JinjaRenderer"
)

var rootKeys = []string{"open_ticket_ai", "otai", "cfg"}

// usePrefixes are the plugin prefixes of earlier versions.
var usePrefixes = map[string]string{
	"otai_base":                  "base",
	"otai-base":                  "base",
	"open_ticket_ai.base":        "base",
	"open-ticket-ai.base":        "base",
	"otai_hf_local":              "hf-local",
	"otai-hf-local":              "hf-local",
	"open_ticket_ai.hf_local":    "hf-local",
	"hf_local":                   "hf-local",
	"otai_otobo_znuny":           "otobo-znuny",
	"otai-otobo-znuny":           "otobo-znuny",
	"open_ticket_ai.otobo_znuny": "otobo-znuny",
	"otobo_znuny":                "otobo-znuny",
}

// upgrader turns the accepted forms of a file into one: no root key, services as a
// mapping by id, the orchestrator as a pipe with params.steps. Values keep the
// positions at which they were written.
type upgrader struct{ found *findings }

// upgrade returns the mapping below the root key.
func upgrade(root *node, f *findings) *node {
	u := upgrader{f}
	root = u.unwrap(root)
	if root == nil {
		return nil
	}
	for i, p := range root.pairs {
		switch p.key {
		case "services":
			root.pairs[i].value = u.services(p.value)
		case "plugins":
			u.plugins(p.value)
		case "orchestrator":
			u.orchestrator(p.value)
		}
	}
	return root
}

func (u upgrader) unwrap(root *node) *node {
	for _, p := range root.pairs {
		for _, name := range rootKeys {
			if p.key != name {
				continue
			}
			for _, other := range root.pairs {
				if other.key != p.key {
					u.found.err(other.at, other.key, "unknown-key", "move it below "+p.key+":", "this key stands beside the root key %s", p.key)
				}
			}
			switch {
			case p.value.isMapping():
				return p.value
			case p.value.isNull():
				u.found.err(p.at, p.key, "empty", "write services: and orchestrator: below it, indented", "there is no configuration below this key")
			default:
				u.found.err(p.value.at, p.key, "not-a-mapping", "write keys such as services: and orchestrator: below it", "this is no mapping of keys to values")
			}
			return nil
		}
	}
	return root
}

// services turns a list of services with ids into a mapping by id.
func (u upgrader) services(n *node) *node {
	if n.isMapping() {
		for _, p := range n.pairs {
			u.use(p.value, join("services", p.key))
		}
		return n
	}
	if !n.isList() {
		return n
	}
	out := &node{kind: yaml.MappingNode, at: n.at}
	first := map[string]Position{}
	for i, item := range n.items {
		path := at("services", i)
		if !item.isMapping() {
			u.found.err(item.at, path, "wrong-type", "write - id: NAME and use: below it", "a service is a mapping with id and use")
			continue
		}
		id, ok := item.cut("id")
		if !ok {
			u.found.err(item.at, path, "missing-key", "each service of a list has an id", "the id is missing")
			continue
		}
		name, isText := id.value.value.(string)
		if !isText || name == "" {
			u.found.err(id.value.at, path+".id", "wrong-type", `write it in quotes: "name"`, "the id must be text")
			continue
		}
		if before, twice := first[name]; twice {
			u.found.err(id.value.at, path+".id", "duplicate-id", fmt.Sprintf("it is first given in line %d: rename one of both", before.Line), "the id %q is given twice", name)
			continue
		}
		first[name] = id.value.at
		u.use(item, join("services", name))
		out.pairs = append(out.pairs, pair{name, id.value.at, item})
	}
	return out
}

// plugins turns names into mappings.
func (u upgrader) plugins(n *node) {
	if !n.isList() {
		return
	}
	for i, item := range n.items {
		if _, ok := item.value.(string); ok {
			n.items[i] = &node{kind: yaml.MappingNode, at: item.at, pairs: []pair{{"name", item.at, item}}}
		}
	}
}

// orchestrator gives the root pipe its use, and turns runners into steps.
func (u upgrader) orchestrator(n *node) {
	if !n.isMapping() {
		return
	}
	if runners, ok := n.cut("runners"); ok {
		u.runners(n, runners)
	}
	u.pipe(n, "orchestrator", defaultOrchestrator)
}

func (u upgrader) runners(n *node, runners pair) {
	if params := n.get("params"); n.get("steps") != nil || params != nil && params.get("steps") != nil {
		u.found.err(runners.at, "orchestrator.runners", "conflict", "move the runners into params.steps, or the steps into runners", "runners and steps can't be given together")
		return
	}
	if !runners.value.isList() {
		u.found.err(runners.value.at, "orchestrator.runners", "wrong-type", "write - run: and a pipe below it", "runners is a list")
		return
	}
	steps := &node{kind: yaml.SequenceNode, at: runners.value.at}
	triggered := true
	for i, item := range runners.value.items {
		if !item.isMapping() {
			u.found.err(item.at, at("orchestrator.runners", i), "wrong-type", "write - run: and a pipe below it", "a runner is a mapping with on and run")
			continue
		}
		steps.items = append(steps.items, runner(item))
		triggered = triggered && item.get("on") != nil
	}
	u.lift(n, pair{"steps", runners.at, steps})
	if !triggered && n.get("params").get(pauseKey) == nil {
		pause := &node{kind: yaml.ScalarNode, at: runners.at, value: untriggeredPause, text: untriggeredPause}
		u.lift(n, pair{pauseKey, runners.at, pause})
	}
}

const (
	pauseKey = "orchestrator_sleep"
	// A runner without a trigger runs in every cycle. With the usual pause, which is
	// meant for looking at triggers, it would ask the help desk a hundred times a second.
	untriggeredPause = "PT1S"
)

// runner makes the pipe that runs the pipe run whenever the pipe on succeeds.
func runner(n *node) *node {
	params := &node{kind: yaml.MappingNode, at: n.at}
	out := &node{kind: yaml.MappingNode, at: n.at}
	for _, p := range n.pairs {
		if p.key == "id" {
			out.pairs = append(out.pairs, p)
		} else {
			params.pairs = append(params.pairs, p)
		}
	}
	use := &node{kind: yaml.ScalarNode, at: n.at, value: defaultRunner, text: defaultRunner}
	out.pairs = append(out.pairs, pair{"use", n.at, use}, pair{"params", n.at, params})
	return out
}

// pipe brings one pipe and the pipes in its params into the current form.
func (u upgrader) pipe(n *node, path, fallback string) {
	if !n.isMapping() {
		return
	}
	u.use(n, path)
	if steps := n.get("steps"); steps != nil {
		if params := n.get("params"); params == nil || params.isMapping() && params.get("steps") == nil || params.isNull() {
			p, _ := n.cut("steps")
			u.found.warn(p.at, join(path, "steps"), "deprecated", "put it below params:", "steps beside params is the form of an earlier version")
			u.lift(n, p)
		}
	}
	params := n.get("params")
	if !params.isMapping() {
		params = &node{}
	}
	if steps := params.get("steps"); steps != nil && fallback == "" {
		fallback = defaultComposite
	}
	if n.get("use") == nil && fallback != "" {
		n.pairs = append(n.pairs, pair{"use", n.at, &node{kind: yaml.ScalarNode, at: n.at, value: fallback, text: fallback}})
	}
	if steps := params.get("steps"); steps.isList() {
		for i, step := range steps.items {
			u.pipe(step, at(path+".params.steps", i), "")
		}
	}
	for _, key := range []string{"on", "run"} {
		u.pipe(params.get(key), path+".params."+key, "")
	}
}

// lift puts a key into the params of a pipe.
func (u upgrader) lift(pipe *node, p pair) {
	for i, own := range pipe.pairs {
		if own.key != "params" {
			continue
		}
		if own.value.isNull() {
			pipe.pairs[i].value = &node{kind: yaml.MappingNode, at: p.value.at}
		}
		if params := pipe.pairs[i].value; params.isMapping() {
			params.pairs = append(params.pairs, p)
		}
		return
	}
	params := &node{kind: yaml.MappingNode, at: p.at, pairs: []pair{p}}
	pipe.pairs = append(pipe.pairs, pair{"params", p.at, params})
}

// use replaces the plugin prefix of an earlier version.
func (u upgrader) use(n *node, path string) {
	if !n.isMapping() {
		return
	}
	value := n.get("use")
	if value == nil {
		return
	}
	text, _ := value.value.(string)
	prefix, name, found := strings.Cut(text, ":")
	if current, old := usePrefixes[prefix]; found && old {
		value.value = current + ":" + name
		u.found.warn(value.at, path+".use", "deprecated", "write "+current+":"+name, "%s is the name of an earlier version", text)
	}
}
