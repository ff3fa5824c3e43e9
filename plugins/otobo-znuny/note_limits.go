package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// The sizes of the servers' columns: a longer title or subject ends in status 500, a
// longer subject also in an article without content.
const (
	maxTitle   = 255
	maxSubject = 3800
)

// cutBody caps a note's body at maxBytes, and says so at its end.
func cutBody(body string, maxBytes int) string {
	if maxBytes <= 0 || len(body) <= maxBytes {
		return body
	}
	mark := fmt.Sprintf("\n[… cut by otai: the text has %d bytes]", len(body))
	end := max(maxBytes-len(mark), 0)
	for end > 0 && !utf8.RuneStart(body[end]) {
		end--
	}
	return body[:end] + mark
}

// oneLine replaces control characters and line breaks by spaces, since the servers
// would join the lines without one, and caps the text at n characters.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return wire.Truncate(strings.Join(strings.Fields(s), " "), n)
}

// title caps a title, and rejects an empty one, which the servers would ignore
// silently.
func title(s string) (string, error) {
	t := oneLine(s, maxTitle)
	if t == "" {
		return "", &api.FieldError{Field: "subject", Err: fmt.Errorf("%w: is empty", api.ErrInvalid)}
	}
	return keepZero(t), nil
}

// keepZero keeps a text of 0 from being lost: to Perl it is empty, after the servers
// have trimmed it. So a zero-width space follows it, which isn't white space to them.
func keepZero(s string) string {
	if strings.TrimSpace(s) == "0" {
		return "0\u200b"
	}
	return s
}
