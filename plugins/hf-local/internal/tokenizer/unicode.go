package tokenizer

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
)

// characters is a set that is asked about every character of a text.
type characters struct {
	low  [32]uint64 // below U+0800, where most of European texts are
	rest *unicode.RangeTable
}

func newCharacters(table *unicode.RangeTable) *characters {
	c := &characters{rest: table}
	for r := range rune(0x800) {
		if unicode.Is(table, r) {
			c.low[r/64] |= 1 << (r % 64)
		}
	}
	return c
}

func (c *characters) has(r rune) bool {
	if r < 0x800 {
		return c.low[r/64]>>(r%64)&1 != 0
	}
	return unicode.Is(c.rest, r)
}

var (
	controlSet     = newCharacters(controls)
	markSet        = newCharacters(marks)
	punctuationSet = newCharacters(withASCII(punctuation))
	combiningSet   = newCharacters(combining)
	numberSet      = newCharacters(numbers)
	decomposingSet = newCharacters(decomposing)
	reorderingSet  = newCharacters(reordering)
	extenderSet    = newCharacters(extenders)
	prefixSet      = newCharacters(prefixes)
	breakerSet     = newCharacters(breakers)
)

// withASCII adds the symbols of ASCII, which count as punctuation.
func withASCII(t *unicode.RangeTable) *unicode.RangeTable {
	out := &unicode.RangeTable{R32: t.R32}
	for _, r := range t.R16 {
		if r.Lo >= utf8.RuneSelf {
			out.R16 = append(out.R16, r)
		}
	}
	ascii := []unicode.Range16{{Lo: 33, Hi: 47, Stride: 1}, {Lo: 58, Hi: 64, Stride: 1}, {Lo: 91, Hi: 96, Stride: 1}, {Lo: 123, Hi: 126, Stride: 1}}
	out.R16 = slices.Concat(ascii, out.R16)
	return out
}

// isWord says whether \w of the Rust crate regex matches r: to that, unlike to
// Oniguruma, what joins letters or keeps them apart is one itself.
func isWord(r rune) bool { return onig.IsWord(r) || r == '\u200C' || r == '\u200D' }

func isPunctuation(r rune) bool { return punctuationSet.has(r) }

// isIdeograph lists the blocks that BERT's own tokenizer lists.
func isIdeograph(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, 0x4E00 <= r && r <= 0x9FFF, 0xF900 <= r && r <= 0xFAFF,
		0x20000 <= r && r <= 0x2A6DF, 0x2A700 <= r && r <= 0x2B73F, 0x2B740 <= r && r <= 0x2B81F,
		0x2B920 <= r && r <= 0x2CEAF, 0x2F800 <= r && r <= 0x2FA1F:
		return true
	}
	return false
}

// lowerRune knows, besides Go's, the capital letters that came with Unicode 16
// and 17: for lower case HuggingFace relies on Rust's own, newer tables.
func lowerRune(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r < 0x1C89:
	case r == 0x1C89, r == 0xA7CC, r == 0xA7CE, r == 0xA7D2, r == 0xA7D4, r == 0xA7DA:
		return r + 1
	case r == 0xA7CB:
		return 0x264
	case r == 0xA7DC:
		return 0x19B
	case 0x10D50 <= r && r <= 0x10D65:
		return r + 0x20
	case 0x16EA0 <= r && r <= 0x16EB8:
		return r + 0x1B
	}
	return unicode.ToLower(r)
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decode is utf8.DecodeRuneInString(text[i:]), quick for ASCII.
func decode(text string, i int) (rune, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(text[i:])
}
