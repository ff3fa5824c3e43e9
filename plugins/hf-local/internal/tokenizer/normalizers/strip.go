package normalizers

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Strip removes white space from the ends of a text.
func Strip(left, right bool) Normalizer {
	apply := func(text string) string {
		if right {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		if left {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		return text
	}
	return Normalizer{apply, func(text string, n int) int {
		kept := apply(text)
		if left {
			n -= len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
		}
		return min(max(n, 0), len(kept))
	}}
}

func prepend(begin string) Normalizer {
	return Normalizer{Apply: func(text string) string {
		if text == "" {
			return text
		}
		return begin + text
	}}
}

// nmt cleans a text as the training of machine translation did.
func nmt(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 1 <= r && r <= 8, r == 0xB, 0xE <= r && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
			return -1
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, 0x200B <= r && r <= 0x200F,
			r == 0x2028, r == 0x2029, r == 0x2581, r == 0xFEFF, r == utf8.RuneError:
			return ' '
		}
		return r
	}, text)
}
