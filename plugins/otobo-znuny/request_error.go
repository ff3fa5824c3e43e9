package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// effect is what a failed request can have left behind.
type effect int

const (
	none     effect = iota // it was never sent, or refused before anything was written
	answered               // the server is done with it and may have written a part
	severed                // the connection ended without an answer
	running                // the server may still be at work on it
)

// The kinds of refusal, for errors.Is. Each stands beside the api fault that
// decides on repetition.
var (
	ErrAuthentication    = errors.New("the login is refused")
	ErrNoAccess          = errors.New("no such ticket, or no right to it") // the servers don't tell one from the other
	ErrInvalidParameter  = errors.New("a value is refused")                // an api.FieldError says which
	ErrTooLarge          = errors.New("too large")
	ErrServerFault       = errors.New("the help desk failed")
	ErrProtocol          = errors.New("that is no answer of a GenericInterface")
	ErrUnavailable       = errors.New("the help desk is not available")
	ErrUnknownWebService = errors.New("the web service is not known")
)

// fault is a failed request. It wraps the kinds that it is.
type fault struct {
	op     operation
	ticket string
	status int
	took   time.Duration

	kinds  []error // api.Err…
	effect effect
	code   string // the server's error code, without the operation's name
	said   string // the server's own words
	advice string // what to check
	cause  error
}

func (f *fault) Error() string {
	var b strings.Builder
	switch f.op {
	case opSearch:
		b.WriteString("search tickets")
	case opGet:
		b.WriteString("read ticket " + f.ticket)
	case opUpdate:
		b.WriteString("change ticket " + f.ticket)
	case opCreate:
		b.WriteString("create a ticket")
	case opSession:
		b.WriteString("log in")
	case opSessionRemove:
		b.WriteString("log out")
	}
	if len(f.kinds) > 0 {
		b.WriteString(": " + f.kinds[0].Error())
	}
	if f.said != "" {
		fmt.Fprintf(&b, ": the help desk says %q", f.said)
	}
	if f.cause != nil {
		b.WriteString(": " + f.cause.Error())
	}
	if f.advice != "" {
		b.WriteString(": " + f.advice)
	}
	return b.String()
}

func (f *fault) Unwrap() []error {
	all := append([]error(nil), f.kinds...)
	if f.cause != nil {
		all = append(all, f.cause)
	}
	return all
}

// UnexpectedAnswer is an answer that came whole and lacks what was asked for.
func UnexpectedAnswer(op operation, ticket, what string) error {
	return &fault{op: op, ticket: ticket, kinds: []error{api.ErrTemporary, ErrProtocol}, effect: answered, cause: errors.New(what)}
}

// about names the operation that could not be sent.
func about(err error, op operation, ticket string) error {
	var f *fault
	if errors.As(err, &f) && f.op == "" {
		f.op, f.ticket = op, ticket
	}
	return err
}

// temporary reports whether a request may be repeated as it is.
func temporary(err error) bool { return errors.Is(err, api.ErrTemporary) }

// effectOf is what a failed request can have left behind.
func effectOf(err error) effect {
	var f *fault
	if errors.As(err, &f) {
		return f.effect
	}
	return none
}

// uncertain says that a write's outcome stays unknown. Why is kept as words, so
// that its kind can't be taken for the outcome's.
func uncertain(op operation, ticket string, why error) error {
	f := &fault{
		op: op, ticket: ticket, kinds: []error{api.ErrUncertain}, effect: running, cause: errors.New(why.Error()),
		advice: "look at the ticket before repeating the change",
	}
	if op == opCreate {
		f.advice = "look whether the ticket is there before creating it again"
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(why, ended) {
			f.kinds = append(f.kinds, ended)
		}
	}
	return f
}

// shorten keeps the server's words to what belongs into one line.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	return truncate(s, 300)
}

// truncate cuts s to at most n characters.
func truncate(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// why is a fault without the operation and the advice.
func (f *fault) why() string {
	var parts []string
	if len(f.kinds) > 1 {
		parts = append(parts, f.kinds[len(f.kinds)-1].Error())
	}
	if f.said != "" {
		parts = append(parts, fmt.Sprintf("the help desk says %q", f.said))
	}
	if f.cause != nil {
		parts = append(parts, f.cause.Error())
	}
	return strings.Join(parts, ": ")
}
