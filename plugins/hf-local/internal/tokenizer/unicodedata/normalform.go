package unicodedata

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The normalization forms of Unicode Standard Annex 15. The tables are those of
// x/text, narrowed to the characters that HuggingFace tokenizers knows; x/text
// itself inserts a joiner into more than 30 marks in a row, which no one else does.

// hangul has the constants of section 3.12 of the Unicode standard, by which
// syllables are composed from letters.
const (
	hangulBase, hangulEnd    = 0xAC00, 0xD7A4
	hangulL, hangulV         = 0x1100, 0x1161
	hangulT                  = 0x11A7
	hangulLs, hangulVs       = 19, 21
	hangulTs                 = 28
	hangulLEnd, hangulVEnd   = hangulL + hangulLs, hangulV + hangulVs
	hangulTFirst, hangulTEnd = hangulT + 1, hangulT + hangulTs
)

// decompose appends to out the canonical (NFD) or compatible (NFKD) decomposition
// of text, its marks in their order.
func decompose(out []byte, text string, form norm.Form) []byte {
	marks := -1 // where the marks that wait for their order begin in out
	for i := 0; i < len(text); {
		r, n := Decode(text, i)
		if r < utf8.RuneSelf {
			marks = flush(out, marks)
			out = append(out, byte(r))
			i++
			continue
		}
		if hangulBase <= r && r < hangulEnd {
			marks = flush(out, marks)
			s := r - hangulBase
			out = utf8.AppendRune(out, hangulL+s/(hangulVs*hangulTs))
			out = utf8.AppendRune(out, hangulV+s%(hangulVs*hangulTs)/hangulTs)
			if t := s % hangulTs; t > 0 {
				out = utf8.AppendRune(out, hangulT+t)
			}
			i += n
			continue
		}
		var parts []byte
		if decomposingSet.Has(r) {
			parts = form.PropertiesString(text[i:]).Decomposition()
		}
		if parts == nil {
			if order(text[i:]) == 0 {
				marks = flush(out, marks)
			} else if marks < 0 {
				marks = len(out)
			}
			out = append(out, text[i:i+n]...)
		}
		for len(parts) > 0 {
			_, size := utf8.DecodeRune(parts)
			if order(string(parts[:size])) == 0 {
				marks = flush(out, marks)
			} else if marks < 0 {
				marks = len(out)
			}
			out = append(out, parts[:size]...)
			parts = parts[size:]
		}
		i += n
	}
	flush(out, marks)
	return out
}

// order is the combining class of the character that text begins with: 0 for one
// that isn't moved.
func order(text string) uint8 {
	if r, _ := Decode(text, 0); !reorderingSet.Has(r) {
		return 0
	}
	return norm.NFD.PropertiesString(text).CCC()
}

// flush sorts the marks out[begin:] by their order, those of the same order
// staying as they are, and returns -1: no marks wait.
func flush(out []byte, begin int) int {
	if begin < 0 {
		return -1
	}
	type mark struct {
		order uint8
		text  string
	}
	var room [16]mark
	var all []mark
	sorted := true
	part := out[begin:]
	if len(part) <= 4 {
		if _, n := utf8.DecodeRune(part); n == len(part) {
			return -1
		}
	}
	all = room[:0]
	text := string(part)
	for i := 0; i < len(text); {
		_, n := Decode(text, i)
		m := mark{order(text[i:]), text[i : i+n]}
		sorted = sorted && (len(all) == 0 || all[len(all)-1].order <= m.order)
		all = append(all, m)
		i += n
	}
	if sorted {
		return -1
	}
	// Counting: thousands of marks in a row are rubbish, but must not take long.
	var counts [257]int
	for _, m := range all {
		counts[int(m.order)+1] += len(m.text)
	}
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	for _, m := range all {
		copy(part[counts[m.order]:], m.text)
		counts[m.order] += len(m.text)
	}
	return -1
}

// compositions are the pairs of characters that make one.
var compositions = sync.OnceValue(func() map[[2]rune]rune {
	pairs := map[[2]rune]rune{}
	for r := rune(0x80); r < 0x20000; r++ {
		if hangulBase <= r && r < hangulEnd || !decomposingSet.Has(r) || !norm.NFC.IsNormalString(string(r)) {
			continue
		}
		parts := norm.NFD.PropertiesString(string(r)).Decomposition()
		if parts == nil {
			continue
		}
		_, n := utf8.DecodeLastRune(parts)
		last, _ := utf8.DecodeLastRune(parts)
		first := []rune(norm.NFC.String(string(parts[:len(parts)-n])))
		if len(first) == 1 {
			pairs[[2]rune{first[0], last}] = r
		}
	}
	return pairs
})

// compose replaces pairs in a decomposed text, in place, by what they make, and
// returns what is left of it.
func compose(text []byte) []byte {
	pairs := compositions()
	out := text[:0]
	starter, begin := rune(-1), 0 // the last character that isn't moved, and where it is in out
	last := uint8(0)              // the order of the mark before, 0 if there is none after starter
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		class := uint8(0)
		if r >= 0x300 {
			class = order(string(text[i : i+n]))
		}
		i += n
		adjacent := starter >= 0 && begin+utf8.RuneLen(starter) == len(out)
		if starter >= 0 && (adjacent || last != 0 && last < class) {
			if joined := composed(pairs, starter, r); joined >= 0 {
				// What is joined may be longer than what it was made of by the
				// marks that lie between.
				width := utf8.RuneLen(starter)
				marks := append([]byte(nil), out[begin+width:]...)
				out = utf8.AppendRune(out[:begin], joined)
				out = append(out, marks...)
				starter = joined
				continue
			}
		}
		if class == 0 {
			starter, begin = r, len(out)
		}
		last = class
		out = utf8.AppendRune(out, r)
	}
	return out
}

func composed(pairs map[[2]rune]rune, a, b rune) rune {
	switch {
	case b < 0x300:
		return -1
	case hangulL <= a && a < hangulLEnd && hangulV <= b && b < hangulVEnd:
		return hangulBase + ((a-hangulL)*hangulVs+b-hangulV)*hangulTs
	case hangulBase <= a && a < hangulEnd && (a-hangulBase)%hangulTs == 0 && hangulTFirst <= b && b < hangulTEnd:
		return a + b - hangulT
	}
	if r, ok := pairs[[2]rune{a, b}]; ok {
		return r
	}
	return -1
}

// NFC returns the canonical composition of text.
func NFC(text string) string { return composition(text, norm.NFC, norm.NFD) }

// NFD returns the canonical decomposition of text.
func NFD(text string) string { return decomposition(text, norm.NFD) }

// NFKC returns the compatibility composition of text.
func NFKC(text string) string { return composition(text, norm.NFKC, norm.NFKD) }

// NFKD returns the compatibility decomposition of text.
func NFKD(text string) string { return decomposition(text, norm.NFKD) }

func decomposition(text string, form norm.Form) string {
	if IsASCII(text) {
		return text
	}
	return string(decompose(make([]byte, 0, len(text)+len(text)/2), text, form))
}

func composition(text string, form, decomposed norm.Form) string {
	if IsASCII(text) || form.QuickSpanString(text) == len(text) {
		return text
	}
	return string(compose(decompose(make([]byte, 0, len(text)+len(text)/2), text, decomposed)))
}
