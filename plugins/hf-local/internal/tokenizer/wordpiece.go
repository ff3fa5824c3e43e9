package tokenizer

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// wordPiece splits a word into the longest pieces of a vocabulary, from the left.
type wordPiece struct {
	begins   *trie // the entries: a word begins with one
	goes     *trie // those with the prefix, without it: a word goes on with one
	unknown  int32
	maxRunes int // a longer word is unknown
	count    int
	largest  int32
}

func newWordPiece(vocabulary map[string]int32, unknown int32, prefix string, maxRunes int) (*wordPiece, error) {
	w := &wordPiece{begins: newTrie(2 * len(vocabulary)), goes: newTrie(len(vocabulary)), unknown: unknown, maxRunes: maxRunes, count: len(vocabulary)}
	for token, id := range vocabulary {
		ok := w.begins.add(token, id)
		if rest, found := strings.CutPrefix(token, prefix); ok && found && rest != "" {
			ok = w.goes.add(rest, id)
		}
		if !ok {
			return nil, errors.New("vocab is too large")
		}
		w.largest = max(w.largest, id)
	}
	return w, nil
}

func (w *wordPiece) id(token string) int32 { return w.begins.id(token) }

func (w *wordPiece) entries() int { return w.count }

func (w *wordPiece) top() int { return int(w.largest) + 1 }

// append appends the ids of a word. A word that can't be split completely is
// unknown as a whole.
func (w *wordPiece) append(ids []int32, word string) []int32 {
	if len(word) > w.maxRunes && utf8.RuneCountInString(word) > w.maxRunes {
		return append(ids, w.unknown)
	}
	first, pieces := len(ids), w.begins
	for begin := 0; begin < len(word); {
		node, id, end := int32(0), int32(-1), begin
		for i := begin; i < len(word); {
			if node = pieces.next(node, word[i]); node < 0 {
				break
			}
			i++
			if pieces.ids[node] >= 0 {
				id, end = pieces.ids[node], i
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
