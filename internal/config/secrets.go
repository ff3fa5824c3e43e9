package config

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// secrets are values that no message may show.
type secrets struct {
	redact.Set
	names map[string]bool // values that are the names of variables, and shown
	// keys are those whose values are the names of secrets: both were swapped.
	keys map[string]bool
}

// masked returns diagnostics without the secrets.
func (s *secrets) masked(diags Diagnostics) Diagnostics {
	for i := range diags {
		diags[i].Message = s.Text(diags[i].Message)
		diags[i].Hint = s.Text(diags[i].Hint)
		diags[i].Path = s.path(diags[i].Path)
	}
	return diags
}

// path returns a path without the keys that are secrets.
func (s *secrets) path(path string) string {
	if len(s.keys) == 0 {
		return path
	}
	steps, err := params.ParsePath(path)
	if err != nil {
		return path
	}
	for i, step := range steps {
		if key, ok := step.Key(); ok && s.keys[key] {
			steps[i] = params.KeyStep(redact.Mask)
		}
	}
	return steps.String()
}

// learnSwapped keeps keys that are secrets: the name stands where the value belongs. key
// is that of n, "" for an element of a list.
func (s *secrets) learnSwapped(n *source.Node, key string) {
	name, ok := n.Value.(string)
	if ok && key != "" && secretname.IsWord(name) && !secretname.Harmless(key) && !secretname.Resembles(key) {
		if s.keys == nil {
			s.keys = map[string]bool{}
		}
		s.keys[key] = true
		s.add(key)
	}
	for _, p := range n.Pairs {
		s.learnSwapped(p.Value, p.Key)
	}
	for _, item := range n.Items {
		s.learnSwapped(item, "")
	}
}

func (s *secrets) add(value string) {
	if !s.names[value] {
		s.Add(value)
	}
}

// learnSecrets keeps the values of params that are named like a secret.
func (d *Document) learnSecrets() {
	for _, s := range d.Services {
		d.secrets.learn(s.Params, false)
	}
	d.secrets.learn(d.Orchestrator["params"], false)
	d.secrets.learnDatabase(d.Runs.Database)
	d.secrets.Add(d.Admin.Token)
}

// learn leaves out templates, which are not secrets themselves.
func (s *secrets) learn(v any, secret bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			s.learn(inner, secret || secretname.Resembles(key))
		}
	case []any:
		for _, inner := range v {
			s.learn(inner, secret)
		}
	case string:
		if strings.Contains(v, "://") {
			s.add(LoginPassword(v))
		}
		if secret && !jinja.HasTemplate(v) && !source.WholeReference.MatchString(v) {
			s.add(v)
		}
	}
}

// addressLogin is the login of an address, which may not be a valid one.
var addressLogin = lazyregexp.New(`^\s*(?:[A-Za-z][A-Za-z0-9+.-]*://)?[^\s:@/]*:(.+)@`)

// LoginPassword returns the password of an address such as http://user:password@proxy,
// or "".
func LoginPassword(address string) string {
	m := addressLogin.FindStringSubmatch(address)
	if m == nil || strings.HasPrefix(m[1], "//") || jinja.HasTemplate(m[1]) {
		return ""
	}
	return m[1]
}
