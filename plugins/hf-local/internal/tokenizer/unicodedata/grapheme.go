package unicodedata

// GraphemeCluster returns the length of the grapheme cluster that text begins with,
// and whether it is one character. Clusters of Hangul letters only, flags, and emoji
// joined to one are cut: they are longer than what is looked up as a whole anyway.
// (Unicode Standard Annex 29.)
func GraphemeCluster(text string) (n int, single bool) {
	r, n := Decode(text, 0)
	if r == '\r' && n < len(text) && text[n] == '\n' {
		return 2, false
	}
	if breakerSet.Has(r) {
		return n, true
	}
	single = true
	for prefixSet.Has(r) && n < len(text) {
		next, size := Decode(text, n)
		if breakerSet.Has(next) {
			return n, single
		}
		r, n, single = next, n+size, false
	}
	for n < len(text) {
		next, size := Decode(text, n)
		if !extenderSet.Has(next) {
			break
		}
		n, single = n+size, false
	}
	return n, single
}
