package upgrade

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
	"go.yaml.in/yaml/v3"
)

// visibleNames takes invisible characters out of keys, uses and ids.
func (u upgrader) visibleNames(n *yaml.Node, path params.Path, seen map[*yaml.Node]bool) {
	n = target(n)
	if n == nil || seen[n] {
		return
	}
	seen[n] = true
	for i, item := range n.Content {
		if n.Kind == yaml.SequenceNode {
			u.visibleNames(item, path.Index(i), seen)
			continue
		}
		if n.Kind != yaml.MappingNode || i%2 == 0 {
			continue
		}
		key := target(n.Content[i-1])
		u.visibleName(key, path, true)
		inner := path.Key(key.Value)
		value := target(item)
		if value.Kind == yaml.ScalarNode && (key.Value == "use" || key.Value == "id" || path.LastKey() == "injects") {
			u.visibleName(value, inner, false)
		}
		u.visibleNames(item, inner, seen)
	}
}

func (u upgrader) visibleName(n *yaml.Node, path params.Path, key bool) {
	i := strings.IndexFunc(n.Value, source.Invisible)
	if i < 0 || n.Kind != yaml.ScalarNode {
		return
	}
	position := u.at(n)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && position.Line > 0 {
		position.Column += len([]rune(n.Value[:i]))
		if n.Style != 0 {
			position.Column++
		}
	}
	r := []rune(n.Value[i:])[0]
	clean := strings.Map(func(r rune) rune {
		if source.Invisible(r) {
			return -1
		}
		return r
	}, n.Value)
	if key {
		path = path.Key(clean)
	}
	u.diags.ReportError(position, path, source.InvisibleCode, "remove it; text copied from web pages and word processors has them", "%s stands in %q and can't be seen", source.RuneName(r), clean)
	n.Value = clean
}
