package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// bertNormalizer prepares a text as BERT's training did. The steps have this
// order; each is optional.
type bertNormalizer struct {
	Clean   bool  `json:"clean_text"`           // drop control characters, make white space a blank
	Chinese bool  `json:"handle_chinese_chars"` // blanks around ideographs, so that each is a word
	Strip   *bool `json:"strip_accents"`        // nil: as Lower
	Lower   bool  `json:"lowercase"`
}

func (n bertNormalizer) normalize(text string) string {
	strip := n.Lower
	if n.Strip != nil {
		strip = *n.Strip
	}
	if n.Clean || n.Chinese {
		text = n.clean(text)
	}
	if strip {
		text = stripAccents(text)
	}
	if n.Lower {
		text = lower(text)
	}
	return text
}

// clean does the first two steps, which look at one character each.
func (n bertNormalizer) clean(text string) string {
	var b strings.Builder
	b.Grow(len(text) + 8)
	for _, r := range text {
		if n.Clean {
			if r == 0 || r == utf8.RuneError || isControl(r) {
				continue
			}
			if unicode.IsSpace(r) {
				r = ' '
			}
		}
		if n.Chinese && isIdeograph(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// stripAccents decomposes and drops the marks that have no width.
func stripAccents(text string) string {
	if isASCII(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isMark(r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

func lower(text string) string {
	if isASCII(text) || !strings.ContainsRune(text, 'İ') {
		return strings.Map(lowerRune, text)
	}
	// The one letter whose small form is two characters.
	return strings.Map(lowerRune, strings.ReplaceAll(text, "İ", "i\u0307"))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
