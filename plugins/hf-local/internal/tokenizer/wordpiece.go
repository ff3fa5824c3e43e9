package tokenizer

import "unicode/utf8"

// wordPiece splits a word into the longest pieces of a vocabulary, from the left.
type wordPiece struct {
	vocabulary map[string]int32
	unknown    int32
	prefix     string // of the pieces that don't begin a word
	maxRunes   int    // a longer word is unknown
	maxPiece   int    // bytes of the longest entry
}

func newWordPiece(vocabulary map[string]int32, unknown int32, prefix string, maxRunes int) *wordPiece {
	w := &wordPiece{vocabulary: vocabulary, unknown: unknown, prefix: prefix, maxRunes: maxRunes}
	for piece := range vocabulary {
		w.maxPiece = max(w.maxPiece, len(piece))
	}
	return w
}

// append appends the ids of a word. A word that can't be split completely is
// unknown as a whole.
func (w *wordPiece) append(ids []int32, word string) []int32 {
	if len(word) > w.maxRunes && utf8.RuneCountInString(word) > w.maxRunes {
		return append(ids, w.unknown)
	}
	first := len(ids)
	var room [128]byte
	for begin := 0; begin < len(word); {
		end, found := min(len(word), begin+w.maxPiece), false
		for ; end > begin; end-- {
			if end < len(word) && !utf8.RuneStart(word[end]) {
				continue
			}
			var id int32
			if begin == 0 {
				id, found = w.vocabulary[word[:end]]
			} else {
				piece := append(append(room[:0], w.prefix...), word[begin:end]...)
				id, found = w.vocabulary[string(piece)]
			}
			if found {
				ids = append(ids, id)
				break
			}
		}
		if !found {
			return append(ids[:first], w.unknown)
		}
		begin = end
	}
	return ids
}
