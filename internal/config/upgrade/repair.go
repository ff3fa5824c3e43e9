package upgrade

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// The functions of this file put keys of the document, its services and its pipes to
// where they were certainly meant to be, as misplaced.go does for params: each is
// reported once, and nothing is missing because of it.

// document repairs the keys at the top.
func (u upgrader) document(root *yaml.Node) {
	u.renamed(root, nil, vocabulary.DocumentKeys, rootFits)
	u.flatOrchestrator(valueOf(root, "services"))
	for _, move := range []struct {
		key, from, to string
		fits          func(*yaml.Node) bool
	}{
		{"steps", "", "orchestrator", isList},
		{"runners", "", "orchestrator", isList},
		{"params", "", "orchestrator", func(n *yaml.Node) bool { return valueOf(n, "steps") != nil }},
		{"logging", "", "infrastructure", isMapping},
		{"services", "orchestrator", "", func(n *yaml.Node) bool { return isMapping(n) || isList(n) }},
		{"infrastructure", "orchestrator", "", isMapping},
		{"plugins", "orchestrator", "", isList},
		{"orchestrator", "services", "", isOrchestrator},
		{"services", "infrastructure", "", isMapping},
		{"orchestrator", "infrastructure", "", isOrchestrator},
	} {
		from, to := root, root
		var fromPath params.Path
		if move.from != "" {
			fromPath = params.Keys(move.from)
			from = valueOf(root, move.from)
		}
		value := valueOf(from, move.key)
		if value == nil || !move.fits(value) {
			continue
		}
		if move.to != "" {
			to = valueOf(root, move.to)
			if to != nil && !isMapping(to) && !isNull(to) {
				continue
			}
		}
		if to != nil && keyOf(to, move.key) != nil || move.key == "steps" && valueOf(valueOf(to, "params"), "steps") != nil {
			continue
		}
		key := keyOf(from, move.key)
		u.reportError(key, fromPath.Key(move.key), "unknown-key", placeHint(move.key, move.to), "unknown key %q", move.key)
		take(from, move.key)
		if move.to != "" && !isMapping(to) {
			take(root, move.to)
			to = newMapping(key)
			put(root, newText(move.to, key), to)
		}
		if move.key == "steps" {
			u.lift(to, key, value)
		} else {
			put(to, key, value)
		}
	}
}

func placeHint(key, to string) string {
	if hint, ok := vocabulary.Elsewhere[key]; ok && to != "" {
		return hint
	}
	return "indent it less: it belongs at the top, beside services: and orchestrator:"
}

func rootFits(name string, n *yaml.Node) bool {
	switch name {
	case "services":
		return isMapping(n) || isList(n) || isNull(n)
	case "orchestrator", "infrastructure":
		return isMapping(n)
	case "plugins":
		return isList(n)
	}
	return n.Kind == yaml.ScalarNode || isList(n)
}

func isOrchestrator(n *yaml.Node) bool {
	use, _ := textOf(valueOf(n, "use"))
	return keyOf(n, "runners") != nil || keyOf(n, "steps") != nil || keyOf(valueOf(n, "params"), "steps") != nil || strings.HasSuffix(use, "Orchestrator")
}

func pipeNodeFits(name string, n *yaml.Node) bool {
	switch name {
	case "params", "injects", "allow", "max_changes":
		return isMapping(n)
	}
	text, isText := textOf(n)
	return isText && vocabulary.PipeKeyFits(name, text)
}

// renamed reports the keys of a mapping that are certainly misspelled ones of names,
// and gives them their right names.
func (u upgrader) renamed(n *yaml.Node, path params.Path, names []string, fits func(name string, value *yaml.Node) bool) {
	n = target(n)
	if !isMapping(n) {
		return
	}
	given := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		given[target(n.Content[i]).Value] = nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := target(n.Content[i])
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" || slices.Contains(names, key.Value) || u.accepted(key.Value, path) {
			continue
		}
		missing := vocabulary.Free(names, given)
		name, hint := vocabulary.PipeWords[strings.ToLower(key.Value)], ""
		if slices.Contains(missing, name) {
			hint = "write " + name + ":"
		} else if name = vocabulary.Nearest(key.Value, missing); name != "" {
			hint = "did you mean " + name + "?"
		}
		if hint == "" || !fits(name, target(n.Content[i+1])) {
			continue
		}
		u.reportError(key, path.Key(key.Value), "unknown-key", hint, "unknown key %q", key.Value)
		right := *key
		right.Value, right.Tag, right.Style = name, "!!str", 0
		n.Content[i] = &right
		given[name] = nil
	}
}

