package redact

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// The lengths of secrets.
const (
	// Shortest is how many characters a secret has at least. Masking shorter ones would
	// make everything unreadable.
	Shortest = 4
	// Long is how many characters a secret has at least to be masked wherever it is. A
	// shorter one may be part of other words, and is masked only where it is a word.
	Long = 8
)

// Mask takes the place of a secret.
const Mask = "***"

// Set is a set of secrets. Its zero value is empty. It may be used by several goroutines
// and must not be copied.
type Set struct {
	mu    sync.Mutex // for adding
	index atomic.Pointer[index]
}

type secret struct {
	text  string
	short bool
}

// pattern is a text to look for: a secret, or the core of one in base64.
type pattern struct {
	secret
	want   []rune // without \r before \n
	plain  string // how it is written without escapes
	base64 *core  // nil for the secret itself
}

// index has the secrets and the patterns by which they are found.
type index struct {
	secrets  []secret
	patterns []pattern
	byFirst  [256][]int // the patterns, by their first byte
	// escapes are the bytes without which a text can contain a secret only literally.
	escapes string
}

// Add adds a secret, without the space around it; one that is too short is ignored. Of one
// with several lines, each long line is a secret too, because lines are often shown one by
// one.
func (s *Set) Add(text string) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) < Shortest {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(text)
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		if line = strings.TrimSpace(line); len(lines) > 1 && utf8.RuneCountInString(line) >= Long {
			s.add(line)
		}
	}
}

func (s *Set) add(text string) {
	k := &index{escapes: escapes, secrets: []secret{{text: text, short: utf8.RuneCountInString(text) < Long}}}
	if before := s.index.Load(); before != nil {
		if slices.Contains(before.secrets, k.secrets[0]) {
			return
		}
		k.secrets = append(k.secrets, before.secrets...)
	}
	slices.SortFunc(k.secrets, func(a, b secret) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
	for _, known := range k.secrets {
		if strings.ContainsAny(known.text, " \n") { // which may be written as + and \r\n
			k.escapes = escapes + "+\r"
		}
		k.patterns = append(k.patterns, pattern{secret: known, want: []rune(strings.ReplaceAll(known.text, "\r\n", "\n")), plain: known.text})
		for _, c := range cores(known.text) {
			k.patterns = append(k.patterns, pattern{secret: known, want: []rune(c.text), plain: c.text, base64: &c})
		}
	}
	for i, p := range k.patterns {
		k.byFirst[p.plain[0]] = append(k.byFirst[p.plain[0]], i)
	}
	s.index.Store(k)
}

// All returns the secrets, longest first.
func (s *Set) All() []string {
	k := s.index.Load()
	if k == nil {
		return nil
	}
	var texts []string
	for _, known := range k.secrets {
		texts = append(texts, known.text)
	}
	return texts
}

// Text returns a text without the secrets.
func (s *Set) Text(text string) string {
	return masked(text, s.index.Load().spans(text, false))
}

// masked replaces the spans, which are sorted and may overlap, by masks.
func masked(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	var out strings.Builder
	end := 0
	for _, found := range spans {
		switch {
		case found.from >= end:
			out.WriteString(text[end:found.from])
			out.WriteString(Mask)
			end = found.to
		case found.to > end: // overlaps the one before, whose mask stands for both
			end = found.to
		}
	}
	out.WriteString(text[end:])
	return out.String()
}
