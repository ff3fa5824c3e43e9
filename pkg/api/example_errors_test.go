package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// errorOf says by the error's kind whether a write may be repeated.
func errorOf(status int, answered bool) error {
	switch {
	case !answered:
		return fmt.Errorf("send the message: the connection broke: %w", api.ErrUncertain)
	case status == http.StatusTooManyRequests:
		return &api.RetryError{After: time.Minute, Err: errors.New("the chat wants fewer messages")}
	case status >= 500:
		return fmt.Errorf("send the message: the chat answers %d: %w", status, api.ErrTemporary)
	case status == http.StatusForbidden:
		return fmt.Errorf("send the message: the chat answers %d, check the token: %w", status, api.ErrDenied)
	case status >= 400:
		return fmt.Errorf("send the message: the chat answers %d: %w", status, api.ErrInvalid)
	}
	return nil
}

// An error wraps one of the contract's kinds, by which callers decide.
func Example_errors() {
	for _, err := range []error{errorOf(0, false), errorOf(429, true), errorOf(503, true), errorOf(403, true)} {
		var retry *api.RetryError
		switch {
		case errors.As(err, &retry):
			fmt.Println("repeat after", retry.After)
		case errors.Is(err, api.ErrTemporary):
			fmt.Println("repeat")
		case errors.Is(err, api.ErrUncertain):
			fmt.Println("look first, then repeat")
		default:
			fmt.Println("give up:", err)
		}
	}
	// Output:
	// look first, then repeat
	// repeat after 1m0s
	// repeat
	// give up: send the message: the chat answers 403, check the token: access denied
}
