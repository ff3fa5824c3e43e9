package tokenizer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/trie"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// addedToken is a token that is found in the text as a whole, before any model
// sees it.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only between characters that are no letters
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space after it
	Normalized bool   `json:"normalized"`  // sought in the normalized text
	Special    bool   `json:"special"`
}

// maxAdded bounds the tokens that are added to a vocabulary: models have some
// thousands. They are sorted and sought in a tree, which takes many times their size.
const maxAdded = 100_000

var errAdded = fmt.Errorf("it has more than %d added tokens, which no model has", maxAdded)

// additions are the added tokens of a tokenizer, by their ids.
type additions struct {
	ids    map[string]int32
	tokens map[int32]addedToken
}

// finish makes the tokenizer ready for Encode, with those added tokens.
func (t *Tokenizer) finish(tokens []addedToken) {
	if n := len(t.splits); n > 0 && t.splits[n-1].Bytes && !t.bytes {
		// The last step is left to word: most words are known by then.
		t.splits, t.bytes = t.splits[:n-1], true
	}
	for _, s := range t.splits {
		t.first = t.first || s.First
	}
	t.add(tokens)
	t.size = t.model.Top()
	for _, ids := range [][]int32{t.template.Before, t.template.After} {
		for _, id := range ids {
			t.size = max(t.size, int(id)+1)
		}
	}
	for id := range t.added.tokens {
		t.size = max(t.size, int(id)+1)
	}
	t.index()
}

// add takes more added tokens. As in HuggingFace tokenizers, one that the
// vocabulary has gets the id from there, and any other the next free one,
// whatever the file says.
func (t *Tokenizer) add(tokens []addedToken) {
	a := &t.added
	if a.ids == nil {
		a.ids, a.tokens = map[string]int32{}, map[int32]addedToken{}
	}
	next := int32(t.model.Entries())
	for id := range a.tokens {
		next = max(next, id+1)
	}
	for _, token := range tokens {
		if token.Content == "" {
			continue
		}
		id, ok := a.ids[token.Content]
		if !ok {
			if id = t.model.ID(token.Content); id < 0 {
				id = next
				next++
			}
		}
		token.ID = id
		a.ids[token.Content], a.tokens[id] = id, token
	}
}

// index prepares the search for the added tokens: some are sought in the text as
// it was written, the others in the normalized one.
func (t *Tokenizer) index() {
	var raw, cleaned []addedToken
	var rawText, cleanedText []string
	for _, id := range slices.Sorted(maps.Keys(t.added.tokens)) {
		token := t.added.tokens[id]
		if !token.Normalized {
			raw, rawText = append(raw, token), append(rawText, token.Content)
			continue
		}
		text := token.Content
		for _, n := range t.normalizers {
			text = n.Apply(text)
		}
		if text != "" {
			cleaned, cleanedText = append(cleaned, token), append(cleanedText, text)
		}
	}
	t.raw, t.cleaned = newAddedTokens(raw, rawText), newAddedTokens(cleaned, cleanedText)
}

// addedTokens are tokens that are sought together.
type addedTokens struct {
	tokens []addedToken
	// places has the place in tokens of each, by what is sought.
	places *trie.Trie
	// first has the bytes that a token begins with: most texts contain none.
	first [256]bool
}

// newAddedTokens takes the tokens and what is sought for each.
func newAddedTokens(tokens []addedToken, sought []string) addedTokens {
	a := addedTokens{tokens: tokens, places: trie.New(64)}
	for i, s := range sought {
		if a.places.ID(s) >= 0 {
			continue // of tokens that are sought alike, the first is found
		}
		a.places.Add(s, int32(i))
		a.first[s[0]] = true
	}
	return a
}

// at returns the longest token that stands at text[i:] and its end, or nil.
func (a *addedTokens) at(text string, i int) (found *addedToken, end int) {
	node := int32(0)
	for ; i < len(text); i++ {
		if node = a.places.Next(node, text[i]); node < 0 {
			break
		}
		if place := a.places.At(node); place >= 0 {
			found, end = &a.tokens[place], i+1
		}
	}
	return found, end
}

// cut adds the ids of the added tokens in s to those of e, and calls rest for the
// parts between them. The leftmost token wins, then the longest.
func (a *addedTokens) cut(e *encoder, s pretokenizers.Span, rest func(pretokenizers.Span)) {
	text := s.Text
	done := 0 // text[:done] is dealt with
	if len(a.tokens) > 0 {
		for i := 0; i < len(text); {
			if !a.first[text[i]] {
				i++
				continue
			}
			t, end := a.at(text, i)
			if t == nil {
				i++
				continue
			}
			begin := i
			// The search goes on after the token itself, even if it takes the
			// white space after it.
			i = end
			if t.Special && e.t.plainText {
				continue
			}
			if t.SingleWord && (endsInWord(text[:begin]) || beginsInWord(text[end:])) {
				continue
			}
			if t.LStrip {
				begin = max(begin, done)
				begin = done + len(strings.TrimRightFunc(text[done:begin], unicode.IsSpace))
			}
			if t.RStrip {
				end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
			}
			if done < begin {
				rest(pretokenizers.Span{Text: text[done:begin], Lead: min(max(s.Lead-done, 0), begin-done)})
			}
			if e.full() {
				return
			}
			// The one before may have taken all of it as its white space.
			if begin < end {
				e.ids = append(e.ids, t.ID)
			}
			done = end
		}
	}
	if done < len(text) {
		rest(pretokenizers.Span{Text: text[done:], Lead: max(s.Lead-done, 0)})
	}
}

func endsInWord(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && unicodedata.IsWord(r)
}

func beginsInWord(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && unicodedata.IsWord(r)
}
