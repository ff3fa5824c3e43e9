package tokenizer

import (
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/processors"
)

// Tokenizer is a loaded tokenizer. It is safe for concurrent use.
type Tokenizer struct {
	path        string
	size        int
	maxLength   int
	cutLeft     bool
	added       addedtokens.Vocabulary
	plainText   bool               // special tokens that a text has are text like any other
	raw         addedtokens.Finder // found before normalization
	cleaned     addedtokens.Finder // found after it
	normalizers []normalizers.Normalizer
	first       bool                  // a step of the pre-tokenizer asks for what the text begins with
	splits      []pretokenizers.Stage // each cuts what the one before it left
	bytes       bool                  // words are turned into the characters of their bytes
	model       models.Model
	known       *wordCache
	template    processors.Template
}

// Path returns the file that the vocabulary came from.
func (t *Tokenizer) Path() string { return t.path }

// Size is one more than the largest id that Encode returns.
func (t *Tokenizer) Size() int { return t.size }

// MaxLength is model_max_length of tokenizer_config.json, or 0 if there is none.
func (t *Tokenizer) MaxLength() int { return t.maxLength }

// Specials is how many tokens the template adds to a text.
func (t *Tokenizer) Specials() int { return t.template.Size() }

// Encode returns the ids of text, special tokens included: at most limit, which
// is not less than Specials. truncated says that tokens were left out. Bytes that
// are no UTF-8 count as U+FFFD.
func (t *Tokenizer) Encode(text string, limit int) (ids []int32, truncated bool) {
	room := limit - t.Specials()
	e := &encoder{t: t, ids: append(make([]int32, 0, 64), t.template.Before...)}
	if !t.cutLeft {
		e.enough = len(e.ids) + room + 1
	}
	e.split = e.word
	for i := len(t.splits) - 1; i >= 0; i-- {
		split, after := t.splits[i].Split, e.split
		e.split = func(s pretokenizers.Span) { split(s, after) }
	}
	whole := pretokenizers.Span{Text: strings.ToValidUTF8(text, "\uFFFD")}
	if t.first {
		_, whole.Lead = utf8.DecodeRuneInString(whole.Text)
	}
	t.raw.Cut(whole, t.plainText, e, e.part)

	ids, begin := e.ids, len(t.template.Before)
	if n := len(ids) - begin; n > room {
		truncated = true
		if t.cutLeft {
			copy(ids[begin:], ids[len(ids)-room:])
		}
		ids = ids[:begin+room]
	}
	return append(ids, t.template.After...), truncated
}

// encoder collects the ids of one text.
type encoder struct {
	t      *Tokenizer
	ids    []int32
	enough int // how many ids suffice, since the rest is cut off; 0: all are needed
	split  func(pretokenizers.Span)
}

// maxGrowth is how many times as long a normalizer may make a text: 11 is what
// happens, but a file can hold replacements that double it again and again.
const maxGrowth = 200

func (e *encoder) full() bool { return e.enough > 0 && len(e.ids) >= e.enough }

// Token adds an added token. It reports whether more are wanted.
func (e *encoder) Token(id int32) bool {
	if e.full() {
		return false
	}
	e.ids = append(e.ids, id)
	return true
}

// part encodes a part of the text between added tokens that are found as they
// are written.
func (e *encoder) part(s pretokenizers.Span) {
	if e.full() {
		return
	}
	before := len(s.Text)
	for _, n := range e.t.normalizers {
		s.Lead = n.Leading(s.Text, s.Lead)
		s.Text = n.Apply(s.Text)
		if most := maxGrowth*before + maxGrowth; len(s.Text) > most {
			s.Text = strings.ToValidUTF8(s.Text[:most], "")
		}
	}
	e.t.cleaned.Cut(s, e.t.plainText, e, e.split)
}

// word encodes one word.
func (e *encoder) word(s pretokenizers.Span) {
	if e.full() {
		return
	}
	slot := e.t.known.slot(s.Text)
	if slot != nil {
		if k := slot.Load(); k != nil && k.text == s.Text {
			e.ids = append(e.ids, k.ids...)
			return
		}
	}
	first, text := len(e.ids), s.Text
	if e.t.bytes {
		text = normalizers.ByteLevel(text)
	}
	e.ids = e.t.model.Append(e.ids, text)
	if slot != nil {
		slot.Store(newKnown(s.Text, e.ids[first:]))
	}
}
