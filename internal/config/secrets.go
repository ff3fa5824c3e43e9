package config

import (
	"regexp"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/redact"
)

var secretName = regexp.MustCompile(`(?i)password|passwd|passphrase|secret|api[_-]?key|token([^a-z]|$)`)

// SecretName reports whether a key or a variable of this name holds a secret.
func SecretName(name string) bool { return secretName.MatchString(name) }

// shownAt is the text for messages: *** below a key that is named like a secret.
func shownAt(path, text string) string {
	for _, step := range pathStep.FindAllString(path, -1) {
		if SecretName(step) {
			return "***"
		}
	}
	return text
}

// secrets are values that no message may show.
type secrets struct{ redact.Set }

// learnSecrets keeps the values of params that are named like a secret.
func (d *Document) learnSecrets() {
	for _, s := range d.Services {
		d.secrets.learn(s.Params, false)
	}
	d.secrets.learn(d.Orchestrator["params"], false)
}

// learn leaves out templates, which are no secrets themselves.
func (s *secrets) learn(v any, secret bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			s.learn(inner, secret || SecretName(key))
		}
	case []any:
		for _, inner := range v {
			s.learn(inner, secret)
		}
	case string:
		if secret && !jinja.HasTemplate(v) {
			s.Add(v)
		}
	}
}
