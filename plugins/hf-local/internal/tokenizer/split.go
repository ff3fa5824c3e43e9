package tokenizer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// span is a part of a text.
type span struct {
	text string
	lead int // how many of its first bytes come from the whole text's first character
}

// splitter cuts a part into smaller ones, and may change them. It emits no empty
// one.
type splitter func(s span, emit func(span))

// stage is one step of a pre-tokenizer.
type stage struct {
	split splitter
	// bytes says that it turns a text into the characters of its bytes.
	bytes bool
	// first says that it asks for lead.
	first bool
}

// byteLevelStages are the steps of ByteLevel.
func byteLevelStages(prefix, words bool) []stage {
	toBytes := func(s span, emit func(span)) { emit(span{byteLevel(s.text), len(byteLevel(s.text[:s.lead]))}) }
	return []stage{{split: splitBytes(prefix, words)}, {split: toBytes, bytes: true}}
}

// cutter emits parts of one text.
type cutter struct {
	span
	emit func(span)
}

// part emits text[begin:end], unless it is empty.
func (c *cutter) part(begin, end int) {
	if begin < end {
		c.emit(span{c.text[begin:end], min(max(c.lead-begin, 0), end-begin)})
	}
}

// splitBERT cuts at white space, which it drops, and around each punctuation
// mark, which becomes a word.
func splitBERT(s span, emit func(span)) {
	c := cutter{s, emit}
	begin := 0
	for i := 0; i < len(s.text); {
		r, n := unicodedata.Decode(s.text, i)
		if r < utf8.RuneSelf && asciiLetters[r] {
			i++
			continue
		}
		space, mark := unicode.IsSpace(r), unicodedata.Punctuation.Has(r)
		if space || mark {
			c.part(begin, i)
			if mark {
				c.part(i, i+n)
			}
			begin = i + n
		}
		i += n
	}
	c.part(begin, len(s.text))
}

// asciiLetters are letters, digits and control characters: no white space and no
// punctuation.
var asciiLetters = func() (all [utf8.RuneSelf]bool) {
	for r := range all {
		all[r] = !unicode.IsSpace(rune(r)) && !unicodedata.Punctuation.Has(rune(r))
	}
	return all
}()

// splitSpace cuts at white space, which it drops.
func splitSpace(s span, emit func(span)) {
	c := cutter{s, emit}
	begin := 0
	for i := 0; i < len(s.text); {
		r, n := unicodedata.Decode(s.text, i)
		if unicode.IsSpace(r) {
			c.part(begin, i)
			begin = i + n
		}
		i += n
	}
	c.part(begin, len(s.text))
}

// splitWords is the pattern \w+|[^\w\s]+: words, and what is neither word nor
// white space.
func splitWords(s span, emit func(span)) {
	c := cutter{s, emit}
	const space, word, mark = 0, 1, 2
	begin, before := 0, space
	for i := 0; i < len(s.text); {
		r, n := unicodedata.Decode(s.text, i)
		kind := mark
		switch {
		case unicodedata.IsWord(r):
			kind = word
		case unicode.IsSpace(r):
			kind = space
		}
		if kind != before {
			if before != space {
				c.part(begin, i)
			}
			begin, before = i, kind
		}
		i += n
	}
	if before != space {
		c.part(begin, len(s.text))
	}
}

// behaviour is what becomes of the delimiters that a text is cut at.
type behaviour string

const (
	removed            behaviour = "Removed"
	isolated           behaviour = "Isolated"
	mergedWithPrevious behaviour = "MergedWithPrevious"
	mergedWithNext     behaviour = "MergedWithNext"
	contiguous         behaviour = "Contiguous"
)

// stretch is a part of a text that is a delimiter, or lies between two.
type stretch struct {
	begin, end int
	delimiter  bool
}

// finder appends the stretches that text consists of.
type finder func(found []stretch, text string) []stretch

// stretches are slices to be used again: words are split by the thousand.
var stretches = sync.Pool{New: func() any { return new([]stretch) }}

