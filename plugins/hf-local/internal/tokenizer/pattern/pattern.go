// Package pattern finds the pattern of a Split or a Replace in a text.
package pattern

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/tokenizer/onig"
)

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
		return Regex(*p.Regex)
	}
	return Matcher{}, errors.New("pattern is neither String nor Regex")
}

// Matcher finds a pattern in texts. It is not a function, so that what Each is given can
// stay on the stack.
type Matcher struct {
	part  string
	regex *onig.Pattern // in place of part
}

// Occurrences finds a text, the empty one between all characters.
func Occurrences(part string) Matcher { return Matcher{part: part} }

// Regex finds a regular expression.
func Regex(expression string) (Matcher, error) {
	compiled, err := onig.Compile(expression)
	return Matcher{regex: compiled}, err
}

// Each calls found for each match in text, from the left; they don't overlap.
func (m Matcher) Each(text string, found func(begin, end int)) {
	if m.regex != nil {
		m.regex.Each(text, found)
		return
	}
	for at := 0; at <= len(text); {
		i := strings.Index(text[at:], m.part)
		if i < 0 {
			return
		}
		found(at+i, at+i+len(m.part))
		at += i + len(m.part)
		if m.part == "" {
			_, n := utf8.DecodeRuneInString(text[at:])
			at += max(n, 1)
		}
	}
}
