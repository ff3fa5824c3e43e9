package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// normalizer changes a text before it is split.
type normalizer struct {
	apply func(text string) string
	// lead returns how many bytes of the result come from the first n bytes of
	// text. "prepend_scheme": "first" asks for what the text's first character
	// became. It is nil if that is what apply makes of these bytes alone.
	lead func(text string, n int) int
}

// leading returns what lead says.
func (n normalizer) leading(text string, lead int) int {
	switch {
	case lead == 0:
		return 0
	case n.lead != nil:
		return n.lead(text, lead)
	}
	return len(n.apply(text[:lead]))
}

// bertNormalizer prepares a text as BERT's training did. The steps have this
// order; each is optional.
type bertNormalizer struct {
	Clean   bool  `json:"clean_text"`           // drop control characters, make white space a blank
	Chinese bool  `json:"handle_chinese_chars"` // blanks around ideographs, so that each is a word
	Strip   *bool `json:"strip_accents"`        // nil: as Lower
	Lower   bool  `json:"lowercase"`
}

func (n *bertNormalizer) normalize(text string) string {
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
		text = lower(text)
	}
	return text
}

// clean does the first two steps, which look at one character each.
func (n *bertNormalizer) clean(text string) string {
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

func lower(text string) string {
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

// strip is the normalizer Strip.
func strip(left, right bool) normalizer {
	apply := func(text string) string {
		if right {
			text = strings.TrimRightFunc(text, unicode.IsSpace)
		}
		if left {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
		}
		return text
	}
	return normalizer{apply, func(text string, n int) int {
		kept := apply(text)
		if left {
			n -= len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
		}
		return min(max(n, 0), len(kept))
	}}
}

func prepend(begin string) normalizer {
	return normalizer{apply: func(text string) string {
		if text == "" {
			return text
		}
		return begin + text
	}}
}

// nmt cleans a text as the training of machine translation did.
func nmt(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 1 <= r && r <= 8, r == 0xB, 0xE <= r && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
			return -1
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, 0x200B <= r && r <= 0x200F,
			r == 0x2028, r == 0x2029, r == 0x2581, r == 0xFEFF, r == utf8.RuneError:
			return ' '
		}
		return r
	}, text)
}

// matcher calls found for each match in text.
type matcher func(text string, found func(begin, end int))

// replace is the normalizer Replace.
func replace(each matcher, by string) normalizer {
	apply := func(text string) string {
		if text == "" {
			return ""
		}
		var out []byte
		done := 0
		each(text, func(begin, end int) {
			out = append(append(out, text[done:begin]...), by...)
			done = end
		})
		if done == 0 && out == nil {
			return text
		}
		return string(append(out, text[done:]...))
	}
	return normalizer{apply, func(text string, n int) int {
		lead := n
		each(text, func(begin, end int) {
			// What takes the place of a match belongs to its last character.
			switch {
			case end <= n:
				lead += len(by) - (end - begin)
			case begin < n:
				lead -= n - begin
			}
		})
		return lead
	}}
}

// byteCharacters are the characters that stand for bytes in the vocabularies of
// byte-level models: printable ones are themselves, the others U+0100 and on.
var byteCharacters = func() (all [256]string) {
	next := rune(256)
	for b := range rune(256) {
		if '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b {
			all[b] = string(b)
			continue
		}
		all[b] = string(next)
		next++
	}
	return all
}()

// appendByteLevel appends the characters that stand for the bytes of text.
func appendByteLevel(out []byte, text string) []byte {
	for i := range len(text) {
		out = append(out, byteCharacters[text[i]]...)
	}
	return out
}

func byteLevel(text string) string {
	return string(appendByteLevel(make([]byte, 0, 2*len(text)), text))
}
