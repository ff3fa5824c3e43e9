package unicodedata

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
)

// Set is a set of characters, made for being asked about each one of a text.
type Set struct {
	low  [32]uint64 // below U+0800, where most of European texts are
	rest *unicode.RangeTable
}

func newSet(table *unicode.RangeTable) *Set {
	c := &Set{rest: table}
	for r := range rune(0x800) {
		if unicode.Is(table, r) {
			c.low[r/64] |= 1 << (r % 64)
		}
	}
	return c
}

// Has reports whether r is in the set.
func (c *Set) Has(r rune) bool {
	if r < 0x800 {
		return c.low[r/64]>>(r%64)&1 != 0
	}
	return unicode.Is(c.rest, r)
}

// The sets that HuggingFace tokenizers decides by.
var (
	Control        = newSet(controls)               // what clean_text of BertNormalizer drops
	NonspacingMark = newSet(marks)                  // what its strip_accents drops
	Combining      = newSet(combining)              // what StripAccents drops
	Punctuation    = newSet(withASCII(punctuation)) // what BertPreTokenizer and Punctuation make words of
	Number         = newSet(numbers)                // what Digits makes words of
)

var (
	decomposingSet = newSet(decomposing)
	reorderingSet  = newSet(reordering)
	extenderSet    = newSet(extenders)
	prefixSet      = newSet(prefixes)
	breakerSet     = newSet(breakers)
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

// IsWord reports whether \w of the Rust crate regex matches r. Unlike Oniguruma, it
// counts the characters that join letters or keep them apart.
func IsWord(r rune) bool { return onig.IsWord(r) || r == '\u200C' || r == '\u200D' }

// IsIdeograph reports whether r is in a block that BERT's own tokenizer lists.
func IsIdeograph(r rune) bool {
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

// ToLower is unicode.ToLower with the capital letters that came with Unicode 16 and 17:
// for lower case HuggingFace relies on Rust's own, newer tables.
func ToLower(r rune) rune {
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

// IsASCII reports whether text has ASCII characters only.
func IsASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Decode is utf8.DecodeRuneInString(text[i:]), fast for ASCII.
func Decode(text string, i int) (rune, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(text[i:])
}
