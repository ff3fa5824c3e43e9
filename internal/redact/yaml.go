package redact

import (
	"slices"
	"strings"
)

// YAML returns where secrets are in the values of a line of a configuration: pairs of
// offsets, in bytes. What looks like a key and is a short secret is taken for a key.
func (s *Set) YAML(text string) [][2]int {
	k := s.index.Load()
	var places [][2]int
	for _, at := range k.spans(text, false) {
		if !slices.Contains(k.secrets, secret{text[at.from:at.to], true}) || !isKey(text, at) {
			places = append(places, [2]int{at.from, at.to})
		}
	}
	return places
}

// isKey reports whether a span looks like a key.
func isKey(text string, at span) bool {
	before := strings.TrimRight(text[:at.from], `"'`)
	after := strings.TrimLeft(text[at.to:], `"'`)
	begins := before == "" || strings.ContainsRune(" \t\n{,", rune(before[len(before)-1]))
	return begins && strings.HasPrefix(after, ":") && (len(after) == 1 || strings.ContainsRune(" \t\r\n", rune(after[1])))
}
