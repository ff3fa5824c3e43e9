package onig

import (
	"testing"
	"unicode/utf8"
)

func FuzzPattern(f *testing.F) {
	for _, p := range []string{`'s|'t| ?\p{L}+|\s+(?!\S)|\s+`, `(?i:'ll)|[^\r\n\p{L}]?+\p{N}{1,3}`, `(?<=a)b|(?<!x)y`, `[[:alpha:]&&[^ä-ü]]++`, `\A +| +\z`, `(a|b)*c`, `\x{41}\u0042\x43`, `(?m-i:.)^$\b\B`} {
		f.Add(p, "it's  12 äbc\n ab")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := Compile(pattern)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		done := 0
		p.Each(text, func(begin, end int) {
			if begin < done || end < begin || end > len(text) || !utf8.ValidString(text[begin:end]) {
				t.Fatalf("%q finds [%d:%d] in %q after %d", pattern, begin, end, text, done)
			}
			done = end
		})
	})
}
