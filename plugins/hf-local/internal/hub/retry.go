package hub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// retryPolicy bounds how a request is repeated.
type retryPolicy struct {
	first   time.Duration // pause before the first repetition; later ones double, with jitter
	longest time.Duration // a longer pause that a server asks for is an error
	tries   int           // in a row without progress
	waits   func(pause time.Duration, why error)
}

// repeat calls f until it succeeds or fails for good. f reports whether it made
// progress, which starts the count anew.
func (p retryPolicy) repeat(ctx context.Context, f func() (progress bool, err error)) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier, pauses.MaxInterval = p.first, 2, p.longest
	for tries := 1; ; tries++ {
		progress, err := f()
		if err == nil || !errors.Is(err, api.ErrTemporary) || ctx.Err() != nil {
			return err
		}
		if progress {
			tries = 1
			pauses.Reset()
		}
		pause := pauses.NextBackOff()
		var wait *api.RetryError
		if errors.As(err, &wait) && wait.After > 0 {
			if wait.After > p.longest {
				return err
			}
			pause = wait.After
		}
		if tries >= p.tries {
			return err
		}
		p.waits(pause, err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
	}
}
