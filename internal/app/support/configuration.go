package support

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
)

// configuration writes each source anew from its values, and what is wrong with it.
func (c *collecting) configuration(context.Context) {
	for n, s := range c.setup.Sources {
		name := fmt.Sprintf("configuration/%d-%s.yml", n+1, strings.TrimSuffix(filepath.Base(s.Name), filepath.Ext(s.Name)))
		text, err := c.shown(s)
		if err != nil {
			c.unread("the configuration "+s.Name, err)
			continue
		}
		c.add(name, "the configuration "+s.Name+", without comments and secrets", text)
	}
	if c.invalid == nil && len(c.setup.Diagnostics) == 0 {
		return
	}
	var wrong struct {
		Problems []config.Diagnostic `json:"problems"`
		Error    string              `json:"error,omitempty"`
	}
	wrong.Problems = append([]config.Diagnostic{}, c.setup.Diagnostics...)
	var told *app.DiagnosticsError
	if c.invalid != nil && !errors.As(c.invalid, &told) {
		wrong.Error = c.invalid.Error()
	}
	if told != nil {
		wrong.Problems = told.Diagnostics
	}
	c.addJSON("configuration/problems.json", "what otai validate says of it, for a process with the variables of this command", wrong)
}

// errUnreadable keeps a file in which nobody can find what is secret.
var errUnreadable = errors.New("it can't be read as YAML, so it isn't known what of it is secret; problems.json says where")

// shown is a source without comments and without secrets.
func (c *collecting) shown(s config.Source) ([]byte, error) {
	ignored := &source.Reporter{}
	doc := source.Parse(s, ignored)
	if doc == nil {
		return nil, errUnreadable
	}
	root := source.Expand(s.Name, doc.Content[0], ignored)
	if root == nil {
		return nil, errUnreadable
	}
	return yaml.Marshal(c.visible(root, false))
}

// visible is a value anew. hidden masks all texts and numbers in it.
func (c *collecting) visible(n *source.Node, hidden bool) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		unknown, aside := !c.knows(n.Get("use")), slices.ContainsFunc(n.Pairs, func(p source.Pair) bool { return isName(p.Value) })
		for _, p := range n.Pairs {
			key := c.clean(p.Key)
			if aside && isName(p.Value) && !secretname.Harmless(p.Key) { // it stands where the secret belongs
				key = redact.Mask
			}
			inner := hidden || aside && !isName(p.Value) || unknown && p.Key == "params" || secretname.Is(p.Key) || secretname.Resembles(p.Key)
			out.Content = append(out.Content, text(key), c.visible(p.Value, inner))
		}
		return out
	case yaml.SequenceNode:
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range n.Items {
			out.Content = append(out.Content, c.visible(item, hidden))
		}
		return out
	}
	value, isText := n.Value.(string)
	switch _, isSwitch := n.Value.(bool); {
	case n.Value == nil || isSwitch:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text}
	case hidden && !(isText && reference.MatchString(value)):
		return text(redact.Mask)
	case isText:
		return text(c.clean(address(value)))
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: c.clean(n.Text)}
}

func text(value string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(value)
	return n
}

// isName is true of the name of a secret where a value stands: the secret is beside it.
func isName(n *source.Node) bool {
	word, ok := n.Value.(string)
	return ok && secretname.IsWord(word)
}

// knows reports whether it is known which params of a use are secret. Those of a plugin that isn't
// there are not.
func (c *collecting) knows(use *source.Node) bool {
	if use == nil {
		return true
	}
	name, _ := use.Value.(string)
	if c.setup.Catalog == nil {
		return false
	}
	_, known := c.setup.Catalog.Find(name)
	return known
}

var (
	// reference is a value that only names where a secret is.
	reference = lazyregexp.New(`^\$\{(?:[A-Za-z_]\w*|file:[^{}]+)\}$|^\{\{\s*get_env\(\s*(?:'\w+'|"\w+")\s*\)\s*\}\}$`)

	// What may be secret in an address, and what stands before a token.
	login  = lazyregexp.New(`(://)[^/?#\s]*@`)
	query  = lazyregexp.New(`([?&;][^=&#\s]*=)[^&#\s]+`)
	bearer = lazyregexp.New(`(?i)\b((?:bearer|basic|token)\s+)[^\s"'{$]+`)
	// segment is a part of a path with letters and digits, as a webhook's address has.
	segment = lazyregexp.New(`/[\w~.%+=-]{8,}`)
	digit   = lazyregexp.New(`\d`)
)

// address masks in a text what addresses have that gives access.
func address(value string) string {
	value = bearer.ReplaceAllString(value, "${1}"+redact.Mask)
	if !strings.Contains(value, "://") {
		return value
	}
	value = login.ReplaceAllString(value, "${1}"+redact.Mask+"@")
	value = query.ReplaceAllString(value, "${1}"+redact.Mask)
	before, path, _ := strings.Cut(value, "://")
	host, rest, hasPath := strings.Cut(path, "/")
	if !hasPath {
		return value
	}
	return before + "://" + host + segment.ReplaceAllStringFunc("/"+rest, func(part string) string {
		if digit.MatchString(part) {
			return "/" + redact.Mask
		}
		return part
	})
}

// addJSON keeps a value as JSON.
func (c *collecting) addJSON(name, about string, v any) {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		c.unread(about, err)
		return
	}
	c.add(name, about, append(content, '\n'))
}
