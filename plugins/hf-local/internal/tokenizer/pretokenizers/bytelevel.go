package pretokenizers

import (
	"strings"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/normalizers"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// ByteLevel returns the steps of GPT-2: prefix puts a blank before a text, and words
// splits it. The last step turns words into the characters of their bytes.
func ByteLevel(prefix, words bool) []Stage {
	toBytes := func(s Span, emit func(Span)) {
		emit(Span{normalizers.ByteLevel(s.Text), len(normalizers.ByteLevel(s.Text[:s.Lead]))})
	}
	return []Stage{{Split: splitBytes(prefix, words)}, {Split: toBytes, Bytes: true}}
}

// splitBytes cuts into words as GPT-2 does, each with the blank before it.
func splitBytes(prefix, words bool) Splitter {
	return func(s Span, emit func(Span)) {
		if prefix && !strings.HasPrefix(s.Text, " ") {
			s.Text = " " + s.Text
			if s.Lead > 0 {
				s.Lead++
			}
		}
		if words {
			splitGPT2(s, emit)
			return
		}
		emit(s)
	}
}

// The kinds of characters that GPT-2's pattern distinguishes.
const (
	gptOther = iota
	gptLetter
	gptNumber
	gptSpace
)

var gptKinds = func() (all [0x800]uint8) {
	for r := range rune(0x800) {
		all[r] = wideGPTKind(r)
	}
	return all
}()

func wideGPTKind(r rune) uint8 {
	switch {
	case onig.IsLetter(r):
		return gptLetter
	case onig.IsNumber(r):
		return gptNumber
	case onig.IsSpace(r):
		return gptSpace
	}
	return gptOther
}

func gptKind(text string, i int) (kind uint8, size int) {
	r, n := unicodedata.Decode(text, i)
	if r < 0x800 {
		return gptKinds[r], n
	}
	return wideGPTKind(r), n
}

// splitGPT2 is the pattern
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// of OpenAI's encoder.py: there is always a match where the last one ended.
func splitGPT2(s Span, emit func(Span)) {
	c := cutter{s, emit}
	text := s.Text
	for begin := 0; begin < len(text); {
		end := begin
		if text[begin] == '\'' {
			end += contraction(text[begin:])
		}
		if end == begin {
			end = gptWord(text, begin)
		}
		c.part(begin, end)
		begin = end
	}
}

// contraction returns the length of what the English contract.
func contraction(text string) int {
	if len(text) > 1 {
		switch text[1] {
		case 's', 't', 'm', 'd':
			return 2
		}
	}
	if len(text) > 2 {
		switch text[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

func gptWord(text string, begin int) int {
	kind, n := gptKind(text, begin)
	at := begin + n
	if kind == gptSpace {
		// One blank belongs to the word after it.
		if text[begin] == ' ' && at < len(text) {
			if k, n := gptKind(text, at); k != gptSpace {
				return gptRun(text, at+n, k)
			}
		}
		end, before := at, begin
		for end < len(text) {
			k, n := gptKind(text, end)
			if k != gptSpace {
				// The last one is left to what follows, if there are others.
				if before > begin {
					return before
				}
				return end
			}
			before = end
			end += n
		}
		return end
	}
	return gptRun(text, at, kind)
}

// gptRun returns the end of the characters of a kind.
func gptRun(text string, at int, kind uint8) int {
	for at < len(text) {
		k, n := gptKind(text, at)
		if k != kind {
			break
		}
		at += n
	}
	return at
}
