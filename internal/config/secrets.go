package config

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja"
)

// shortestSecret keeps everyday words and numbers from being blotted out of every
// message.
const shortestSecret = 4

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

// secrets are values that no message may show. Variables are looked up while the
// application runs, so the set grows and is locked.
type secrets struct {
	mu     sync.Mutex
	values map[string]struct{}
}

func (s *secrets) add(value string) {
	if utf8.RuneCountInString(value) < shortestSecret {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]struct{}{}
	}
	s.values[value] = struct{}{}
}

// all returns the longest first, so that one that contains another is replaced whole.
func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(s.values))
	for v := range s.values {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return out
}

func (s *secrets) redact(text string) string {
	for _, v := range s.all() {
		text = strings.ReplaceAll(text, v, "***")
		if quoted := strconv.Quote(v); quoted != `"`+v+`"` { // as %q writes it
			text = strings.ReplaceAll(text, quoted[1:len(quoted)-1], "***")
		}
	}
	return text
}

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
			s.add(v)
		}
	}
}