// accepted is true for a key that has a meaning of its own there.
func (u upgrader) accepted(key string, path params.Path) bool {
	return key == "steps" || key == "depends_on" || key == "runners" && path.Equal(params.Keys("orchestrator")) || len(path) == 0 && vocabulary.Elsewhere[key] != ""
}

// unindented finds what belongs to a service and stands beside the services. It is
// put into the service above it.
func (u upgrader) unindented(services *yaml.Node) {
	var above *yaml.Node
	moved := ""
	id := ""
	for i := 0; i+1 < len(services.Content); {
		key, value := target(services.Content[i]), target(services.Content[i+1])
		part := slices.Contains(vocabulary.ServiceKeys, key.Value) && keyOf(value, "use") == nil &&
			(key.Value == "use" && value.Kind == yaml.ScalarNode || key.Value != "use" && (isMapping(value) || isNull(value)))
		switch {
		case !part:
			above, id, moved = services.Content[i+1], key.Value, ""
			if isNull(above) && i+3 < len(services.Content) {
				above = newMapping(key)
				services.Content[i+1] = above
			}
			i += 2
			continue
		case above == nil:
			if moved == "" {
				u.reportError(key, params.Keys("services", key.Value), "missing-key", "write the service's id with a colon above this line, and indent this below it", "the service's id is missing")
			}
			moved = key.Value
		case isMapping(above) && keyOf(above, key.Value) == nil:
			if moved == "" {
				u.reportError(key, params.Keys("services", key.Value), "unknown-key", "indent it below "+id+":", "%s stands beside the services", key.Value)
			}
			moved = key.Value
			put(above, services.Content[i], services.Content[i+1])
		default:
			u.reportError(key, params.Keys("services", key.Value), "unknown-key", "indent it below the service that it belongs to", "%s stands beside the services", key.Value)
		}
		services.Content = slices.Delete(services.Content, i, i+2)
	}
}

// dashes parts a step whose keys are given twice: the dash before the next step is
// missing.
func (u upgrader) dashes(steps *yaml.Node, path params.Path) {
	for i := 0; i < len(steps.Content); i++ {
		step := steps.Content[i]
		if step.Kind != yaml.MappingNode || step.Anchor != "" {
			continue
		}
		seen := map[string]int{}
		for k := 0; k+1 < len(step.Content); k += 2 {
			key := target(step.Content[k])
			first, twice := seen[key.Value]
			if !twice {
				seen[key.Value] = k
				continue
			}
			// A single key that is given twice is just that.
			if again := len(step.Content) - k; first > 2 || again < 4 || key.Value != "id" && key.Value != "use" {
				break
			}
			u.reportError(key, path.Index(i+1).Key(key.Value), "duplicate-key", "begin this line with a dash: - "+key.Value+": …", "the key %q is given twice, as if another step began here", key.Value)
			next := newMapping(key, step.Content[k:]...)
			step.Content = step.Content[:k:k]
			steps.Content = slices.Insert(steps.Content, i+1, next)
			break
		}
	}
}

// flatOrchestrator takes what stands below an orchestrator among the services at its
// own indentation into it.
func (u upgrader) flatOrchestrator(services *yaml.Node) {
	services = target(services)
	i := indexOf(services, "orchestrator")
	if i < 0 || !isNull(services.Content[i+1]) {
		return
	}
	end := i + 2
	for end+1 < len(services.Content) && slices.Contains([]string{"id", "use", "injects", "params", "allow", "max_changes", "steps", "runners"}, services.Content[end].Value) {
		end += 2
	}
	if end > i+2 {
		services.Content[i+1] = newMapping(services.Content[i+2], slices.Clone(services.Content[i+2:end])...)
		services.Content = slices.Delete(services.Content, i+2, end)
	}
}
