package redact

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// Shortest is how many characters a secret has at least. Shorter ones would blot
	// out parts of everything.
	Shortest = 4
	// Long is from how many characters on a secret is masked wherever it stands. A
	// shorter one may be part of other words, and is masked where it is a word.
	Long = 8
)

// Mask stands in place of a secret.
const Mask = "***"

// Set is a set of secrets. Its zero value is empty; it may be used from anywhere, and
// must not be copied.
type Set struct {
	mu    sync.Mutex // of those who add
	known atomic.Pointer[known]
}

type secret struct {
	text  string
	short bool
}

// pattern is a text that is looked for: a secret, or the core of one in base64.
type pattern struct {
	secret
	want   []rune // without \r before \n
	plain  string // how it is written without escapes
	base64 *core  // nil for the secret itself
}

// known are the secrets and what they are found by.
type known struct {
	secrets  []secret
	patterns []pattern
	byFirst  [256][]int // the patterns that begin with a byte
	// escapes are the bytes by which a text may hold a secret that doesn't stand in
	// it as it is.
	escapes string
}

// Add keeps a secret out of everything that passes from now on. Space around it
// doesn't count. Of one with several lines, each long line is a secret, too: they are
// often shown one by one.
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
	k := &known{escapes: escapes, secrets: []secret{{text: text, short: utf8.RuneCountInString(text) < Long}}}
	if before := s.known.Load(); before != nil {
		if slices.Contains(before.secrets, k.secrets[0]) {
			return
		}
		k.secrets = append(k.secrets, before.secrets...)
	}
	slices.SortFunc(k.secrets, func(a, b secret) int {
		return cmp.Or(cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
	for _, one := range k.secrets {
		if strings.ContainsAny(one.text, " \n") { // which others write as + and \r\n
			k.escapes = escapes + "+\r"
		}
		k.patterns = append(k.patterns, pattern{secret: one, want: []rune(strings.ReplaceAll(one.text, "\r\n", "\n")), plain: one.text})
		for _, c := range cores(one.text) {
			k.patterns = append(k.patterns, pattern{secret: one, want: []rune(c.text), plain: c.text, base64: &c})
		}
	}
	for i, p := range k.patterns {
		k.byFirst[p.plain[0]] = append(k.byFirst[p.plain[0]], i)
	}
	s.known.Store(k)
}

// All returns the secrets, the longest first.
func (s *Set) All() []string {
	k := s.known.Load()
	if k == nil {
		return nil
	}
	var texts []string
	for _, one := range k.secrets {
		texts = append(texts, one.text)
	}
	return texts
}

// Text returns text without the secrets.
func (s *Set) Text(text string) string {
	return masked(text, s.known.Load().spans(text, false))
}

// masked puts the mask in place of the spans, which are sorted and may overlap.
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
