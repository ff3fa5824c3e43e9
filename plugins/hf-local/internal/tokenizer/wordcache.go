package tokenizer

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
)

// wordCache remembers the ids of words: in any text some words are frequent. Each has
// one place, which the last one takes, so that its memory is bounded, and it needs
// no lock.
type wordCache struct {
	seed  maphash.Seed
	slots [1 << wordBits]atomic.Pointer[known]
}

const (
	wordBits = 13
	// maxKnown is the length in bytes up to which a word is worth remembering.
	maxKnown = 64
)

type known struct {
	text string
	ids  []int32
}

func newKnown(text string, ids []int32) *known {
	return &known{strings.Clone(text), slices.Clone(ids)}
}

func newWordCache() *wordCache { return &wordCache{seed: maphash.MakeSeed()} }

// slot returns the place of a word, or nil if it is too long to have one.
func (w *wordCache) slot(text string) *atomic.Pointer[known] {
	if len(text) > maxKnown {
		return nil
	}
	return &w.slots[maphash.String(w.seed, text)&(1<<wordBits-1)]
}
