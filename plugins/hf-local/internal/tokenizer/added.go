package tokenizer

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// addedToken is a token that is found in the text as a whole, before any model
// sees it.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only between characters that are no letters
	LStrip     bool   `json:"lstrip"`      // takes the white space before it
	RStrip     bool   `json:"rstrip"`      // takes the white space after it
	Normalized bool   `json:"normalized"`  // sought in the normalized text
	Special    bool   `json:"special"`
}

// addedTokens are tokens that are sought together.
type addedTokens struct {
	tokens []addedToken
	// starts has the first bytes of all tokens: most texts contain none.
	starts string
}

func newAddedTokens(tokens []addedToken) addedTokens {
	var starts strings.Builder
	for _, t := range tokens {
		if strings.IndexByte(starts.String(), t.Content[0]) < 0 {
			starts.WriteByte(t.Content[0])
		}
	}
	return addedTokens{tokens: tokens, starts: starts.String()}
}

// at returns the longest token that stands at text[i:], or nil.
func (a *addedTokens) at(text string, i int) *addedToken {
	if strings.IndexByte(a.starts, text[i]) < 0 {
		return nil
	}
	var found *addedToken
	for k := range a.tokens {
		t := &a.tokens[k]
		if strings.HasPrefix(text[i:], t.Content) && (found == nil || len(t.Content) > len(found.Content)) {
			found = t
		}
	}
	return found
}

// cut appends the ids of the added tokens in text, and what rest appends for the
// parts between them. The leftmost token wins, then the longest.
func (a *addedTokens) cut(ids []int32, text string, rest func(ids []int32, part string) []int32) []int32 {
	done := 0 // text[:done] is dealt with
	if len(a.tokens) > 0 {
		for i := 0; i < len(text); {
			t := a.at(text, i)
			if t == nil {
				i++
				continue
			}
			begin, end := i, i+len(t.Content)
			i = end
			if t.SingleWord && (endsInWord(text[:begin]) || beginsInWord(text[end:])) {
				continue
			}
			if t.LStrip {
				begin = max(done, len(strings.TrimRightFunc(text[:begin], unicode.IsSpace)))
			}
			if t.RStrip {
				end = len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
				i = end
			}
			if done < begin {
				ids = rest(ids, text[done:begin])
			}
			ids = append(ids, t.ID)
			done = end
		}
	}
	if done < len(text) {
		ids = rest(ids, text[done:])
	}
	return ids
}

func endsInWord(s string) bool {
	r, n := utf8.DecodeLastRuneInString(s)
	return n > 0 && inWord(r)
}

func beginsInWord(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && inWord(r)
}

// inWord is \w of Unicode Technical Standard 18, annex C.
func inWord(r rune) bool {
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}
