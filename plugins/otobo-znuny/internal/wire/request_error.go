package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Effect is what a failed request may have left behind.
type Effect int

const (
	NoEffect Effect = iota // it was never sent, or was rejected before anything was written
	Answered               // the help desk is done with it and may have written part of it
	Unknown                // no answer of the help desk itself came: it may still be working on it
)

// The kinds of a [RequestError], for errors.Is. Each accompanies one of api's errors,
// by which callers decide whether to repeat.
var (
	ErrAuthentication    = errors.New("the login is refused")
	ErrNoAccess          = errors.New("no such ticket, or no right to it") // the servers don't distinguish the two
	ErrInvalidParameter  = errors.New("a value is refused")                // an api.FieldError says which
	ErrTooLarge          = errors.New("too large")
	ErrServerError       = errors.New("the help desk failed")
	ErrProtocol          = errors.New("that is not an answer of a GenericInterface")
	ErrUnavailable       = errors.New("the help desk is not available")
	ErrUnknownWebService = errors.New("the web service is not known")
)

// RequestError is a failed request. It wraps its kinds and its cause.
type RequestError struct {
	Operation Operation
	Ticket    string
	Status    int

	Kinds   []error // api's errors first, then the kinds above
	Effect  Effect
	Code    string // the server's error code, without the operation's name
	Message string // the server's own words, redacted
	Advice  string // what to check
	Cause   error
}

func (e *RequestError) Error() string {
	var b strings.Builder
	switch e.Operation {
	case TicketSearch:
		b.WriteString("search tickets")
	case TicketGet:
		b.WriteString("read ticket " + e.Ticket)
	case TicketUpdate:
		b.WriteString("change ticket " + e.Ticket)
	case TicketCreate:
		b.WriteString("create a ticket")
	case SessionCreate:
		b.WriteString("log in")
	case SessionRemove:
		b.WriteString("log out")
	}
	if len(e.Kinds) > 0 {
		b.WriteString(": " + e.Kinds[0].Error())
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ": the help desk says %q", e.Message)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	if e.Advice != "" {
		b.WriteString(": " + e.Advice)
	}
	return b.String()
}

func (e *RequestError) Unwrap() []error {
	all := append([]error(nil), e.Kinds...)
	if e.Cause != nil {
		all = append(all, e.Cause)
	}
	return all
}

// LoginRefused is by which a host recognizes that the error concerns the service, and no
// ticket.
func (e *RequestError) LoginRefused() bool {
	return errors.Is(e, ErrAuthentication) || e.Status == http.StatusUnauthorized || e.Status == http.StatusProxyAuthRequired
}

// UnexpectedAnswer is the error for a whole answer that lacks what was asked for.
func UnexpectedAnswer(op Operation, ticket, what string) error {
	return &RequestError{Operation: op, Ticket: ticket, Kinds: []error{api.ErrTemporary, ErrProtocol}, Effect: Answered, Cause: errors.New(what)}
}

// withOperation adds the operation to the error of a request that was never sent.
func withOperation(err error, op Operation, ticket string) error {
	var e *RequestError
	if errors.As(err, &e) && e.Operation == "" {
		e.Operation, e.Ticket = op, ticket
	}
	return err
}

// IsTemporary reports whether a request may be repeated as it is.
func IsTemporary(err error) bool { return errors.Is(err, api.ErrTemporary) }

// EffectOf is what a failed request may have left behind.
func EffectOf(err error) Effect {
	var e *RequestError
	if errors.As(err, &e) {
		return e.Effect
	}
	return NoEffect
}

// Uncertain is the error for a write whose outcome stays unknown. Of why only the
// text is kept, so that nobody takes its kind for that of the outcome.
func Uncertain(op Operation, ticket string, why error) error {
	e := &RequestError{
		Operation: op, Ticket: ticket, Kinds: []error{api.ErrUncertain}, Effect: Unknown, Cause: errors.New(why.Error()),
		Advice: "look at the ticket before repeating the change",
	}
	if op == TicketCreate {
		e.Advice = "look whether the ticket is there before creating it again"
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(why, ended) {
			e.Kinds = append(e.Kinds, ended)
		}
	}
	return e
}

// shorten makes a server's text one line of reasonable length.
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

// Reason is the error without the operation and the advice.
func (e *RequestError) Reason() string {
	var parts []string
	if len(e.Kinds) > 1 {
		parts = append(parts, e.Kinds[len(e.Kinds)-1].Error())
	}
	if e.Message != "" {
		parts = append(parts, fmt.Sprintf("the help desk says %q", e.Message))
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, ": ")
}
