package models

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/trie"
)

// wordPiece splits a word into the longest pieces of a vocabulary, from the left.
type wordPiece struct {
	begins   *trie.Trie // the entries: a word begins with one
	goes     *trie.Trie // those with the prefix, without it: a word goes on with one
	unknown  int32
	maxRunes int // a longer word is unknown
	count    int
	largest  int32
}

// NewWordPiece returns a model whose pieces within a word begin with prefix, and for which
// words of more than maxRunes characters are unknown.
func NewWordPiece(vocabulary map[string]int32, unknown int32, prefix string, maxRunes int) (Model, error) {
	w := &wordPiece{begins: trie.New(2 * len(vocabulary)), goes: trie.New(len(vocabulary)), unknown: unknown, maxRunes: maxRunes, count: len(vocabulary)}
	for token, id := range vocabulary {
		ok := w.begins.Add(token, id)
		if rest, found := strings.CutPrefix(token, prefix); ok && found && rest != "" {
			ok = w.goes.Add(rest, id)
		}
		if !ok {
			return nil, errors.New("vocab is too large")
		}
		w.largest = max(w.largest, id)
	}
	return w, nil
}

func (w *wordPiece) ID(token string) int32 { return w.begins.ID(token) }

func (w *wordPiece) Entries() int { return w.count }

func (w *wordPiece) Top() int { return int(w.largest) + 1 }

// Append appends the ids of a word. A word that can't be split completely is
// unknown as a whole.
func (w *wordPiece) Append(ids []int32, word string) []int32 {
	if len(word) > w.maxRunes && utf8.RuneCountInString(word) > w.maxRunes {
		return append(ids, w.unknown)
	}
	first, pieces := len(ids), w.begins
	for begin := 0; begin < len(word); {
		node, id, end := int32(0), int32(-1), begin
		for i := begin; i < len(word); {
			if node = pieces.Next(node, word[i]); node < 0 {
				break
			}
			i++
			if pieces.At(node) >= 0 {
				id, end = pieces.At(node), i
			}
		}
		if id < 0 {
			return append(ids[:first], w.unknown)
		}
		ids = append(ids, id)
		begin, pieces = end, w.goes
	}
	return ids
}
