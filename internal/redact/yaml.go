package redact

import (
	"slices"
	"strings"
)

// YAML returns lines of a configuration without the secrets in their values. A short
// secret that is written like a key is one.
func (s *Set) YAML(text string) string {
	k := s.known.Load()
	found := slices.DeleteFunc(k.spans(text, false), func(at span) bool {
		return slices.Contains(k.secrets, secret{text[at.from:at.to], true}) && isKey(text, at)
	})
	return masked(text, found)
}

func isKey(text string, at span) bool {
	before := strings.TrimRight(text[:at.from], `"'`)
	after := strings.TrimLeft(text[at.to:], `"'`)
	begins := before == "" || strings.ContainsRune(" \t\n{,", rune(before[len(before)-1]))
	return begins && strings.HasPrefix(after, ":") && (len(after) == 1 || strings.ContainsRune(" \t\r\n", rune(after[1])))
}
