package value

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// folds are the lowercase letters that casefold changes (Unicode's CaseFolding.txt).
var folds = map[rune]string{
	'\u00b5': "\u03bc", '\u017f': "s", '\u0345': "\u03b9", '\u03c2': "\u03c3", '\u03d0': "\u03b2", '\u03d1': "\u03b8", '\u03d5': "\u03c6",
	'\u03d6': "\u03c0", '\u03f0': "\u03ba", '\u03f1': "\u03c1", '\u03f5': "\u03b5", '\u1c80': "\u0432", '\u1c81': "\u0434", '\u1c82': "\u043e",
	'\u1c83': "\u0441", '\u1c84': "\u0442", '\u1c85': "\u0442", '\u1c86': "\u044a", '\u1c87': "\u0463", '\u1c88': "\ua64b", '\u1e9b': "\u1e61",
	'\u1e9e': "ss", '\u1fbe': "\u03b9",
}

// Upper is Python's str.upper.
func Upper(s string) string {
	return mapped(s, strings.ToUpper, func(_, _ string, c rune) string {
		if l, ok := long[c]; ok {
			return l[0]
		}
		return string(unicode.ToUpper(c))
	})
}

// Lower is Python's str.lower.
func Lower(s string) string { return mapped(s, strings.ToLower, lowerLetter) }

// Casefold is Python's str.casefold.
func Casefold(s string) string {
	return mapped(s, strings.ToLower, func(_, _ string, c rune) string {
		if f, ok := folds[c]; ok {
			return f
		}
		if l, ok := long[c]; ok {
			return Casefold(strings.ToLower(l[0]))
		}
		if unicode.Is(unicode.Cherokee, c) { // whose small letters came to Unicode last
			return string(unicode.ToUpper(c))
		}
		return lowerLetter("", "", c)
	})
}

// mapped changes each letter, given what stands before and behind it. For
// ASCII there is a fast path.
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

// lowerLetter is one letter in lowercase: "Σ" becomes another one at the end of a word.
func lowerLetter(before, behind string, c rune) string {
	switch {
	case c == 'İ':
		return "i\u0307"
	case c == 'Σ' && endsCased(before) && !startsCased(behind):
		return "ς"
	}
	return string(unicode.ToLower(c))
}

// ignoredInWords reports whether c occurs within words without being a letter,
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

// upperFirst is one letter as it is written at the start of a word.
func upperFirst(c rune) string {
	if l, ok := long[c]; ok {
		return l[1]
	}
	return string(unicode.ToTitle(c))
}

// Capitalize is Python's str.capitalize.
func Capitalize(s string) string {
	c, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return upperFirst(c) + strings.TrimPrefix(Lower("a"+s[size:]), "a")
}

// Title is Python's str.title: a letter is uppercase unless it follows a letter.
func Title(s string) string {
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

// SwapCase is Python's str.swapcase.
func SwapCase(s string) string {
	var b strings.Builder
	for i, c := range s {
		switch {
		case isUppercase(c):
			b.WriteString(lowerLetter(s[:i], s[min(i+utf8.RuneLen(c), len(s)):], c))
		case isLowercase(c):
			b.WriteString(Upper(string(c)))
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// isUppercase and isLowercase are true for letters, and for what looks like one: "Ⅷ", "ª".
func isUppercase(c rune) bool { return unicode.IsUpper(c) || unicode.Is(unicode.Other_Uppercase, c) }

func isLowercase(c rune) bool { return unicode.IsLower(c) || unicode.Is(unicode.Other_Lowercase, c) }

func isCased(c rune) bool { return isUppercase(c) || isLowercase(c) || unicode.IsTitle(c) }

// IsLower reports whether s has lowercase letters and no uppercase ones.
func IsLower(s string) bool {
	return strings.IndexFunc(s, isLowercase) >= 0 &&
		strings.IndexFunc(s, func(c rune) bool { return isUppercase(c) || unicode.IsTitle(c) }) < 0
}

// IsUpper reports whether s has uppercase letters and no lowercase ones.
func IsUpper(s string) bool {
	return strings.IndexFunc(s, isUppercase) >= 0 &&
		strings.IndexFunc(s, func(c rune) bool { return isLowercase(c) || unicode.IsTitle(c) }) < 0
}

// IsTitled reports whether s has cased letters, with uppercase ones exactly at the
// starts of words.
func IsTitled(s string) bool {
	cased, inWord := false, false
	for _, c := range s {
		upper := isUppercase(c) || unicode.IsTitle(c)
		if isCased(c) && upper == inWord {
			return false
		}
		inWord = isCased(c)
		cased = cased || inWord
	}
	return cased
}

// SingleDigits are the characters that mean one digit without being a decimal
// one, such as "²" and "①" (Unicode's Numeric_Type=Digit).
var SingleDigits = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xb2, 0xb3, 1},
		{0xb9, 0xb9, 1},
		{0x1369, 0x1371, 1},
		{0x19da, 0x19da, 1},
		{0x2070, 0x2070, 1},
		{0x2074, 0x2079, 1},
		{0x2080, 0x2089, 1},
		{0x2460, 0x2468, 1},
		{0x2474, 0x247c, 1},
		{0x2488, 0x2490, 1},
		{0x24ea, 0x24ea, 1},
		{0x24f5, 0x24fd, 1},
		{0x24ff, 0x24ff, 1},
		{0x2776, 0x277e, 1},
		{0x2780, 0x2788, 1},
		{0x278a, 0x2792, 1},
	},
	R32:         []unicode.Range32{{0x10a40, 0x10a43, 1}, {0x10e60, 0x10e68, 1}, {0x11052, 0x1105a, 1}, {0x1f100, 0x1f10a, 1}},
	LatinOffset: 2,
}

// numerals are the Chinese characters that are numbers.
const numerals = "㐅㒃㠪㭍一七万三九二五亖亿什仟仨伍佰億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍弎弐拾捌柒漆玖百肆萬貮貳贰阡陆陌陸零" +
	"\uf96b\uf973\uf978\uf9b2\uf9d1\uf9d3\uf9fd\U00020001\U00020064\U000200e2\U00020121\U0002092a\U00020983\U0002098c\U0002099c\U00020aea\U00020afd\U00020b19\U00022390\U00022998\U00023b1b\U0002626d\U0002f890"

// IsNumeric is Python's str.isnumeric for one character.
func IsNumeric(c rune) bool {
	return unicode.IsNumber(c) || c >= 0x3400 && strings.ContainsRune(numerals, c)
}
