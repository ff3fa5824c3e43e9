package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// upgrader turns the accepted forms of a file into one: services as a mapping by
// id, the orchestrator as a pipe with params.steps, and the names of today. It
// changes YAML's own nodes, so that `otai config upgrade` can print them; values
// keep the positions at which they were written.
type upgrader struct {
	file  string
	diags *source.Reporter
	seen  map[*yaml.Node]bool // an anchor is upgraded once, however often it is used
	uses  map[string]string   // of the pipes, by id
	text  *changes            // nil: only the nodes are wanted
}

// Nodes returns the mapping below the root key, or nil when the file can't be
// used.
func Nodes(file string, root *yaml.Node, diags *source.Reporter) *yaml.Node {
	if inner := current(root); inner != nil {
		return inner
	}
	return upgradeNodes(file, root, diags, nil)
}

// upgradeNodes also collects what that is to the text of the file. What is not old
// but another way to write it stays there.
func upgradeNodes(file string, root *yaml.Node, diags *source.Reporter, text *changes) *yaml.Node {
	u := upgrader{file: file, diags: diags, seen: map[*yaml.Node]bool{}, uses: map[string]string{}, text: text}
	root = u.unwrap(root)
	if root == nil || u.foreign(root) {
		return nil
	}
	u.visibleNames(root, nil, map[*yaml.Node]bool{})
	u.document(root)
	u.logging(valueOf(valueOf(root, "infrastructure"), "logging"))
	u.services(valueOf(root, "services"))
	u.plugins(valueOf(root, "plugins"))
	u.orchestrator(valueOf(root, "orchestrator"))
	u.oldResults(valueOf(root, "orchestrator"), params.Keys("orchestrator"))
	return root
}

func (u upgrader) at(n *yaml.Node) source.Position {
	if n.Line == 0 {
		return source.Position{File: u.file}
	}
	return source.Position{File: u.file, Line: n.Line, Column: n.Column}
}

func (u upgrader) reportError(n *yaml.Node, path params.Path, code, hint, format string, args ...any) {
	u.diags.ReportError(u.at(n), path, code, hint, format, args...)
}

func (u upgrader) warn(n *yaml.Node, path params.Path, code, hint, format string, args ...any) {
	u.diags.Warn(u.at(n), path, code, hint, format, args...)
}

// once reports whether a node is met for the first time.
func (u upgrader) once(n *yaml.Node) bool {
	n = target(n)
	if u.seen[n] {
		return false
	}
	u.seen[n] = true
	return true
}

func (u upgrader) unwrap(root *yaml.Node) *yaml.Node {
	for _, name := range vocabulary.RootKeys {
		i := indexOf(root, name)
		if i < 0 {
			continue
		}
		key, value := root.Content[i], target(root.Content[i+1])
		if isNull(value) && u.notIndented(root, key) {
			take(root, name)
			return root
		}
		for k := 0; k+1 < len(root.Content); k += 2 {
			if other := root.Content[k]; other.Value != name && !strings.HasPrefix(other.Value, "x-") {
				u.reportError(other, params.Keys(other.Value), "unknown-key", "move it below "+name+":", "this key stands beside the root key %s", name)
			}
		}
		switch {
		case isMapping(value):
			return value
		case isNull(value):
			u.reportError(key, params.Keys(name), "empty", "write services: and orchestrator: below it, indented", "there is no configuration below this key")
		default:
			u.reportError(value, params.Keys(name), "not-a-mapping", "write keys such as services: and orchestrator: below it", "this is not a mapping of keys to values")
		}
		return nil
	}
	if len(root.Content) == 2 && isMapping(root.Content[1]) {
		// A root key that is nearly one.
		if key := root.Content[0]; strings.ReplaceAll(vocabulary.Normal(key.Value), "_", "") == "openticketai" || vocabulary.Nearest(key.Value, vocabulary.RootKeys[:1]) != "" && keyOf(root.Content[1], "orchestrator") != nil {
			u.reportError(key, params.Keys(key.Value), "unknown-key", "did you mean "+vocabulary.RootKeys[0]+"?", "unknown key %q", key.Value)
			return target(root.Content[1])
		}
	}
	return root
}

// notIndented is true for a root key with the document beside it instead of below.
func (u upgrader) notIndented(root, key *yaml.Node) bool {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if other := root.Content[i]; slices.Contains(vocabulary.DocumentKeys, other.Value) {
			u.reportError(other, params.Keys(other.Value), "unknown-key", "indent it and all that follows below "+key.Value+":, or remove that line", "this key stands beside the root key %s", key.Value)
			return true
		}
	}
	return false
}

