package addedtokens

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pretokenizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/trie"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// Finder finds tokens in a text.
type Finder struct {
	tokens []Token
	// places has the index in tokens of each, by its text.
	places *trie.Trie
	// first has the bytes that a token begins with: most texts contain none.
	first [256]bool
}

// newFinder takes the tokens and the text to find for each.
func newFinder(tokens []Token, sought []string) Finder {
	a := Finder{tokens: tokens, places: trie.New(64)}
	for i, s := range sought {
		if a.places.ID(s) >= 0 {
			continue // of tokens with the same text, the first is found
		}
		a.places.Add(s, int32(i))
		a.first[s[0]] = true
	}
	return a
}

// at returns the longest token at text[i:] and its end, or nil.
func (a *Finder) at(text string, i int) (found *Token, end int) {
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

// Receiver takes the ids of found tokens. Token reports whether more are wanted.
type Receiver interface{ Token(id int32) bool }

// Cut hands each token in s to r, and calls rest for the parts between them. The leftmost
// token wins, then the longest. With plain, special tokens are text like any other.
func (a *Finder) Cut(s pretokenizers.Span, plain bool, r Receiver, rest func(pretokenizers.Span)) {
	text := s.Text
	done := 0 // text[:done] has been cut
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
			if t.Special && plain {
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
			// The one before may have taken all of it as its white space.
			if begin < end && !r.Token(t.ID) {
				return
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
