package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/pkg/params"

	"github.com/open-ticket-ai/otai/internal/redact"
)

// ShortSecret says what is wrong with a secret of so few characters, and what to do,
// or "" where nothing is.
func ShortSecret(value string) (message, hint string) {
	characters := func(n int) string {
		if n == 1 {
			return "1 character"
		}
		return fmt.Sprintf("%d characters", n)
	}
	count := utf8.RuneCountInString(strings.TrimSpace(value))
	switch {
	case count == 0 || count >= redact.Long:
		return "", ""
	case count < redact.Shortest:
		message = fmt.Sprintf("a secret of %s is not masked in messages and logs, because it would be part of everything", characters(count))
	default:
		message = fmt.Sprintf("a secret of %s is masked in messages and logs only where it is a word of its own", characters(count))
	}
	return message, fmt.Sprintf("choose one of at least %d characters", redact.Long)
}

// shortSecret warns of a secret in the configuration.
func (k *checker) shortSecret(value string, path params.Path) {
	if message, hint := ShortSecret(value); message != "" && !k.isUnset(path) && k.doc.atlas.written(path.String()) == path.String() {
		k.warn(k.at(path), path, "short-secret", hint, "%s", message)
	}
}

// shortVariables warns of secrets that plugins read from the environment, such as
// OTAI_OTOBO_ZNUNY_PASSWORD. Those with two underscores are values of the
// configuration.
func (k *checker) shortVariables() {
	for _, name := range k.doc.names {
		if !strings.HasPrefix(name, "OTAI_") || strings.Contains(name, "__") || strings.HasPrefix(name, "OTAI_SIGN_") || !secretname.Is(name) {
			continue
		}
		value, _ := k.doc.lookup(name)
		if message, hint := ShortSecret(value); message != "" {
			k.doc.secrets.add(value)
			k.warn(Position{File: name}, nil, "short-secret", hint, "%s", message)
		}
	}
}
