package redact

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// span is a part of a text.
type span struct{ from, to int }

// spans returns where secrets are in a text, sorted. In names, only long ones count.
func (k *index) spans(text string, names bool) []span {
	if k == nil {
		return nil
	}
	var found []span
	t := reader{text: text}
	escaped := strings.ContainsAny(text, k.escapes)
	var past map[*pattern]int
	try := func(p *pattern, i int) {
		if p.short && names || i < past[p] {
			return
		}
		end := 0
		if escaped {
			end = t.match(i, p.want)
		} else if strings.HasPrefix(text[i:], p.plain) {
			end = i + len(p.plain)
		}
		if end == 0 {
			return
		}
		if strings.Contains(p.plain, `\\`) {
			// A run of backslashes can be read in very many ways, from each one on.
			if past == nil {
				past = map[*pattern]int{}
			}
			past[p] = end - len(p.want) + 1
		}
		if at, ok := p.counts(text, span{i, end}); ok {
			found = append(found, at)
		}
	}
	for i := range len(text) {
		for _, n := range k.byFirst[text[i]] {
			try(&k.patterns[n], i)
		}
		if !escaped || strings.IndexByte(escapes, text[i]) < 0 {
			continue
		}
		for _, u := range t.units(i, depth) {
			if u.end == i+1 {
				continue // literally, which was tried
			}
			for n := range k.patterns {
				if p := &k.patterns[n]; p.want[0] == u.char || p.want[0] >= utf8.RuneSelf {
					try(p, i)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(a.from-b.from, a.to-b.to) })
	return found
}

// counts reports whether what was found is the secret, and which part of the text is.
func (p *pattern) counts(text string, at span) (span, bool) {
	plain := text[at.from:at.to] == p.plain
	switch {
	case p.base64 != nil:
		return p.base64.holds(text, at, p)
	case p.short && plain:
		return at, isWhole(text, at)
	}
	return at, true
}

// match returns where want ends if it begins at i, the farthest of several ends, and 0 if
// it doesn't begin there.
func (t *reader) match(i int, want []rune) int {
	k := 0
	for ; k < len(want) && i < len(t.text); k++ { // without escapes there is only one way
		char, size := utf8.DecodeRuneInString(t.text[i:])
		if char != want[k] || strings.ContainsRune(escapes, char) {
			break
		}
		i += size
	}
	if k < len(want) && (i == len(t.text) || strings.IndexByte(escapes+"+\r", t.text[i]) < 0) {
		return 0
	}
	ends := []int{i}
	for _, char := range want[k:] {
		var next []int
		for _, end := range ends {
			next = t.advance(end, char, next)
		}
		if ends = next; len(ends) == 0 {
			return 0
		}
	}
	return slices.Max(ends)
}

// advance adds to ends where char may end if it begins at i.
func (t *reader) advance(i int, char rune, ends []int) []int {
	add := func(end int) {
		if !slices.Contains(ends, end) {
			ends = append(ends, end)
		}
	}
	for _, u := range t.units(i, depth) {
		switch {
		case u.char == char, char == ' ' && u.char == '+': // an octet may be a character of Latin 1; + is a space in an address
			add(u.end)
		case char == '\n' && u.char == '\r':
			for _, feed := range t.units(u.end, depth) {
				if feed.char == '\n' {
					add(feed.end)
				}
			}
		}
	}
	if char >= utf8.RuneSelf {
		for _, end := range t.octets(i, string(char)) {
			add(end)
		}
	}
	return ends
}

// octets returns where a character may end whose bytes are written one by one from i on.
func (t *reader) octets(i int, bytes string) []int {
	ends := []int{i}
	for k := range len(bytes) {
		var next []int
		for _, end := range ends {
			for _, u := range t.units(end, depth) {
				if u.octet && u.char == rune(bytes[k]) {
					next = append(next, u.end)
				}
			}
		}
		ends = next
	}
	return ends
}
