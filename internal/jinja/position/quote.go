package position

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errorf makes an error whose message quotes values. Errors are logged and kept, and what a
// template computes may be a customer's text: a value that is given as a [Quote] is shown only if
// it stands in the template's source, which [Locate] knows. Use it wherever a message has a value.
func Errorf(format string, args ...any) error { return &quoting{format, args} }

// Seen is whether a text stands where everybody who reads a message may read it.
type Seen func(text string) bool

// Quote is a value in a message, which may be computed.
type Quote struct {
	Text string
	Bare bool // without quotation marks, as a number
}

// In is the quote as it is shown, and whether it is.
func (q Quote) In(seen Seen) (string, bool) {
	text, known := q.Text, seen(q.Text)
	if !known {
		text = "…"
	}
	switch {
	case q.Bare:
		return text, known
	case !known:
		return `"…"`, false
	}
	return strconv.Quote(text), true
}

// Near is what was probably meant by a value, which says much of it.
type Near struct{ To, Text string }

// In is the text where the value may be shown.
func (n Near) In(seen Seen) (string, bool) {
	if seen(n.To) {
		return n.Text, true
	}
	return "", false
}

// Message is a text with values in it: an error's, or a part of it.
type Message struct {
	Format string
	Args   []any
}

// In is the message as it is shown, and whether nothing is hidden.
func (m Message) In(seen Seen) (text string, whole bool) {
	whole = true
	args := make([]any, len(m.Args))
	for i, arg := range m.Args {
		args[i] = arg
		if part, quotes := arg.(Quoting); quotes {
			shown, known := part.In(seen)
			args[i], whole = shown, whole && known
		}
	}
	return fmt.Sprintf(m.Format, args...), whole
}

// String is the message with everything in it, for who has written the template.
func (m Message) String() string {
	text, _ := m.In(func(string) bool { return true })
	return text
}

// Quoting is an error, or a part of a message, that quotes values.
type Quoting interface {
	In(seen Seen) (text string, whole bool)
}

// quoting is an error whose template isn't known yet.
type quoting Message

// In implements [Quoting].
func (e *quoting) In(seen Seen) (string, bool) { return Message(*e).In(seen) }

// Error is the message for somebody who doesn't know the template.
func (e *quoting) Error() string { return explained(e.In(func(string) bool { return false })) }

func explained(text string, whole bool) string {
	if !whole {
		text += " (what a template computes isn't shown: it may be a customer's text)"
	}
	return text
}

// shown is err as it may be shown of a template with this source.
func shown(source string, err error) error {
	q, quotes := err.(Quoting) //nolint:errorlint // one that is wrapped stays as it is, which hides more
	if !quotes {
		return err
	}
	return errors.New(explained(q.In(func(text string) bool { return strings.Contains(source, text) })))
}
