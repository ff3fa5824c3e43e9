package redact

import (
	"slices"
	"strings"
)

// YAML are the places, in bytes, of the secrets in the values of a line of a
// configuration. A short secret that is written like a key is one.
func (s *Set) YAML(text string) [][2]int {
	k := s.known.Load()
	var places [][2]int
	for _, at := range k.spans(text, false) {
		if !slices.Contains(k.secrets, secret{text[at.from:at.to], true}) || !isKey(text, at) {
			places = append(places, [2]int{at.from, at.to})
		}
	}
	return places
}

func isKey(text string, at span) bool {
	before := strings.TrimRight(text[:at.from], `"'`)
	after := strings.TrimLeft(text[at.to:], `"'`)
	begins := before == "" || strings.ContainsRune(" \t\n{,", rune(before[len(before)-1]))
	return begins && strings.HasPrefix(after, ":") && (len(after) == 1 || strings.ContainsRune(" \t\r\n", rune(after[1])))
}
