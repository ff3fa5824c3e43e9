package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// long are the letters whose large form is several letters, with that form and
// the form at the start of a word (Unicode's SpecialCasing.txt, without the
// polytonic Greek ones).
var long = map[rune][2]string{
	'ß': {"SS", "Ss"}, 'ŉ': {"ʼN", "ʼN"}, 'ǰ': {"J̌", "J̌"}, 'ΐ': {"Ϊ́", "Ϊ́"}, 'ΰ': {"Ϋ́", "Ϋ́"}, 'և': {"ԵՒ", "Եւ"},
	'ẖ': {"H̱", "H̱"}, 'ẗ': {"T̈", "T̈"}, 'ẘ': {"W̊", "W̊"}, 'ẙ': {"Y̊", "Y̊"}, 'ẚ': {"Aʾ", "Aʾ"},
	'ﬀ': {"FF", "Ff"}, 'ﬁ': {"FI", "Fi"}, 'ﬂ': {"FL", "Fl"}, 'ﬃ': {"FFI", "Ffi"}, 'ﬄ': {"FFL", "Ffl"}, 'ﬅ': {"ST", "St"}, 'ﬆ': {"ST", "St"},
	'ﬓ': {"ՄՆ", "Մն"}, 'ﬔ': {"ՄԵ", "Մե"}, 'ﬕ': {"ՄԻ", "Մի"}, 'ﬖ': {"ՎՆ", "Վն"}, 'ﬗ': {"ՄԽ", "Մխ"},
}

// folds are the letters that casefold changes though they are small.
var folds = map[rune]rune{
	'µ': 'μ', 'ſ': 's', 'ͅ': 'ι', 'ς': 'σ', 'ϐ': 'β', 'ϑ': 'θ', 'ϕ': 'φ', 'ϖ': 'π', 'ϰ': 'κ', 'ϱ': 'ρ', 'ϵ': 'ε',
}

// upper is Python's str.upper.
func upper(s string) string {
	return mapped(s, strings.ToUpper, func(_, _ string, c rune) string {
		if l, ok := long[c]; ok {
			return l[0]
		}
		return string(unicode.ToUpper(c))
	})
}

// lower is Python's str.lower.
func lower(s string) string { return mapped(s, strings.ToLower, lowerLetter) }

// casefold is Python's str.casefold.
func casefold(s string) string {
	return mapped(s, strings.ToLower, func(_, _ string, c rune) string {
		if f, ok := folds[c]; ok {
			return string(f)
		}
		if l, ok := long[c]; ok {
			return casefold(strings.ToLower(l[0]))
		}
		if c == 'ẞ' {
			return "ss"
		}
		return lowerLetter("", "", c)
	})
}

// mapped changes each letter, given what stands before and behind it. ASCII goes
// the fast way.
func mapped(s string, fast func(string) string, change func(before, behind string, c rune) string) string {
	if strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0 {
		return fast(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, c := range s {
		if c < utf8.RuneSelf {
			b.WriteString(fast(s[i : i+1]))
			continue
		}
		b.WriteString(change(s[:i], s[min(i+utf8.RuneLen(c), len(s)):], c))
	}
	return b.String()
}

// lowerLetter is one letter as a small one: "Σ" is another at the end of a word.
func lowerLetter(before, behind string, c rune) string {
	switch {
	case c == 'İ':
		return "i\u0307"
	case c == 'Σ' && endsCased(before) && !startsCased(behind):
		return "ς"
	}
	return string(unicode.ToLower(c))
}

// ignoredInWords reports whether c stands within words without being a letter,
// such as an apostrophe or an accent.
func ignoredInWords(c rune) bool {
	return strings.ContainsRune("'.:^`¨´·’", c) || unicode.In(c, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

func endsCased(s string) bool {
	for s != "" {
		c, size := utf8.DecodeLastRuneInString(s)
		if !ignoredInWords(c) {
			return isCased(c)
		}
		s = s[:len(s)-size]
	}
	return false
}

func startsCased(s string) bool {
	for _, c := range s {
		if !ignoredInWords(c) {
			return isCased(c)
		}
	}
	return false
}

// upperFirst is one letter as it stands at the start of a word.
func upperFirst(c rune) string {
	if l, ok := long[c]; ok {
		return l[1]
	}
	return string(unicode.ToTitle(c))
}

func capitalize(s string) string {
	c, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return upperFirst(c) + strings.TrimPrefix(lower("a"+s[size:]), "a")
}

// title is Python's str.title: a letter is large unless a letter stands before it.
func title(s string) string {
	var b strings.Builder
	inWord := false
	for i, c := range s {
		if inWord {
			b.WriteString(lowerLetter(s[:i], s[min(i+utf8.RuneLen(c), len(s)):], c))
		} else {
			b.WriteString(upperFirst(c))
		}
		inWord = isCased(c)
	}
	return b.String()
}

func swapCase(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case unicode.IsUpper(c):
			b.WriteString(lowerLetter(s[:i], s[min(i+utf8.RuneLen(c), len(s)):], c))
		case unicode.IsLower(c):
			b.WriteString(upper(string(c)))
		default:
			b.WriteRune(c)
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
