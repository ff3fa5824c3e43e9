package upgrade

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/vocabulary"
	"go.yaml.in/yaml/v3"
)

// Most files are in the current form, and all that this package knows about other
// forms has nothing to do for them. So the whole of such a file is recognized in one
// look: what is the least bit unusual, such as an alias or a key that no one knows, is
// left to the long way. That both agree is proved by FuzzACurrentFileIsLeftAsItIs.

// current returns the mapping below the root key of a file that is certainly in the
// current form, else nil.
func current(root *yaml.Node) *yaml.Node {
	if len(root.Content) == 2 && slices.Contains(vocabulary.RootKeys, root.Content[0].Value) {
		root = root.Content[1]
	}
	document, ok := keysAmong(root, vocabulary.DocumentKeys)
	if !ok || !plainNodes(root) {
		return nil
	}
	orchestrator := document["orchestrator"]
	if !currentInfrastructure(document["infrastructure"]) || !currentPlugins(document["plugins"]) || !currentServices(document["services"]) ||
		orchestrator == nil || !currentPipe(orchestrator) {
		return nil
	}
	return root
}

// plainNodes is true for nodes without aliases, merge keys, earlier forms in templates,
// and keys and names in other letters than ASCII's, among which may be some that can't
// be seen.
func plainNodes(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Kind == yaml.ScalarNode && strings.Contains(n.Value, ").data.") {
		return false
	}
	for i, inner := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			value := n.Content[i+1]
			name := inner.Value == "use" || inner.Value == "id"
			if inner.Kind != yaml.ScalarNode || inner.ShortTag() == "!!merge" || inner.Value == "uses" || inner.Value == "depends_on" ||
				!isASCII(inner.Value) || name && !isASCII(value.Value) {
				return false
			}
		}
		if !plainNodes(inner) {
			return false
		}
	}
	return true
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

// keysAmong returns the values of a mapping, all of whose keys are among some, each
// given once.
func keysAmong(n *yaml.Node, keys []string) (map[string]*yaml.Node, bool) {
	if n.Kind != yaml.MappingNode {
		return nil, false
	}
	values := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if _, twice := values[key]; twice || !slices.Contains(keys, key) {
			return nil, false
		}
		values[key] = n.Content[i+1]
	}
	return values, true
}

func currentInfrastructure(n *yaml.Node) bool {
	if n == nil {
		return true
	}
	infrastructure, ok := keysAmong(n, vocabulary.InfrastructureKeys)
	if logging := infrastructure["logging"]; ok && logging != nil {
		_, ok = keysAmong(logging, []string{"level", "format", "log_to_file", "log_file_path"})
	}
	if runs := infrastructure["runs"]; ok && runs != nil {
		_, ok = keysAmong(runs, vocabulary.RunsKeys)
	}
	if decisions := infrastructure["decisions"]; ok && decisions != nil {
		_, ok = keysAmong(decisions, vocabulary.DecisionsKeys)
	}
	if admin := infrastructure["admin"]; ok && admin != nil {
		_, ok = keysAmong(admin, vocabulary.AdminKeys)
	}
	return ok
}

func currentPlugins(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.SequenceNode && !slices.ContainsFunc(n.Content, func(item *yaml.Node) bool { return item.Kind != yaml.MappingNode })
}

func currentServices(n *yaml.Node) bool {
	if n == nil {
		return true
	}
	if n.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		id := n.Content[i].Value
		service, ok := keysAmong(n.Content[i+1], vocabulary.ServiceKeys)
		if !ok || slices.Contains(vocabulary.ServiceKeys, id) || id == "orchestrator" || !currentUse(service["use"]) {
			return false
		}
	}
	return true
}

func currentUse(n *yaml.Node) bool {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return false
	}
	prefix, _, ok := strings.Cut(n.Value, ":")
	_, renamed := vocabulary.RenamedUses[n.Value]
	return ok && !renamed && !strings.ContainsAny(prefix, "_.") && !strings.HasPrefix(prefix, "otai-")
}

// currentPipe is true for a pipe that is in the current form with all pipes in its
// params.
func currentPipe(n *yaml.Node) bool {
	pipe, ok := keysAmong(n, vocabulary.PipeKeys)
	if !ok || !currentUse(pipe["use"]) {
		return false
	}
	params := pipe["params"]
	if params == nil {
		return true
	}
	if params.Kind != yaml.MappingNode {
		return false
	}
	renamed := vocabulary.RenamedParams[pipe["use"].Value]
	for i := 0; i+1 < len(params.Content); i += 2 {
		key, value := params.Content[i].Value, params.Content[i+1]
		if _, old := renamed[key]; old {
			return false
		}
		switch {
		case key == "ticket_search_criteria" && value.Kind == yaml.MappingNode:
			for k := 0; k < len(value.Content); k += 2 {
				if value.Content[k].Value == "state" {
					return false
				}
			}
		case key == "steps" && value.Kind == yaml.SequenceNode:
			if slices.ContainsFunc(value.Content, func(step *yaml.Node) bool { return !currentPipe(step) }) {
				return false
			}
		case (key == "on" || key == "run") && value.Kind == yaml.MappingNode:
			if !currentPipe(value) {
				return false
			}
		}
	}
	return true
}
