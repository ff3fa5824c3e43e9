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
	c.unknown = map[source.Position]bool{}
	for _, p := range wrong.Problems {
		if p.Code == "unknown-key" {
			c.unknown[source.Position{File: p.File, Line: p.Line, Column: p.Column}] = true
		}
	}
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
	return yaml.Marshal(c.visible(root, shows))
}

// How much of a value is shown.
type showing int

const (
	shows     showing = iota
	showsSome         // under a key that nobody knows: what is under a harmless one
	showsNone         // no text and no number
)

// visible is a value anew.
func (c *collecting) visible(n *source.Node, how showing) *yaml.Node {
	switch n.Kind {
	case yaml.MappingNode:
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		unknown, aside := !c.knows(n.Get("use")), slices.ContainsFunc(n.Pairs, func(p source.Pair) bool { return isName(p.Value) })
		for _, p := range n.Pairs {
			key := c.clean(p.Key)
			if aside && isName(p.Value) && !secretname.Harmless(p.Key) { // it stands where the secret belongs
				key = redact.Mask
			}
			inner := how
			switch {
			case secretname.Is(p.Key) || secretname.Resembles(p.Key):
				inner = showsNone
				c.learn(p.Value)
			case how == showsNone, aside && !isName(p.Value), unknown && p.Key == "params":
				inner = showsNone
			case c.unknown[p.Value.Key]:
				inner = showsSome
			}
			if inner == showsSome && len(p.Value.Pairs) == 0 && !secretname.Harmless(p.Key) {
				inner = showsNone
			}
			out.Content = append(out.Content, text(key), c.visible(p.Value, inner))
		}
		return out
	case yaml.SequenceNode:
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range n.Items {
			out.Content = append(out.Content, c.visible(item, how))
		}
		return out
	}
	value, isText := n.Value.(string)
	switch _, isSwitch := n.Value.(bool); {
	case n.Value == nil || isSwitch:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: n.Text}
	case how == showsNone && !(isText && reference.MatchString(value)):
		return text(redact.Mask)
	case isText:
		return text(c.clean(address(value)))
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: c.clean(n.Text)}
}

// A text that is shorter may be a word of the log, too.
const shortestLearned = 8

// learn takes a text for a secret that stands in a file and isn't in force, as where a variable is given
// instead: the log may have it.
func (c *collecting) learn(n *source.Node) {
	if value, isText := n.Value.(string); isText && len(value) >= shortestLearned && !strings.Contains(value, "{") {
		c.setup.Redactor.Add(value)
	}
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
