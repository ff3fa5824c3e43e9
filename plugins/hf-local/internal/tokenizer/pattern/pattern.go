// Package pattern finds the pattern of a Split or a Replace in a text.
package pattern

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
)

// Matcher calls found for each match in text, from the left.
type Matcher func(text string, found func(begin, end int))

// Pattern is {"String": "a"} or {"Regex": "a+"}.
type Pattern struct {
	Text  *string `json:"String"`
	Regex *string `json:"Regex"`
}

// Compile returns what finds the pattern.
func (p Pattern) Compile() (Matcher, error) {
	switch {
	case p.Text != nil:
		return Occurrences(*p.Text), nil
	case p.Regex != nil:
		compiled, err := onig.Compile(*p.Regex)
		if err != nil {
			return nil, err
		}
		return compiled.Each, nil
	}
	return nil, errors.New("pattern is neither String nor Regex")
}

// Occurrences matches a text, the empty one between all characters.
func Occurrences(part string) Matcher {
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
