package onig

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// set is a set of characters: sorted ranges, as pairs of their first and last ones.
type set []rune

const last = unicode.MaxRune

func (s set) has(r rune) bool {
	lo, hi := 0, len(s)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < s[2*mid]:
			hi = mid
		case r > s[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// normal sorts ranges and joins those that touch.
func normal(ranges set) set {
	type pair struct{ a, b rune }
	pairs := make([]pair, 0, len(ranges)/2)
	for i := 0; i < len(ranges); i += 2 {
		pairs = append(pairs, pair{ranges[i], ranges[i+1]})
	}
	slices.SortFunc(pairs, func(x, y pair) int { return int(x.a - y.a) })
	var out set
	for _, p := range pairs {
		if n := len(out); n > 0 && p.a <= out[n-1]+1 {
			out[n-1] = max(out[n-1], p.b)
			continue
		}
		out = append(out, p.a, p.b)
	}
	return out
}

func union(a, b set) set { return normal(slices.Concat(a, b)) }

func complement(s set) set {
	var out set
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= last {
		out = append(out, next, last)
	}
	return out
}

func intersection(a, b set) set { return complement(union(complement(a), complement(b))) }

func fromTable(t *unicode.RangeTable) set {
	var out set
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = append(out, lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			out = append(out, r, r)
		}
	}
	for _, r := range t.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range t.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return normal(out)
}

// foldLimit is up to how many characters a set is extended by their other cases:
// larger ones are categories, which have both.
const foldLimit = 3000

func fold(s set) set {
	n := rune(0)
	for i := 0; i < len(s); i += 2 {
		n += s[i+1] - s[i] + 1
	}
	if n > foldLimit {
		return s
	}
	out := slices.Clone(s)
	for i := 0; i < len(s); i += 2 {
		for r := s[i]; r <= s[i+1]; r++ {
			for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
				out = append(out, f, f)
			}
		}
	}
	return normal(out)
}

// class is a set for many lookups.
type class struct {
	low  [32]uint64 // the characters below U+0800, which are most of European texts
	rest set
}

func newClass(s set) *class {
	c := &class{rest: s}
	for r := range rune(0x800) {
		if s.has(r) {
			c.low[r/64] |= 1 << (r % 64)
		}
	}
	return c
}

// at returns the length of the character at text[i:] if it is in the class, or 0.
func (c *class) at(text string, i int) int {
	if i >= len(text) {
		return 0
	}
	if b := text[i]; b < utf8.RuneSelf {
		return int(c.low[b/64] >> (b % 64) & 1)
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	if c.has(r) {
		return n
	}
	return 0
}

func (c *class) has(r rune) bool {
	if r < 0x800 {
		return c.low[r/64]>>(r%64)&1 != 0
	}
	return c.rest.has(r)
}
