package models

import (
	"fmt"
	"unicode/utf8"
)

// bpe splits a word into its characters and joins neighbors, the pair that was
// learned first before all others (Sennrich et al. 2016, "Neural Machine
// Translation of Rare Words with Subword Units").
type bpe struct {
	vocabulary
	merges  mergeTable
	unknown int32       // -1: unknown characters are left out
	fuse    bool        // unknown characters side by side are one token
	bytes   *[256]int32 // as in unigram
	whole   bool        // a word of the vocabulary isn't split (ignore_merges)
	prefix  string      // of characters that don't begin a word
	suffix  string      // of the character that ends one
	short   [256]int32  // ids of the characters below U+0100, or -1
}

// bpeOptions are the members of a BPE model besides its vocabulary and merges.
type bpeOptions struct {
	Unknown  *string `json:"unk_token"`
	Prefix   *string `json:"continuing_subword_prefix"`
	Suffix   *string `json:"end_of_word_suffix"`
	Fuse     *bool   `json:"fuse_unk"`
	Fallback *bool   `json:"byte_fallback"`
	Whole    *bool   `json:"ignore_merges"`
	Dropout  float64 `json:"dropout"`
}

// newBPE returns a model that has learned merges in that order.
func newBPE(ids map[string]int32, merges [][2]string, o bpeOptions) (Model, error) {
	if o.Dropout != 0 {
		return nil, fmt.Errorf("dropout is %v; only 0 is supported, since it makes ids random", o.Dropout)
	}
	b := &bpe{vocabulary: newVocabulary(ids), unknown: -1}
	set := func(to *bool, from *bool) { *to = from != nil && *from }
	set(&b.fuse, o.Fuse)
	set(&b.whole, o.Whole)
	if o.Prefix != nil {
		b.prefix = *o.Prefix
	}
	if o.Suffix != nil {
		b.suffix = *o.Suffix
	}
	if o.Unknown != nil {
		b.unknown = b.ID(*o.Unknown)
		if b.unknown < 0 && *o.Unknown != "" {
			return nil, fmt.Errorf("vocab has no %.200q, which is unk_token", *o.Unknown)
		}
	}
	if o.Fallback != nil && *o.Fallback {
		b.bytes = byteTokens(b.ID)
	}
	for i := range b.short {
		b.short[i] = b.ID(string(rune(i)))
	}
	b.merges = newMergeTable(len(merges))
	for rank, pair := range merges {
		left, right := b.ID(pair[0]), b.ID(pair[1])
		if left < 0 || right < 0 || len(pair[1]) < len(b.prefix) {
			return nil, fmt.Errorf("merges: %.200q %.200q: vocab doesn't have both", pair[0], pair[1])
		}
		joined := b.ID(pair[0] + pair[1][len(b.prefix):])
		if joined < 0 {
			return nil, fmt.Errorf("merges: vocab has no %.200q", pair[0]+pair[1][len(b.prefix):])
		}
		b.merges.put(left, right, merge{int32(rank), joined})
	}
	return b, nil
}

func (b *bpe) Append(ids []int32, word string) []int32 {
	if b.whole {
		if id, ok := b.ids[word]; ok {
			return append(ids, id)
		}
	}
	first := len(ids)
	ids = b.characters(ids, word)
	if n := len(ids) - first; n <= maxScanned {
		return ids[:first+b.scan(ids[first:])]
	}
	return ids[:first+b.queue(ids[first:])]
}

// characters appends the ids of the characters of word.
func (b *bpe) characters(ids []int32, word string) []int32 {
	plain := b.prefix == "" && b.suffix == ""
	pending := false // an unknown token is yet to be appended
	for begin := 0; begin < len(word); {
		r, width := utf8.DecodeRuneInString(word[begin:])
		end := begin + width
		character := word[begin:end]
		var id int32
		if plain && r < 256 {
			id = b.short[r]
		} else {
			if begin > 0 {
				character = b.prefix + character
			}
			if end == len(word) {
				character += b.suffix
			}
			id = b.ID(character)
		}
		begin = end
		switch {
		case id >= 0:
			if pending {
				ids, pending = append(ids, b.unknown), false
			}
			ids = append(ids, id)
		case b.fallback(&ids, character):
		case b.unknown >= 0:
			if pending && !b.fuse {
				ids = append(ids, b.unknown)
			}
			pending = true
		}
	}
	if pending {
		ids = append(ids, b.unknown)
	}
	return ids
}

// fallback appends the tokens of the bytes of a character, if all exist. As in
// HuggingFace tokenizers, they come before a pending unknown token.
func (b *bpe) fallback(ids *[]int32, character string) bool {
	if b.bytes == nil {
		return false
	}
	first := len(*ids)
	for i := range len(character) {
		id := b.bytes[character[i]]
		if id < 0 {
			*ids = (*ids)[:first]
			return false
		}
		*ids = append(*ids, id)
	}
	return true
}

// maxScanned is up to how many tokens it is faster to look at all pairs for each
// merge than to keep a queue.
const maxScanned = 48

// scan merges the ids in place and returns how many are left.
func (b *bpe) scan(ids []int32) int {
	var room [maxScanned]merge
	n := len(ids)
	if n < 2 {
		return n
	}
	pairs := room[:n-1]
	for i := range pairs {
		pairs[i] = b.merges.get(ids[i], ids[i+1])
	}
	for {
		best := -1
		for i, m := range pairs {
			if m.rank >= 0 && (best < 0 || m.rank < pairs[best].rank) {
				best = i
			}
		}
		if best < 0 {
			return n
		}
		ids[best] = pairs[best].id
		copy(ids[best+1:], ids[best+2:n])
		n--
		copy(pairs[best:], pairs[best+1:])
		pairs = pairs[:n-1]
		if best > 0 {
			pairs[best-1] = b.merges.get(ids[best-1], ids[best])
		}
		if best < n-1 {
			pairs[best] = b.merges.get(ids[best], ids[best+1])
		}
	}
}

// queue is scan for long words: a list of symbols, and a heap of the pairs.
func (b *bpe) queue(ids []int32) int {
	n := int32(len(ids))
	next, previous := make([]int32, n), make([]int32, n)
	pairs := make(candidates, 0, n)
	for i := range n {
		next[i], previous[i] = i+1, i-1
	}
	for i := range n - 1 {
		if m := b.merges.get(ids[i], ids[i+1]); m.rank >= 0 {
			pairs = append(pairs, newCandidate(m, i))
		}
	}
	pairs.order()
	add := func(place int32) {
		if m := b.merges.get(ids[place], ids[next[place]]); m.rank >= 0 {
			pairs.push(newCandidate(m, place))
		}
	}
	const gone = -1
	for len(pairs) > 0 {
		c := pairs.pop()
		place := c.place()
		right := next[place]
		if ids[place] == gone || right == n {
			continue
		}
		// The pair may be another one by now.
		if m := b.merges.get(ids[place], ids[right]); m.rank < 0 || m.id != c.id {
			continue
		}
		ids[place], ids[right] = c.id, gone
		next[place] = next[right]
		if next[right] < n {
			previous[next[right]] = place
			add(place)
		}
		if previous[place] >= 0 {
			add(previous[place])
		}
	}
	kept := 0
	for _, id := range ids {
		if id != gone {
			ids[kept] = id
			kept++
		}
	}
	return kept
}
