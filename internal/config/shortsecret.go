package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

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
