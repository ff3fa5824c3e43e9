// Package secretname recognizes secrets by their names: a key or a variable that is
// named like a password has a value that no message shows. [Is] is for names that a
// program chose, [Resembles] for those that people typed, [Harmless] for keys whose
// values can be shown.
package secretname

import (
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/lazyregexp"
	"github.com/open-ticket-ai/otai/internal/redact"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// named is what says that a value is a secret: a word anywhere in the name, or one
// that it ends with.
var (
	named = lazyregexp.New(`(?i)password|passwort|kennwort|geheimnis|passwd|passphrase|secret|authorization|bearer|api[_-]?key|token([^a-z]|$)|(^|[_-])(pw|pwd|psw|pasw)($|[_-])` +
		`|(^|[_-])(pass|auth|parole)$|pwd$|credentials?$|[_-]key$|(?-i:[a-z\d](Key|Pass|Auth)$)`)
	// otherKey are names with such a word, and without a secret: the key by which something is
	// found or checked, and the working folder.
	otherKey = lazyregexp.New(`(?i)(^|[_-])(public|primary|foreign|sort|group|partition|cache|host|trusted)[_-]?key$|^(?-i:OLD)?(?-i:PWD)$`)
)

// Is reports whether a key or a variable of this name has a secret as its value.
func Is(name string) bool { return named.MatchString(name) && !otherKey.MatchString(name) }

// words are what a key that is misspelled may have been meant to be.
var words = []string{"password", "passwort", "kennwort", "passphrase", "passwd", "secret", "apikey", "token", "credentials", "authorization", "geheimnis"}

// IsWord reports whether a value is the name of a secret, and so a key.
func IsWord(text string) bool {
	return slices.Contains(words, strings.ToLower(text)) || slices.Contains([]string{"pw", "pwd", "pass"}, strings.ToLower(text))
}

var keyWord = lazyregexp.New(`[\p{L}\d]+`)

// Resembles is [Is] for a key of a file, which may be misspelled.
func Resembles(key string) bool { return !harmless[key] && (Is(key) || misspelled(key)) }

// misspelled reports whether a key has, or is, a word that is nearly one of words.
func misspelled(key string) bool {
	parts := keyWord.FindAllString(key, -1)
	for _, part := range append(parts, strings.Join(parts, "")) {
		word := []rune(strings.ToLower(part))
		for _, secret := range words {
			limit := 1
			if len(secret) >= 8 {
				limit = 2
			}
			// Tokens and secrets of another kind, such as max_tokens, are numbers.
			couldBe := len(part) <= len(secret) && len(word) >= len(secret)-limit
			if couldBe && params.EditDistance(word, []rune(secret)) <= limit {
				return true
			}
		}
	}
	return false
}

// Below reports whether a value stands below a key that is named like a secret.
// The id of a service is not such a key.
func Below(path params.Path) bool {
	keys := Keys(path)
	if len(keys) > 2 && keys[0] == "services" {
		keys = keys[2:]
	}
	return slices.ContainsFunc(keys, Resembles)
}

// Keys are the keys on the way to a value.
func Keys(path params.Path) []string {
	var keys []string
	for _, step := range path {
		if key, ok := step.Key(); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// Shown is the text for messages: *** below a key that is named like a secret.
func Shown(path params.Path, text string) string {
	if Below(path) {
		return redact.Mask
	}
	return text
}
