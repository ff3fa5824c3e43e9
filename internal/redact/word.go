package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// joins are the characters between two words that make them one, as in examples/demo,
// otai-demo or demo.yml.
const joins = "/-."

// isWhole reports whether a short secret, written literally, is a word of its own and not
// part of a longer word, name or path. An end counts only if the secret has a letter or a
// digit there.
func isWhole(text string, at span) bool {
	first, _ := utf8.DecodeRuneInString(text[at.from:at.to])
	last, _ := utf8.DecodeLastRuneInString(text[at.from:at.to])
	return (!isWord(first) || !wordEnds(text[:at.from])) && (!isWord(last) || !wordBegins(text[at.to:]))
}

// wordEnds reports whether text ends with the beginning of a word that goes on after it.
func wordEnds(text string) bool {
	last, size := utf8.DecodeLastRuneInString(text)
	switch {
	case size == 0:
		return false
	case isWord(last):
		return !endsWithEscape(text)
	case strings.ContainsRune(joins, last):
		before, size := utf8.DecodeLastRuneInString(text[:len(text)-size])
		return size > 0 && isWord(before)
	}
	return false
}

// wordBegins reports whether text begins with the end of a word that began before it.
func wordBegins(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	switch {
	case size == 0:
		return false
	case isWord(first):
		return true
	case strings.ContainsRune(joins, first):
		next, nextSize := utf8.DecodeRuneInString(text[size:])
		return nextSize > 0 && isWord(next)
	}
	return false
}

// endsWithEscape reports whether the letters at the end of text are an escape, such as \n,
// %20 or \u0022, and not a word. A secret after the escape of a letter is masked too.
func endsWithEscape(text string) bool {
	n := len(text)
	return n >= 2 && text[n-2] == '\\' ||
		n >= 3 && text[n-3] == '%' && digit(rune(text[n-2])) < 16 && digit(rune(text[n-1])) < 16 ||
		n >= 4 && text[n-4:n-2] == `\x` ||
		n >= 6 && text[n-6:n-4] == `\u`
}
