package normalizers

import (
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// Lowercase returns text in lower case.
func Lowercase(text string) string {
	i := 0
	for i < len(text) && text[i] < utf8.RuneSelf && (text[i] < 'A' || text[i] > 'Z') {
		i++
	}
	if i == len(text) {
		return text
	}
	out := append(make([]byte, 0, len(text)+8), text[:i]...)
	for i < len(text) {
		r, n := unicodedata.Decode(text, i)
		switch l := unicodedata.ToLower(r); {
		case r == 'İ':
			// The one letter whose small form is two characters.
			out = append(out, "i\u0307"...)
		case l == r:
			out = append(out, text[i:i+n]...)
		default:
			out = utf8.AppendRune(out, l)
		}
		i += n
	}
	return string(out)
}
