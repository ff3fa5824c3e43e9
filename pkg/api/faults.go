package api

import (
	"errors"
	"fmt"
	"time"
)

// The faults that decide on repetition, to be wrapped with %w.
var (
	ErrNotFound  = errors.New("not found")               // what was named does not exist, or may not be seen
	ErrDenied    = errors.New("access denied")           // never repeated
	ErrInvalid   = errors.New("invalid request")         // never repeated
	ErrTemporary = errors.New("temporarily unavailable") // certainly not done: repeat
	ErrUncertain = errors.New("outcome unknown")         // perhaps done: look first, then repeat
)

// RetryError is a temporary fault that says when to try again. It is
// [ErrTemporary] for errors.Is.
type RetryError struct {
	_ struct{}

	After time.Duration
	Err   error
}

func (e *RetryError) Error() string        { return text(e.Err) }
func (e *RetryError) Unwrap() error        { return e.Err }
func (e *RetryError) Is(target error) bool { return target == ErrTemporary }

// FieldError says which key of the params is wrong: "note.subject", "steps[2].id".
type FieldError struct {
	_ struct{}

	Field string
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + text(e.Err) }
func (e *FieldError) Unwrap() error { return e.Err }

// TemplateError says where in a template a fault is. Line and Column count from 1.
type TemplateError struct {
	_ struct{}

	Line, Column int
	Err          error
}

func (e *TemplateError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, text(e.Err))
}
func (e *TemplateError) Unwrap() error { return e.Err }

// FailError says that a template called fail(). Whichever pipe the template
// belongs to, the host answers with a failed result that carries the message.
type FailError struct {
	_ struct{}

	Message string
}

func (e *FailError) Error() string {
	if e.Message == "" {
		return "the template called fail()"
	}
	return e.Message
}

func text(err error) string {
	if err == nil {
		return "unknown fault"
	}
	return err.Error()
}
