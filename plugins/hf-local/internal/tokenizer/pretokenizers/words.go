package pretokenizers

import (
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// BERT cuts at white space, which it drops, and around each punctuation
// mark, which becomes a word.
func BERT(s Span, emit func(Span)) {
	c := cutter{s, emit}
	begin := 0
	for i := 0; i < len(s.Text); {
		r, n := unicodedata.Decode(s.Text, i)
		if r < utf8.RuneSelf && asciiLetters[r] {
			i++
			continue
		}
		space, mark := unicode.IsSpace(r), unicodedata.Punctuation.Has(r)
		if space || mark {
			c.part(begin, i)
			if mark {
				c.part(i, i+n)
			}
			begin = i + n
		}
		i += n
	}
	c.part(begin, len(s.Text))
}

// asciiLetters are letters, digits and control characters: no white space and no
// punctuation.
var asciiLetters = func() (all [utf8.RuneSelf]bool) {
	for r := range all {
		all[r] = !unicode.IsSpace(rune(r)) && !unicodedata.Punctuation.Has(rune(r))
	}
	return all
}()

// WhitespaceSplit cuts at white space, which it drops.
func WhitespaceSplit(s Span, emit func(Span)) {
	c := cutter{s, emit}
	begin := 0
	for i := 0; i < len(s.Text); {
		r, n := unicodedata.Decode(s.Text, i)
		if unicode.IsSpace(r) {
			c.part(begin, i)
			begin = i + n
		}
		i += n
	}
	c.part(begin, len(s.Text))
}

// whitespace is the pattern \w+|[^\w\s]+: words, and what is neither word nor
// white space.
func whitespace(s Span, emit func(Span)) {
	c := cutter{s, emit}
	const space, word, mark = 0, 1, 2
	begin, before := 0, space
	for i := 0; i < len(s.Text); {
		r, n := unicodedata.Decode(s.Text, i)
		kind := mark
		switch {
		case unicodedata.IsWord(r):
			kind = word
		case unicode.IsSpace(r):
			kind = space
		}
		if kind != before {
			if before != space {
				c.part(begin, i)
			}
			begin, before = i, kind
		}
		i += n
	}
	if before != space {
		c.part(begin, len(s.Text))
	}
}
