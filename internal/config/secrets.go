package config

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"

	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/internal/redact"
)

// secretName is what says that a value is a secret: a word anywhere in the name, or one
// that it ends with.
var (
	secretName = lazyregexp.New(`(?i)password|passwort|kennwort|geheimnis|passwd|passphrase|secret|authorization|bearer|api[_-]?key|token([^a-z]|$)|(^|[_-])(pw|pwd|psw|pasw)($|[_-])` +
		`|(^|[_-])(pass|auth|parole)$|pwd$|credentials?$|[_-]key$|(?-i:[a-z\d](Key|Pass|Auth)$)`)
	// noSecret are names with such a word that hold none: the key by which something is
	// found or checked, and the working folder.
	noSecret = lazyregexp.New(`(?i)(^|[_-])(public|primary|foreign|sort|group|partition|cache|host|trusted)[_-]?key$|^(?-i:OLD)?(?-i:PWD)$`)
)

// SecretName reports whether a key or a variable of this name holds a secret.
func SecretName(name string) bool { return secretName.MatchString(name) && !noSecret.MatchString(name) }

// secretWords are what a key that is misspelt may have been meant to be.
var secretWords = []string{"password", "passwort", "kennwort", "passphrase", "passwd", "secret", "apikey", "token", "credentials", "authorization", "geheimnis"}

// secretWord reports whether a value is the name of a secret, and so a key.
func secretWord(text string) bool {
	return slices.Contains(secretWords, strings.ToLower(text)) || slices.Contains([]string{"pw", "pwd", "pass"}, strings.ToLower(text))
}

var keyWord = lazyregexp.New(`[\p{L}\d]+`)

// looksSecret is SecretName for a key of a file, which may be misspelt.
func looksSecret(key string) bool {
	if SecretName(key) {
		return true
	}
	for _, word := range append(keyWord.FindAllString(key, -1), strings.Join(keyWord.FindAllString(key, -1), "")) {
		for _, secret := range secretWords {
			limit := 1
			if len(secret) >= 8 {
				limit = 2
			}
			// Tokens and secrets of another kind, such as max_tokens, are numbers.
			if len(word) <= len(secret) && distance([]rune(strings.ToLower(word)), []rune(secret)) <= limit {
				return true
			}
		}
	}
	return false
}

// distance counts the letters that are missing, too many, wrong or swapped.
func distance(a, b []rune) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := range a {
		before, above, row := rows[0], rows[1], rows[2]
		row[0] = i + 1
		for j := range b {
			wrong := 1
			if a[i] == b[j] {
				wrong = 0
			}
			row[j+1] = min(above[j+1]+1, row[j]+1, above[j]+wrong)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		rows[0], rows[1], rows[2] = above, row, before
	}
	return rows[1][len(b)]
}

// secretPath reports whether a value stands below a key that is named like a secret.
// The id of a service is no such key.
func secretPath(path string) bool {
	steps := pathStep.FindAllString(path, -1)
	if len(steps) > 2 && steps[0] == "services" {
		steps = steps[2:]
	}
	return slices.ContainsFunc(steps, looksSecret)
}

// shownAt is the text for messages: *** below a key that is named like a secret.
func shownAt(path, text string) string {
	if secretPath(path) {
		return redact.Mask
	}
	return text
}

// secrets are values that no message may show.
type secrets struct {
	redact.Set
	names map[string]bool // values that are the names of variables, and shown
	// keys are those whose values are the names of secrets: both were swapped.
	keys map[string]bool
}

// path returns a path without the keys that are secrets.
func (s *secrets) path(path string) string {
	return pathStep.ReplaceAllStringFunc(path, func(step string) string {
		if s.keys[strings.Trim(step, `"`)] {
			return redact.Mask
		}
		return step
	})
}

// learnSwapped keeps keys that are secrets: the name stands where the value belongs.
func (s *secrets) learnSwapped(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			if name, ok := inner.(string); ok && secretWord(name) && !shownKey(key) && !looksSecret(key) {
				if s.keys == nil {
					s.keys = map[string]bool{}
				}
				s.keys[key] = true
				s.add(key)
			}
			s.learnSwapped(inner)
		}
	case []any:
		for _, inner := range v {
			s.learnSwapped(inner)
		}
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
}

// learn leaves out templates, which are no secrets themselves.
func (s *secrets) learn(v any, secret bool) {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			s.learn(inner, secret || looksSecret(key))
		}
	case []any:
		for _, inner := range v {
			s.learn(inner, secret)
		}
	case string:
		if strings.Contains(v, "://") {
			s.add(LoginPassword(v))
		}
		if secret && !jinja.HasTemplate(v) && !wholeReference.MatchString(v) {
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
