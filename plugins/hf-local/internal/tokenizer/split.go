package tokenizer

import (
	"unicode"
	"unicode/utf8"
)

// splitBERT cuts at white space, which it drops, and around each punctuation
// mark, which becomes a word.
func splitBERT(text string, word func(string)) {
	begin := 0
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(text[i:])
		}
		space, mark := unicode.IsSpace(r), isPunctuation(r)
		if space || mark {
			if begin < i {
				word(text[begin:i])
			}
			if mark {
				word(text[i : i+n])
			}
			begin = i + n
		}
		i += n
	}
	if begin < len(text) {
		word(text[begin:])
	}
}