// services turns a list of services with ids into a mapping by id.
func (u upgrader) services(n *yaml.Node) {
	n = target(n)
	if isMapping(n) && u.once(n) {
		u.unindented(n)
		for i := 0; i+1 < len(n.Content); i += 2 {
			u.service(n.Content[i+1], params.Keys("services", target(n.Content[i]).Value))
		}
	}
	if !isList(n) || !u.once(n) {
		return
	}
	var content []*yaml.Node
	first := map[string]source.Position{}
	for i, item := range n.Content {
		path := params.Keys("services").Index(i)
		if !isMapping(item) {
			u.reportError(item, path, "wrong-type", "write - id: NAME and use: below it", "a service is a mapping with id and use")
			continue
		}
		if item.Kind == yaml.AliasNode { // its id is taken out
			item = clone(item.Alias)
		}
		key, id := take(item, "id")
		if id == nil {
			u.reportError(item, path, "missing-key", "each service of a list has an id", "the id is missing")
			continue
		}
		name, isText := textOf(id)
		if !isText || name == "" {
			u.reportError(id, path.Key("id"), "wrong-type", `write it in quotes: "name"`, "the id must be text")
			continue
		}
		if before, twice := first[name]; twice {
			u.reportError(id, path.Key("id"), "duplicate-id", fmt.Sprintf("it is first given in line %d: rename one of the two", before.Line), "the id %q is given twice", name)
			continue
		}
		first[name] = u.at(id)
		u.service(item, params.Keys("services", name))
		comments(key, id)
		comments(item, id)
		item.Style &^= yaml.FlowStyle
		content = append(content, id, item)
	}
	n.Kind, n.Tag, n.Content = yaml.MappingNode, "!!map", content
	n.Style &^= yaml.FlowStyle
}

func (u upgrader) service(n *yaml.Node, path params.Path) {
	if isMapping(n) && u.once(n) {
		u.renamed(n, path, vocabulary.ServiceKeys, pipeNodeFits)
		u.use(n, path)
	}
}

// plugins turns names into mappings.
func (u upgrader) plugins(n *yaml.Node) {
	if n = target(n); !isList(n) {
		return
	}
	for i, item := range n.Content {
		if _, ok := textOf(item); ok {
			entry := newMapping(item, newText("name", item), item)
			comments(item, entry)
			n.Content[i] = entry
		}
	}
}

// orchestrator gives the root pipe its use, and turns runners into steps.
func (u upgrader) orchestrator(n *yaml.Node) {
	if n = target(n); !isMapping(n) {
		return
	}
	u.runners(n)
	u.pipe(n, params.Keys("orchestrator"), vocabulary.DefaultOrchestrator)
}

func (u upgrader) runners(n *yaml.Node) {
	key := keyOf(n, "runners")
	if key == nil {
		return
	}
	if valueOf(n, "steps") != nil || valueOf(valueOf(n, "params"), "steps") != nil {
		u.reportError(key, params.Keys("orchestrator", "runners"), "conflict", "move the runners into params.steps, or the steps into runners", "runners and steps can't be given together")
		take(n, "runners")
		return
	}
	key, runners := take(n, "runners")
	if !isList(runners) {
		u.reportError(runners, params.Keys("orchestrator", "runners"), "wrong-type", "write - run: and a pipe below it", "runners is a list")
		return
	}
	steps := newList(runners)
	triggered := true
	for i, item := range target(runners).Content {
		if !isMapping(item) {
			u.reportError(item, params.Keys("orchestrator", "runners").Index(i), "wrong-type", "write - run: and a pipe below it", "a runner is a mapping with on and run")
			continue
		}
		step := runner(item)
		if !hasTrigger(item) {
			triggered = false
			put(valueOf(step, "params"), newText("on", item), always(item))
			u.diags.Note(u.at(item), params.Keys("orchestrator", "runners").Index(i), "missing-trigger", vocabulary.TriggerLines("on"), "without a trigger this runs in every cycle")
		}
		steps.Content = append(steps.Content, step)
	}
	name := newText("steps", key)
	comments(key, name)
	u.lift(n, name, steps)
	if params := valueOf(n, "params"); !triggered && isMapping(params) && valueOf(params, pauseKey) == nil {
		putFirst(valueOf(n, "params"), newText(pauseKey, key), newText(untriggeredPause, key))
	}
}

const (
	pauseKey = "orchestrator_sleep"
	// A runner without a trigger runs in every cycle. With the usual pause, which is
	// intended for looking at triggers, it would ask the help desk a hundred times a
	// second.
	untriggeredPause = "PT1S"
)

// hasTrigger is true for a runner of the short form with a trigger, or with a key
// that was meant to be it, which is reported as what it is.
func hasTrigger(item *yaml.Node) bool {
	item = target(item)
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := target(item.Content[i]), target(item.Content[i+1])
		if key.ShortTag() == "!!merge" {
			sources := []*yaml.Node{value}
			if isList(value) {
				sources = value.Content
			}
			if slices.ContainsFunc(sources, func(source *yaml.Node) bool { return isMapping(source) && hasTrigger(source) }) {
				return true
			}
			continue
		}
		if key.Value == "on" || vocabulary.Meant(key.Value, vocabulary.RunnerKeys, nil) == "on" {
			return true
		}
	}
	return false
}

