package models

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/trie"
)

// unigram splits a word into the pieces whose scores, logarithms of probabilities,
// have the largest sum (Kudo 2018, "Subword Regularization").
type unigram struct {
	pieces  *trie.Trie
	scores  []float64
	unknown int32 // -1: unknown characters are left out
	// penalty is the score of an unknown character.
	penalty float64
	// bytes has the ids of <0x00> to <0xFF>, which stand for an unknown part, or
	// -1; nil if the model doesn't do that.
	bytes *[256]int32
}

// unknownPenalty is how much an unknown character is worse than the worst piece.
const unknownPenalty = 10

// Piece is an entry of a vocabulary; its id is its place.
type Piece struct {
	Token string
	Score float64
}

// NewUnigram returns a model of scored pieces. unknown is the id of the unknown piece, or
// -1; fallback spells unknown parts by the tokens of their bytes.
func NewUnigram(vocabulary []Piece, unknown int32, fallback bool) (Model, error) {
	if len(vocabulary) == 0 {
		return nil, errors.New("vocab is empty")
	}
	if int(unknown) >= len(vocabulary) {
		return nil, fmt.Errorf("unk_id is %d, but vocab has %d entries", unknown, len(vocabulary))
	}
	u := &unigram{pieces: trie.New(5 * len(vocabulary) / 2), scores: make([]float64, len(vocabulary)), unknown: unknown}
	lowest := math.Inf(1)
	for i, piece := range vocabulary {
		if !u.pieces.Add(piece.Token, int32(i)) {
			return nil, errors.New("vocab is too large")
		}
		u.scores[i] = piece.Score
		lowest = min(lowest, piece.Score)
	}
	u.penalty = lowest - unknownPenalty
	if fallback {
		u.bytes = byteTokens(u.ID)
	}
	return u, nil
}

// byteTokens are the ids of the tokens that stand for one byte.
func byteTokens(id func(string) int32) *[256]int32 {
	var ids [256]int32
	for b := range ids {
		ids[b] = id(fmt.Sprintf("<0x%02X>", b))
	}
	return &ids
}

func (u *unigram) ID(token string) int32 { return u.pieces.ID(token) }

func (u *unigram) Entries() int { return len(u.scores) }

func (u *unigram) Top() int { return len(u.scores) }

// step is the best way to a place in a word.
type step struct {
	score float64
	from  int32 // where its last piece begins, or -1
	id    int32
}

func (u *unigram) Append(ids []int32, word string) []int32 {
	var room [64]step
	best := room[:]
	if len(word) >= len(room) {
		best = make([]step, len(word)+1)
	}
	best = best[:len(word)+1]
	for i := range best {
		best[i] = step{from: -1}
	}
	for begin := 0; begin < len(word); {
		width := 1
		if word[begin] >= utf8.RuneSelf {
			_, width = utf8.DecodeRuneInString(word[begin:])
		}
		here, single := best[begin].score, false
		node := int32(0)
		for end := begin; end < len(word); {
			if node = u.pieces.Next(node, word[end]); node < 0 {
				break
			}
			end++
			id := u.pieces.At(node)
			if id < 0 {
				continue
			}
			if score := u.scores[id] + here; best[end].from < 0 || score > best[end].score {
				best[end] = step{score, int32(begin), id}
			}
			single = single || end-begin == width
		}
		if !single {
			if score, end := u.penalty+here, begin+width; best[end].from < 0 || score > best[end].score {
				best[end] = step{score, int32(begin), u.unknown}
			}
		}
		begin += width
	}
	return u.trace(ids, word, best)
}

// trace appends the ids of the best way, which is known from its end. Unknown
// parts side by side are one.
func (u *unigram) trace(ids []int32, word string, best []step) []int32 {
	first := len(ids)
	for end := len(word); end > 0; {
		begin := int(best[end].from)
		if begin < 0 {
			// A piece that ends within a character: no tokenizer has such.
			return ids[:first]
		}
		if id := best[end].id; id != u.unknown {
			ids = append(ids, id)
			end = begin
			continue
		}
		for begin > 0 && best[begin].id == u.unknown {
			begin = int(best[begin].from)
		}
		ids = u.appendUnknown(ids, word[begin:end])
		end = begin
	}
	slices.Reverse(ids[first:])
	return ids
}

// appendUnknown appends the ids of an unknown part, the last one first.
func (u *unigram) appendUnknown(ids []int32, part string) []int32 {
	if id := u.pieces.ID(part); id >= 0 {
		return append(ids, id)
	}
	if u.bytes != nil {
		first := len(ids)
		for i := len(part) - 1; i >= 0; i-- {
			id := u.bytes[part[i]]
			if id < 0 {
				ids = ids[:first]
				break
			}
			ids = append(ids, id)
		}
		if len(ids) > first {
			return ids
		}
	}
	if u.unknown < 0 {
		return ids
	}
	return append(ids, u.unknown)
}
