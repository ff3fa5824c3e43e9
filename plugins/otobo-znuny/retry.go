package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// patience bounds how long one call of the service repeats by itself. It is short:
// a longer outage is the engine's to wait for.
type patience struct {
	first time.Duration // pause before the first repetition; later ones grow, with jitter
	total time.Duration // no repetition begins after this
}

func (p patience) backoff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = p.first
	b.Multiplier = 2
	b.MaxInterval = p.total
	return b
}

// repeat calls f until it succeeds, fails in a way that again refuses, or patience
// ends. The last error is returned, also when ctx ends during a pause.
func repeat[T any](ctx context.Context, p patience, again func(error) bool, f func() (T, error)) (T, error) {
	var last error
	result, err := backoff.Retry(ctx, func() (T, error) {
		r, err := f()
		last = err
		if err == nil {
			return r, nil
		}
		var wait *api.RetryError
		switch {
		case !again(err):
			return r, backoff.Permanent(err)
		case errors.As(err, &wait):
			return r, errors.Join(&backoff.RetryAfterError{Duration: wait.After}, err)
		default:
			return r, err
		}
	}, backoff.WithBackOff(p.backoff()), backoff.WithMaxElapsedTime(p.total))
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil && !errors.Is(last, ctx.Err()):
		return result, fmt.Errorf("%w (%w)", last, ctx.Err())
	default:
		return result, last
	}
}

// Read sends a request without effect: whatever is temporary is repeated.
func (c *client) Read(ctx context.Context, op operation, ticket string, m message) (answer, error) {
	return repeat(ctx, c.Retry, temporary, func() (answer, error) {
		return c.call(ctx, op, ticket, m)
	})
}

// Write repeats only what certainly had no effect.
func (c *client) Write(ctx context.Context, op operation, ticket string, m message) (answer, error) {
	untouched := func(err error) bool { return temporary(err) && effectOf(err) == none }
	a, err := repeat(ctx, c.Retry, untouched, func() (answer, error) {
		return c.call(ctx, op, ticket, m)
	})
	if err == nil && len(a.TicketID) == 0 {
		err = UnexpectedAnswer(op, ticket, "the answer names no ticket")
	}
	return a, err
}
