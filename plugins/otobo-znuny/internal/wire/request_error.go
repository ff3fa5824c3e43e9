package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Effect is what a failed request can have left behind.
type Effect int

const (
	NoEffect     Effect = iota // it was never sent, or refused before anything was written
	Answered                   // the server is done with it and may have written a part
	Disconnected               // the connection ended without an answer
	StillRunning               // the server may still be at work on it
)

// The kinds of refusal, for errors.Is. Each stands beside the api fault that
// decides on repetition.
var (
	ErrAuthentication    = errors.New("the login is refused")
	ErrNoAccess          = errors.New("no such ticket, or no right to it") // the servers don't tell one from the other
	ErrInvalidParameter  = errors.New("a value is refused")                // an api.FieldError says which
	ErrTooLarge          = errors.New("too large")
	ErrServerError       = errors.New("the help desk failed")
	ErrProtocol          = errors.New("that is no answer of a GenericInterface")
	ErrUnavailable       = errors.New("the help desk is not available")
	ErrUnknownWebService = errors.New("the web service is not known")
)

// RequestError is a failed request. It wraps the kinds that it is.
type RequestError struct {
	Operation Operation
	Ticket    string
	Status    int
	Duration  time.Duration

	Kinds   []error // api.Err…
	Effect  Effect
	Code    string // the server's error code, without the operation's name
	Message string // the server's own words
	Advice  string // what to check
	Cause   error
}

func (f *RequestError) Error() string {
	var b strings.Builder
	switch f.Operation {
	case TicketSearch:
		b.WriteString("search tickets")
	case TicketGet:
		b.WriteString("read ticket " + f.Ticket)
	case TicketUpdate:
		b.WriteString("change ticket " + f.Ticket)
	case TicketCreate:
		b.WriteString("create a ticket")
	case SessionCreate:
		b.WriteString("log in")
	case SessionRemove:
		b.WriteString("log out")
	}
	if len(f.Kinds) > 0 {
		b.WriteString(": " + f.Kinds[0].Error())
	}
	if f.Message != "" {
		fmt.Fprintf(&b, ": the help desk says %q", f.Message)
	}
	if f.Cause != nil {
		b.WriteString(": " + f.Cause.Error())
	}
	if f.Advice != "" {
		b.WriteString(": " + f.Advice)
	}
	return b.String()
}

func (f *RequestError) Unwrap() []error {
	all := append([]error(nil), f.Kinds...)
	if f.Cause != nil {
		all = append(all, f.Cause)
	}
	return all
}

// UnexpectedAnswer is an answer that came whole and lacks what was asked for.
func UnexpectedAnswer(op Operation, ticket, what string) error {
	return &RequestError{Operation: op, Ticket: ticket, Kinds: []error{api.ErrTemporary, ErrProtocol}, Effect: Answered, Cause: errors.New(what)}
}

// withOperation names the operation that could not be sent.
func withOperation(err error, op Operation, ticket string) error {
	var f *RequestError
	if errors.As(err, &f) && f.Operation == "" {
		f.Operation, f.Ticket = op, ticket
	}
	return err
}

// IsTemporary reports whether a request may be repeated as it is.
func IsTemporary(err error) bool { return errors.Is(err, api.ErrTemporary) }

// EffectOf is what a failed request can have left behind.
func EffectOf(err error) Effect {
	var f *RequestError
	if errors.As(err, &f) {
		return f.Effect
	}
	return NoEffect
}

// Uncertain says that a write's outcome stays unknown. Why is kept as words, so
// that its kind can't be taken for the outcome's.
func Uncertain(op Operation, ticket string, why error) error {
	f := &RequestError{
		Operation: op, Ticket: ticket, Kinds: []error{api.ErrUncertain}, Effect: StillRunning, Cause: errors.New(why.Error()),
		Advice: "look at the ticket before repeating the change",
	}
	if op == TicketCreate {
		f.Advice = "look whether the ticket is there before creating it again"
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(why, ended) {
			f.Kinds = append(f.Kinds, ended)
		}
	}
	return f
}

// shorten keeps the server's words to what belongs into one line.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	return Truncate(s, 300)
}

// Truncate cuts s to at most n characters.
func Truncate(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// Reason is a fault without the operation and the advice.
func (f *RequestError) Reason() string {
	var parts []string
	if len(f.Kinds) > 1 {
		parts = append(parts, f.Kinds[len(f.Kinds)-1].Error())
	}
	if f.Message != "" {
		parts = append(parts, fmt.Sprintf("the help desk says %q", f.Message))
	}
	if f.Cause != nil {
		parts = append(parts, f.Cause.Error())
	}
	return strings.Join(parts, ": ")
}