// always is a trigger that succeeds in every cycle.
func always(at *yaml.Node) *yaml.Node {
	interval := newMapping(at, newText("interval", at), newText("PT0S", at))
	return newMapping(at, newText("use", at), newText("base:IntervalTrigger", at), newText("params", at), interval)
}

// runner makes the pipe that runs the pipe run whenever the pipe on succeeds.
func runner(item *yaml.Node) *yaml.Node {
	params, out := newMapping(item), newMapping(item)
	content := target(item).Content
	for i := 0; i+1 < len(content); i += 2 {
		to := params
		if content[i].Value == "id" {
			to = out
		}
		put(to, content[i], content[i+1])
	}
	comments(item, out)
	put(out, newText("use", item), newText(vocabulary.DefaultRunner, item))
	put(out, newText("params", item), params)
	return out
}

// pipe brings one pipe and the pipes in its params into the current form.
func (u upgrader) pipe(n *yaml.Node, path params.Path, fallback string) {
	if !isMapping(n) || !u.once(n) {
		return
	}
	n = target(n)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].ShortTag() == "!!merge" {
			u.mergedPipe(n.Content[i+1], path)
			fallback = "" // the use may come from there
		}
	}
	u.renamed(n, path, vocabulary.PipeKeys, pipeNodeFits)
	u.use(n, path)
	if key := keyOf(n, "steps"); key != nil {
		if params := valueOf(n, "params"); isNull(params) || isMapping(params) && valueOf(params, "steps") == nil {
			u.warn(key, path.Key("steps"), "deprecated", "put it below params:", "steps beside params is the form of an earlier version")
			u.text.lift(n)
			u.lift(n, key, valueOf(n, "steps"))
			take(n, "steps")
		}
	}
	params := valueOf(n, "params")
	steps := valueOf(params, "steps")
	if steps != nil && fallback == "" {
		fallback = vocabulary.DefaultComposite
	}
	if valueOf(n, "use") == nil && fallback != "" && !hasMerge(n) {
		putFirst(n, newText("use", n), newText(fallback, n))
	}
	use, _ := textOf(valueOf(n, "use"))
	if id, ok := textOf(valueOf(n, "id")); ok {
		u.uses[id] = use
	}
	u.pipeParams(params, path, use)
	if steps := target(steps); isList(steps) {
		u.dashes(steps, path.Key("params").Key("steps"))
		u.order(steps, path.Key("params").Key("steps"))
		for i, step := range steps.Content {
			u.pipe(step, path.Key("params").Key("steps").Index(i), "")
		}
	}
	for _, key := range []string{"on", "run"} {
		u.pipe(valueOf(params, key), path.Key("params").Key(key), "")
	}
}

// mergedPipe upgrades what a pipe takes over by <<.
func (u upgrader) mergedPipe(n *yaml.Node, path params.Path) {
	n = target(n)
	if isList(n) {
		for _, item := range n.Content {
			u.mergedPipe(item, path)
		}
	}
	if isMapping(n) && u.once(n) {
		use, _ := textOf(u.use(n, path))
		u.pipeParams(valueOf(n, "params"), path, use)
	}
}

func hasMerge(n *yaml.Node) bool {
	return slices.ContainsFunc(target(n).Content, func(c *yaml.Node) bool { return c.ShortTag() == "!!merge" })
}

// order drops depends_on where it says what the order of the steps does already.
func (u upgrader) order(steps *yaml.Node, path params.Path) {
	before := map[string]bool{}
	for i, step := range steps.Content {
		if key := keyOf(step, "depends_on"); key != nil {
			needs := target(valueOf(step, "depends_on"))
			names := []*yaml.Node{needs}
			if isList(needs) {
				names = needs.Content
			}
			if !slices.ContainsFunc(names, func(n *yaml.Node) bool { id, ok := textOf(n); return !ok || !before[id] }) {
				u.warn(key, path.Index(i).Key("depends_on"), "deprecated", "remove it", "steps run in the order in which they stand, and a failed one stops those after it")
				u.text.remove(step, "depends_on")
				take(step, "depends_on")
			}
		}
		if id, ok := textOf(valueOf(step, "id")); ok {
			before[id] = true
		}
	}
}

// lift puts a key into the params of a pipe.
func (u upgrader) lift(pipe, key, value *yaml.Node) {
	i := indexOf(pipe, "params")
	if i < 0 {
		put(pipe, newText("params", key), newMapping(key, key, value))
		return
	}
	if isNull(target(pipe).Content[i+1]) {
		target(pipe).Content[i+1] = newMapping(key)
	}
	if params := target(pipe).Content[i+1]; isMapping(params) {
		put(params, key, value)
	}
}

func clone(n *yaml.Node) *yaml.Node {
	out := *n
	out.Anchor = ""
	out.Content = slices.Clone(n.Content)
	return &out
}
