package pretokenizers

import (
	"sync"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/pattern"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/unicodedata"
)

// behavior is what happens to the delimiters that a text is cut at.
type behavior string

const (
	removed            behavior = "Removed"
	isolated           behavior = "Isolated"
	mergedWithPrevious behavior = "MergedWithPrevious"
	mergedWithNext     behavior = "MergedWithNext"
	contiguous         behavior = "Contiguous"
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

func splitAt(find finder, b behavior) Splitter {
	return func(s Span, emit func(Span)) {
		room := stretches.Get().(*[]stretch)
		c := cutter{s, emit}
		all := find((*room)[:0], s.Text)
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

// matchesOf finds what a pattern.Matcher matches.
func matchesOf(what pattern.Matcher) finder {
	return func(found []stretch, text string) []stretch {
		done := 0
		what.Each(text, func(begin, end int) {
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
func splitLength(n int) Splitter {
	return func(s Span, emit func(Span)) {
		c := cutter{s, emit}
		begin, count := 0, 0
		for i := range s.Text {
			if count == n {
				c.part(begin, i)
				begin, count = i, 0
			}
			count++
		}
		c.part(begin, len(s.Text))
	}
}

// Punctuation makes a word of each punctuation mark.
func Punctuation() Splitter {
	return splitAt(charactersThat(unicodedata.Punctuation.Has), isolated)
}
