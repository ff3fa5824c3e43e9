package normalizers

// Normalizer changes a text before it is split.
type Normalizer struct {
	// Apply returns the changed text.
	Apply func(text string) string
	// lead returns how many bytes of the result come from the first n bytes of
	// text. "prepend_scheme": "first" asks for what the text's first character
	// became. It is nil if that is what Apply makes of these bytes alone.
	lead func(text string, n int) int
}

// Leading returns how many bytes of the result come from the first lead bytes of text.
func (n Normalizer) Leading(text string, lead int) int {
	switch {
	case lead == 0:
		return 0
	case n.lead != nil:
		return n.lead(text, lead)
	}
	return len(n.Apply(text[:lead]))
}
