package normalizers

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// BERT prepares a text as BERT's training did. The steps have this
// order; each is optional.
type BERT struct {
	Clean   bool  `json:"clean_text"`           // drop control characters, make white space a blank
	Chinese bool  `json:"handle_chinese_chars"` // blanks around ideographs, so that each is a word
	Strip   *bool `json:"strip_accents"`        // nil: as Lower
	Lower   bool  `json:"lowercase"`
}

func (n *BERT) Normalize(text string) string {
	strip := n.Lower
	if n.Strip != nil {
		strip = *n.Strip
	}
	if n.Clean || n.Chinese {
		text = n.clean(text)
	}
	if strip && !unicodedata.IsASCII(text) {
		text = without(unicodedata.NonspacingMark.Has)(unicodedata.NFD(text))
	}
	if n.Lower {
		text = Lowercase(text)
	}
	return text
}

// clean does the first two steps, which look at one character each.
func (n *BERT) clean(text string) string {
	same := 0 // text[:same] is as it has to be
	for same < len(text) && ' ' <= text[same] && text[same] < 0x7F {
		same++
	}
	if same == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+len(text)/8+16), text[:same]...)
	for i := same; i < len(text); {
		r, size := unicodedata.Decode(text, i)
		i += size
		if n.Clean {
			if r == 0 || r == utf8.RuneError || unicodedata.Control.Has(r) {
				continue
			}
			if unicode.IsSpace(r) {
				r = ' '
			}
		}
		switch {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case n.Chinese && unicodedata.IsIdeograph(r):
			out = append(out, ' ')
			out = append(append(out, text[i-size:i]...), ' ')
		default:
			out = append(out, text[i-size:i]...)
		}
	}
	return string(out)
}

// without leaves out characters.
func without(drop func(rune) bool) func(string) string {
	return func(text string) string {
		return strings.Map(func(r rune) rune {
			if drop(r) {
				return -1
			}
			return r
		}, text)
	}
}
