package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// upper is Python's str.upper, which makes two letters of "ß".
func upper(s string) string {
	return strings.ReplaceAll(strings.ToUpper(s), "ß", "SS")
}

// lower is Python's str.lower.
func lower(s string) string { return strings.ToLower(s) }

// upperFirst is one letter as it stands at the start of a word.
func upperFirst(c rune) string {
	if c == 'ß' {
		return "Ss"
	}
	return string(unicode.ToTitle(c))
}

func capitalize(s string) string {
	c, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return upperFirst(c) + strings.ToLower(s[size:])
}

// title is Python's str.title: a letter is large unless a letter stands before it.
func title(s string) string {
	var b strings.Builder
	inWord := false
	for _, c := range s {
		if inWord {
			b.WriteRune(unicode.ToLower(c))
		} else {
			b.WriteString(upperFirst(c))
		}
		inWord = isCased(c)
	}
	return b.String()
}

func swapCase(s string) string {
	var b strings.Builder
	for _, c := range s {
		if unicode.IsUpper(c) {
			b.WriteRune(unicode.ToLower(c))
		} else {
			b.WriteString(upper(string(c)))
		}
	}
	return b.String()
}

func isCased(c rune) bool { return unicode.IsUpper(c) || unicode.IsLower(c) || unicode.IsTitle(c) }

// isLower reports whether s has small letters and no large ones, isUpper the
// opposite.
func isLower(s string) bool {
	return strings.IndexFunc(s, unicode.IsLower) >= 0 &&
		strings.IndexFunc(s, func(c rune) bool { return unicode.IsUpper(c) || unicode.IsTitle(c) }) < 0
}

func isUpper(s string) bool {
	return strings.IndexFunc(s, unicode.IsUpper) >= 0 &&
		strings.IndexFunc(s, func(c rune) bool { return unicode.IsLower(c) || unicode.IsTitle(c) }) < 0
}

// isTitled reports whether s has cased letters and large ones stand exactly at
// the start of words.
func isTitled(s string) bool {
	cased, inWord := false, false
	for _, c := range s {
		large := unicode.IsUpper(c) || unicode.IsTitle(c)
		if isCased(c) && large == inWord {
			return false
		}
		inWord = isCased(c)
		cased = cased || inWord
	}
	return cased
}
