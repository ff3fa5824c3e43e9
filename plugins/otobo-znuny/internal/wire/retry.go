package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// RetryPolicy bounds the repetitions within one call. It is short: waiting for the end
// of a longer outage is up to the engine.
type RetryPolicy struct {
	FirstPause time.Duration // pause before the first repetition; later ones grow, with jitter
	MaxElapsed time.Duration // no repetition begins after this
}

func (p RetryPolicy) backoff() backoff.BackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = p.FirstPause
	b.Multiplier = 2
	b.MaxInterval = p.MaxElapsed
	return b
}

// Retry calls f until it succeeds, again rejects its error, or the policy's time is
// up. It returns f's last error, even when ctx ends during a pause.
func Retry[T any](ctx context.Context, p RetryPolicy, again func(error) bool, f func() (T, error)) (T, error) {
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
	}, backoff.WithBackOff(p.backoff()), backoff.WithMaxElapsedTime(p.MaxElapsed))
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil && !errors.Is(last, ctx.Err()):
		return result, fmt.Errorf("%w (%w)", last, ctx.Err())
	default:
		return result, last
	}
}

// Read sends a request that changes nothing, and repeats whatever failed temporarily.
func (c *Client) Read(ctx context.Context, op Operation, ticket string, m Message) (Answer, error) {
	return Retry(ctx, c.Retry, IsTemporary, func() (Answer, error) {
		return c.Call(ctx, op, ticket, m)
	})
}

// Write sends a request that changes something, and repeats only what certainly had
// no effect.
func (c *Client) Write(ctx context.Context, op Operation, ticket string, m Message) (Answer, error) {
	harmless := func(err error) bool { return IsTemporary(err) && EffectOf(err) == NoEffect }
	a, err := Retry(ctx, c.Retry, harmless, func() (Answer, error) {
		return c.Call(ctx, op, ticket, m)
	})
	if err == nil && len(a.TicketID) == 0 {
		err = UnexpectedAnswer(op, ticket, "the answer names no ticket")
	}
	return a, err
}
