package value

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/jinja/budget"
)

// FirstRunes is the first n characters of s.
func FirstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Center is Python's str.center.
func Center(meter *budget.Budget, s string, width int, fill string) (any, error) {
	room, err := Padding(meter, s, width)
	if room <= 0 || err != nil {
		return s, err
	}
	left := room/2 + room&width&1
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, room-left), nil
}

// Padding is how many columns s lacks to be width wide, within the limits.
func Padding(meter *budget.Budget, s string, width int) (int, error) {
	room := width - utf8.RuneCountInString(s)
	if room <= 0 {
		return 0, nil
	}
	if err := meter.CheckWidth("the width", width); err != nil {
		return 0, err
	}
	return room, meter.GrowTimes(room, utf8.UTFMax)
}

// SplitLines is Python's str.splitlines.
func SplitLines(s string, keepEnds bool) []string {
	var lines []string
	start := 0
	for i := 0; i < len(s); {
		c, size := utf8.DecodeRuneInString(s[i:])
		end := i
		i += size
		switch c {
		case '\r':
			if ByteAt(s, i) == '\n' {
				i++
			}
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		default:
			continue
		}
		if keepEnds {
			end = i
		}
		lines = append(lines, s[start:end])
		start = i
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

// Trim removes the characters of the first argument, or white space.
func Trim(s string, a Args, trim func(string, func(rune) bool) string) (any, error) {
	if a.At(0, nil) == nil {
		return trim(s, IsSpace), nil
	}
	chars, err := a.Text(0, "")
	if err != nil {
		return nil, err
	}
	return trim(s, func(c rune) bool { return strings.ContainsRune(chars, c) }), nil
}

// Replace replaces up to limit times, or all where that is below zero.
func Replace(meter *budget.Budget, s, old, with string, limit int) (any, error) {
	found := strings.Count(s, old)
	if limit >= 0 {
		found = min(found, limit)
	}
	if err := meter.GrowTimes(found, len(with)); err != nil {
		return nil, err
	}
	return strings.Replace(s, old, with, limit), meter.Grow(len(s))
}

// ByteAt is the byte at an offset, or 0 beyond the end.
func ByteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

// IsSpace is Python's str.isspace for one character.
func IsSpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}

// DecimalDigits are the digits of a decimal number.
const DecimalDigits = "0123456789"

// BaseDigits are the digits that may follow 0x, 0o or 0b, or "" for any other mark.
func BaseDigits(mark byte) string {
	switch mark | 0x20 {
	case 'x':
		return "0123456789abcdefABCDEF"
	case 'o':
		return "01234567"
	case 'b':
		return "01"
	}
	return ""
}

// DigitRun is the length of a run of digits with single underscores between them,
// and one before them where lead is set.
func DigitRun(s, digits string, lead bool) int {
	n := 0
	for n < len(s) {
		i := n
		if s[i] == '_' && (lead || n > 0) {
			i++
		}
		if i == len(s) || strings.IndexByte(digits, s[i]) < 0 {
			break
		}
		n = i + 1
	}
	return n
}

// IsDigit reports whether c is a decimal digit.
func IsDigit(c byte) bool { return c >= '0' && c <= '9' }

// IsLetter reports whether c is a letter of ASCII.
func IsLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// StartsIdentifier reports whether c may be the first character of an identifier.
func StartsIdentifier(c rune) bool {
	if c < utf8.RuneSelf {
		return c == '_' || IsLetter(byte(c))
	}
	return unicode.In(c, unicode.L, unicode.Nl, unicode.Other_ID_Start)
}

// ContinuesIdentifier reports whether c may be in an identifier, but not first.
func ContinuesIdentifier(c rune) bool {
	if c < utf8.RuneSelf {
		return IsDigit(byte(c))
	}
	return unicode.In(c, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc, unicode.Other_ID_Continue)
}

// IsIdentifier is Python's str.isidentifier.
func IsIdentifier(s string) bool {
	for i, c := range s {
		if !StartsIdentifier(c) && (i == 0 || !ContinuesIdentifier(c)) {
			return false
		}
	}
	return s != ""
}

// AnyList is texts as a list of values.
func AnyList(texts []string) []any {
	list := make([]any, len(texts))
	for i, s := range texts {
		list[i] = s
	}
	return list
}