func splitAt(find finder, b behaviour) splitter {
	return func(s span, emit func(span)) {
		room := stretches.Get().(*[]stretch)
		c := cutter{s, emit}
		all := find((*room)[:0], s.text)
		defer func() {
			*room = all[:0]
			stretches.Put(room)
		}()
		for i := 0; i < len(all); i++ {
			begin, end := all[i].begin, all[i].end
			switch b {
			case removed:
				if all[i].delimiter {
					continue
				}
			case contiguous:
				for i+1 < len(all) && all[i+1].delimiter == all[i].delimiter {
					i++
					end = all[i].end
				}
			case mergedWithPrevious:
				if i+1 < len(all) && all[i+1].delimiter && !all[i].delimiter {
					i++
					end = all[i].end
				}
			case mergedWithNext:
				if i+1 < len(all) && all[i].delimiter && !all[i+1].delimiter {
					i++
					end = all[i].end
				}
			}
			c.part(begin, end)
		}
	}
}

// charactersThat finds single characters.
func charactersThat(are func(rune) bool) finder {
	return func(found []stretch, text string) []stretch {
		begin := 0
		for i := 0; i < len(text); {
			r, n := unicodedata.Decode(text, i)
			if are(r) {
				if begin < i {
					found = append(found, stretch{begin, i, false})
				}
				found = append(found, stretch{i, i + n, true})
				begin = i + n
			}
			i += n
		}
		if begin < len(text) {
			found = append(found, stretch{begin, len(text), false})
		}
		return found
	}
}

// matchesOf finds what a matcher matches.
func matchesOf(each matcher) finder {
	return func(found []stretch, text string) []stretch {
		done := 0
		each(text, func(begin, end int) {
			if done < begin {
				found = append(found, stretch{done, begin, false})
			}
			found = append(found, stretch{begin, end, true})
			done = end
		})
		if done < len(text) {
			found = append(found, stretch{done, len(text), false})
		}
		return found
	}
}

// occurrences matches a text, the empty one between all characters.
func occurrences(part string) matcher {
	return func(text string, found func(begin, end int)) {
		for at := 0; at <= len(text); {
			i := strings.Index(text[at:], part)
			if i < 0 {
				return
			}
			found(at+i, at+i+len(part))
			at += i + len(part)
			if part == "" {
				_, n := utf8.DecodeRuneInString(text[at:])
				at += max(n, 1)
			}
		}
	}
}

// inverted takes what lies between delimiters for delimiters.
func inverted(find finder) finder {
	return func(found []stretch, text string) []stretch {
		first := len(found)
		found = find(found, text)
		for i := range found[first:] {
			found[first+i].delimiter = !found[first+i].delimiter
		}
		return found
	}
}

// splitLength cuts every n characters.
func splitLength(n int) splitter {
	return func(s span, emit func(span)) {
		c := cutter{s, emit}
		begin, count := 0, 0
		for i := range s.text {
			if count == n {
				c.part(begin, i)
				begin, count = i, 0
			}
			count++
		}
		c.part(begin, len(s.text))
	}
}

// metaspace makes every blank the character that stands for one in the
// vocabularies of sentencepiece, puts one before the text, and cuts before each.
type metaspace struct {
	replacement string
	scheme      string // always, first or never
	cut         bool
}

func (m metaspace) split(s span, emit func(span)) {
	text, lead := s.text, s.lead
	if lead > 0 {
		lead += strings.Count(text[:lead], " ") * (len(m.replacement) - 1)
	}
	if !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, m.replacement) &&
		(m.scheme == "always" || m.scheme == "first" && lead > 0) {
		text = m.replacement + text
		if lead > 0 {
			lead += len(m.replacement)
		}
	}
	text = strings.ReplaceAll(text, " ", m.replacement)
	c := cutter{span{text, lead}, emit}
	begin := 0
	for m.cut {
		// The next one that begins a part: of several in a row, each is one.
		i := begin + len(m.replacement)
		if !strings.HasPrefix(text[begin:], m.replacement) {
			i = begin
		}
		next := strings.Index(text[min(i, len(text)):], m.replacement)
		if next < 0 {
			break
		}
		c.part(begin, i+next)
		begin = i + next
	}
	c.part(begin, len(text))
}

// splitBytes cuts into words as GPT-2 does, each with the blank before it.
func splitBytes(prefix, words bool) splitter {
	return func(s span, emit func(span)) {
		if prefix && !strings.HasPrefix(s.text, " ") {
			s.text = " " + s.text
			if s.lead > 0 {
				s.lead++
			}
		}
		if words {
			splitGPT2(s, emit)
			return
		}
		emit(s)
	}
}

// The kinds of characters that GPT-2's pattern tells apart.
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
func splitGPT2(s span, emit func(span)) {
	c := cutter{s, emit}
	text := s.text
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
