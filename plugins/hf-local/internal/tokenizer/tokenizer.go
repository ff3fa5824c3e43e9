package tokenizer

import "strings"

// Tokenizer is a loaded tokenizer. It is safe for concurrent use.
type Tokenizer struct {
	path      string
	size      int
	maxLength int
	cutLeft   bool
	raw       addedTokens // found before normalization
	cleaned   addedTokens // found after it
	normalize normalizer
	split     splitter
	model     *wordPiece
	template  template
}

// normalizer changes a text before it is split.
type normalizer func(text string) string

// splitter cuts a text into words.
type splitter func(text string, word func(string))

// Path returns the file that the vocabulary came from.
func (t *Tokenizer) Path() string { return t.path }

// Size is one more than the largest id.
func (t *Tokenizer) Size() int { return t.size }

// MaxLength is model_max_length of tokenizer_config.json, or 0 if there is none.
func (t *Tokenizer) MaxLength() int { return t.maxLength }

// Specials is how many tokens the template adds to a text.
func (t *Tokenizer) Specials() int { return len(t.template.before) + len(t.template.after) }

// Encode returns the ids of text, special tokens included: at most limit, which
// is not less than Specials. truncated says that tokens were left out.
func (t *Tokenizer) Encode(text string, limit int) (ids []int32, truncated bool) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	ids = append(make([]int32, 0, 64), t.template.before...)
	ids = t.raw.cut(ids, text, func(ids []int32, part string) []int32 {
		if t.normalize != nil {
			part = t.normalize(part)
		}
		return t.cleaned.cut(ids, part, t.pieces)
	})
	begin, room := len(t.template.before), limit-t.Specials()
	if n := len(ids) - begin; n > room {
		truncated = true
		if t.cutLeft {
			copy(ids[begin:], ids[len(ids)-room:])
		}
		ids = ids[:begin+room]
	}
	return append(ids, t.template.after...), truncated
}

// pieces appends the ids of a text without added tokens.
func (t *Tokenizer) pieces(ids []int32, text string) []int32 {
	t.split(text, func(word string) { ids = t.model.append(ids, word) })
	return ids
}
