package redact

import (
	"cmp"
	"html"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// depth is how deep escapes may be nested: a server quotes a page in JSON, which quotes an
// address. The JSON of the log itself doesn't count.
const depth = 3

// escapes are the characters that begin an escape.
const escapes = `%&\`

// unit is one character of a text, in one of the ways to read it.
type unit struct {
	char rune
	// octet says that it is one byte of a character, as addresses and Perl write them.
	octet bool
	end   int
}

// reader reads the characters of a text through escapes.
type reader struct {
	text string
	memo map[[2]int][]unit
}

// units returns the ways to read what is at i, through at most deep escapes. The literal
// one comes first.
func (t *reader) units(i, deep int) []unit {
	if i >= len(t.text) {
		return nil
	}
	char, size := utf8.DecodeRuneInString(t.text[i:])
	literal := unit{char: char, end: i + size}
	if deep == 0 || !strings.ContainsRune(escapes, char) {
		return []unit{literal}
	}
	if known, ok := t.memo[[2]int{i, deep}]; ok {
		return known
	}
	all := []unit{literal}
	for _, lead := range t.units(i, deep-1) {
		switch lead.char {
		case '%':
			for _, value := range t.number(lead.end, 2, 16, deep-1) {
				all = append(all, unit{char: value.char, octet: true, end: value.end})
			}
		case '&':
			all = append(all, t.entity(lead.end, deep-1)...)
		case '\\':
			all = append(all, t.backslashed(lead.end, deep-1)...)
		}
		if lead.end != literal.end {
			all = append(all, lead)
		}
	}
	slices.SortStableFunc(all, func(a, b unit) int {
		return cmp.Or(a.end-b.end, int(a.char-b.char), boolOrder(a.octet)-boolOrder(b.octet))
	})
	all = slices.Compact(all)
	if t.memo == nil {
		t.memo = map[[2]int][]unit{}
	}
	t.memo[[2]int{i, deep}] = all
	return all
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// number reads a number of exactly that many digits.
func (t *reader) number(i, digits, base, deep int) []unit {
	values := []unit{{end: i}}
	for range digits {
		var next []unit
		for _, v := range values {
			for _, u := range t.units(v.end, deep) {
				if d := digit(u.char); d < base {
					next = append(next, unit{char: v.char*rune(base) + rune(d), end: u.end})
				}
			}
		}
		values = next
	}
	return values
}

func digit(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return int(r - '0')
	case 'a' <= r|0x20 && r|0x20 <= 'f':
		return int(r|0x20-'a') + 10
	}
	return 99
}

// longestEntity is the length of &CounterClockwiseContourIntegral; a number may have
// leading zeros.
const longestEntity = 33

// entity reads what follows an & of HTML.
func (t *reader) entity(i, deep int) []unit {
	var name strings.Builder
	for name.Len() < longestEntity {
		all := t.units(i, deep)
		if all == nil {
			return nil
		}
		u := all[len(all)-1]
		i = u.end
		if u.char == ';' {
			whole := "&" + name.String() + ";"
			if char, size := utf8.DecodeRuneInString(html.UnescapeString(whole)); size == len(html.UnescapeString(whole)) && whole != "&;" {
				return []unit{{char: char, end: i}}
			}
			return nil
		}
		if u.char != '#' && digit(u.char) > 9 && (u.char|0x20 < 'a' || u.char|0x20 > 'z') {
			return nil
		}
		name.WriteRune(u.char)
	}
	return nil
}

// letters are the letters that mean something else after a backslash.
var letters = map[rune]rune{'n': '\n', 'r': '\r', 't': '\t', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v', 'e': 0x1b}

// backslashed reads what follows a backslash.
func (t *reader) backslashed(i, deep int) []unit {
	var all []unit
	for _, u := range t.units(i, deep) {
		switch c := u.char; {
		case c == 'x':
			for _, value := range t.number(u.end, 2, 16, deep) {
				all = append(all, unit{char: value.char, octet: true, end: value.end})
			}
		case c == 'u':
			for _, value := range t.number(u.end, 4, 16, deep) {
				all = append(all, value)
				if utf16.IsSurrogate(value.char) {
					all = append(all, t.lowSurrogate(value, deep)...)
				}
			}
		case c == 'U':
			all = append(all, t.number(u.end, 8, 16, deep)...)
		case letters[c] != 0:
			all = append(all, unit{char: letters[c], end: u.end})
		case '0' <= c && c <= '7':
			for _, value := range t.number(i, 3, 8, deep) {
				all = append(all, unit{char: value.char, octet: true, end: value.end})
			}
		case !isWord(c):
			all = append(all, u)
		}
	}
	return all
}

// lowSurrogate reads the second half of a surrogate pair.
func (t *reader) lowSurrogate(high unit, deep int) []unit {
	var all []unit
	for _, slash := range t.units(high.end, deep) {
		if slash.char != '\\' {
			continue
		}
		for _, u := range t.units(slash.end, deep) {
			if u.char != 'u' {
				continue
			}
			for _, low := range t.number(u.end, 4, 16, deep) {
				if char := utf16.DecodeRune(high.char, low.char); char != utf8.RuneError {
					all = append(all, unit{char: char, end: low.end})
				}
			}
		}
	}
	return all
}
