package redact

import (
	"encoding/base64"
	"slices"
	"strings"
)

// core is what base64 makes of a secret, except the characters at its ends that depend on
// what surrounds the secret.
type core struct {
	text string
	// skip is how many characters of the group in which the secret begins are not part of
	// the core, and offset is the byte of the group, of three, at which the secret begins.
	skip, offset int
}

// cores returns a core for each of the three places in a group at which a secret can begin.
func cores(text string) []core {
	var all []core
	for offset, skip := range []int{0, 2, 3} {
		whole := append(make([]byte, offset), text...)
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := e.EncodeToString(whole)
			c := core{text: encoded[skip : len(whole)*8/6], skip: skip, offset: offset}
			if !slices.ContainsFunc(all, func(other core) bool { return other.text == c.text }) {
				all = append(all, c)
			}
		}
	}
	return all
}

// holds returns all of the base64 in which the core was found, and whether it is the secret.
// A few characters may be there by chance, so a short secret must be a word in the decoded text.
func (c core) holds(text string, at span, s *pattern) (span, bool) {
	if text[at.from:at.to] != c.text {
		return at, true // with escapes, which isn't by chance
	}
	run := span{at.from, at.to}
	for run.from > 0 && isBase64(text[run.from-1]) {
		run.from--
	}
	for run.to < len(text) && isBase64(text[run.to]) {
		run.to++
	}
	begin := at.from - c.skip
	if begin < run.from {
		return span{}, false // the beginning of the group is missing
	}
	if s.short {
		before := 4 * min((begin-run.from)/4, 4)
		plain := decoded(text[begin-before : run.to])
		from := before/4*3 + c.offset
		if to := from + len(s.secret.text); to > len(plain) || plain[from:to] != s.secret.text || !isWhole(plain, span{from, to}) {
			return span{}, false
		}
	}
	for run.to < len(text) && text[run.to] == '=' {
		run.to++
	}
	return run, true
}

func isBase64(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/-_", c) >= 0
}

// decoded decodes base64 of either alphabet, as far as it is valid.
func decoded(text string) string {
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	plain, _ := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(text))
	return string(plain)
}
