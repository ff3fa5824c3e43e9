package pretokenizers

// Span is a part of a text.
type Span struct {
	Text string
	Lead int // how many of its first bytes come from the whole text's first character
}

// Splitter cuts a part into smaller ones, and may change them. It emits no empty
// one.
type Splitter func(s Span, emit func(Span))

// Stage is one step of a pre-tokenizer.
type Stage struct {
	Split Splitter
	// Bytes says that it turns a text into the characters of its bytes.
	Bytes bool
	// First says that it asks for Lead.
	First bool
}

// cutter emits parts of one text.
type cutter struct {
	Span
	emit func(Span)
}

// part emits text[begin:end], unless it is empty.
func (c *cutter) part(begin, end int) {
	if begin < end {
		c.emit(Span{c.Text[begin:end], min(max(c.Lead-begin, 0), end-begin)})
	}
}
