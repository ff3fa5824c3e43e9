package tokenizer

import (
	"fmt"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/addedtokens"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/settings"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/slow"
)

// assemble makes a tokenizer of its parts.
func assemble(s *settings.Settings, p slow.Parts) (*Tokenizer, error) {
	t := &Tokenizer{known: newWordCache(), model: p.Model, normalizers: p.Normalizers, splits: p.Splits}
	t.finish(nil)
	t.addMissing(s)
	for _, end := range []struct {
		name string
		ids  *[]int32
	}{{p.Before, &t.template.Before}, {p.After, &t.template.After}} {
		if end.name == "" {
			continue
		}
		content := s.Specials[end.name].Content
		id, ok := t.added.ID(content)
		if !ok {
			return nil, fmt.Errorf("the vocabulary has no %s, which is %s", content, end.name)
		}
		*end.ids = []int32{id}
	}
	return t, nil
}

// addMissing adds the tokens that the settings name and t doesn't have, as transformers
// does when it loads a tokenizer.
func (t *Tokenizer) addMissing(s *settings.Settings) {
	before := t.size
	t.finish(s.Missing(&t.added))
	// A model that has no row for a token doesn't know it.
	if s.Rows == 0 || t.size <= s.Rows {
		return
	}
	t.added.RemoveFrom(max(before, s.Rows))
	t.finish(nil)
}

// finish makes the tokenizer ready for Encode, with those added tokens.
func (t *Tokenizer) finish(tokens []addedtokens.Token) {
	if n := len(t.splits); n > 0 && t.splits[n-1].Bytes && !t.bytes {
		// The last step is left to word: most words are known by then.
		t.splits, t.bytes = t.splits[:n-1], true
	}
	for _, s := range t.splits {
		t.first = t.first || s.First
	}
	t.added.Add(tokens, t.model)
	t.size = max(t.model.Top(), t.added.Top())
	for _, ids := range [][]int32{t.template.Before, t.template.After} {
		for _, id := range ids {
			t.size = max(t.size, int(id)+1)
		}
	}
	t.raw, t.cleaned = t.added.Finders(func(text string) string {
		for _, n := range t.normalizers {
			text = n.Apply(text)
		}
		return text
	})
}
