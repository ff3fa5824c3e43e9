package addedtokens

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/models"
)

// Token is a token that is found in the text as a whole, before any model
// sees it.
type Token struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only between characters that are not letters
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space after it
	Normalized bool   `json:"normalized"`  // found in the normalized text
	Special    bool   `json:"special"`
}

// Max bounds the tokens that are added to a vocabulary: models have some
// thousands. They are sorted and put into a tree, which takes many times their size.
const Max = 100_000

// ErrTooMany is the error about more added tokens than Max.
var ErrTooMany = fmt.Errorf("it has more than %d added tokens, which no model has", Max)

// Vocabulary has the added tokens of a tokenizer.
type Vocabulary struct {
	ids    map[string]int32
	tokens map[int32]Token
}

// ID returns the id of a token, and whether there is one.
func (v *Vocabulary) ID(content string) (int32, bool) {
	id, ok := v.ids[content]
	return id, ok
}

// Has reports whether the token is there with the same id and flags.
func (v *Vocabulary) Has(token Token) bool {
	there, ok := v.tokens[token.ID]
	return ok && there == token
}

// Top is one more than the largest id, or 0.
func (v *Vocabulary) Top() int {
	top := 0
	for id := range v.tokens {
		top = max(top, int(id)+1)
	}
	return top
}

// Add takes more added tokens. As in HuggingFace tokenizers, one that the model has gets
// the id from there, and any other the next free one, whatever the file says.
func (v *Vocabulary) Add(tokens []Token, model models.Model) {
	if v.ids == nil {
		v.ids, v.tokens = map[string]int32{}, map[int32]Token{}
	}
	next := int32(model.Entries())
	for id := range v.tokens {
		next = max(next, id+1)
	}
	for _, token := range tokens {
		if token.Content == "" {
			continue
		}
		id, ok := v.ids[token.Content]
		if !ok {
			if id = model.ID(token.Content); id < 0 {
				id = next
				next++
			}
		}
		token.ID = id
		v.ids[token.Content], v.tokens[id] = id, token
	}
}

// RemoveFrom removes the tokens from that id on.
func (v *Vocabulary) RemoveFrom(first int) {
	for id, token := range v.tokens {
		if int(id) >= first {
			delete(v.ids, token.Content)
			delete(v.tokens, id)
		}
	}
}

// Finders return what finds the tokens: some in the text as it was written, others in the
// normalized text.
func (v *Vocabulary) Finders(normalize func(string) string) (written, normalized Finder) {
	var raw, cleaned []Token
	var rawText, cleanedText []string
	for _, id := range slices.Sorted(maps.Keys(v.tokens)) {
		token := v.tokens[id]
		if !token.Normalized {
			raw, rawText = append(raw, token), append(rawText, token.Content)
			continue
		}
		if text := normalize(token.Content); text != "" {
			cleaned, cleanedText = append(cleaned, token), append(cleanedText, text)
		}
	}
	return newFinder(raw, rawText), newFinder(cleaned, cleanedText)
}
