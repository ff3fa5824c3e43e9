package orchestrator

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// longestRetry bounds the pauses of an outage, so that work goes on within a
// minute of its end.
const longestRetry = time.Minute

// outage is a time in which one part fails again and again. It is logged when it
// begins and when it ends, not at each attempt.
type outage struct {
	path, id string
	logger   *slog.Logger

	mu       sync.Mutex
	began    time.Time // zero: there is none
	since    time.Time // the first attempt that failed had begun
	next     time.Time
	attempts int
	err      error // the last one
	backoff  *backoff.ExponentialBackOff
	in       [phases]bool // where it fails
}

// A phase is where a runner fails: a success in one says nothing about another.
type phase int

const (
	searching phase = iota // its firing has claimed nothing
	working                // a run that has a ticket
	phases
)

func newOutage(path, id string, logger *slog.Logger) *outage {
	return &outage{path: path, id: id, logger: logger}
}

// wait returns how long it is until the next attempt.
func (o *outage) wait() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.began.IsZero() {
		return 0
	}
	return max(0, time.Until(o.next))
}

// failed plans the next attempt: after retry at first, then after growing pauses, and
// not before the time that the error itself gives.
func (o *outage) failed(err error, retry time.Duration, in phase) {
	o.failedSince(time.Now(), err, retry, in)
}

// failedSince is failed for an attempt that began at that time.
func (o *outage) failedSince(begun time.Time, err error, retry time.Duration, in phase) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.in[in], o.err = true, err
	now := time.Now()
	var after time.Duration
	if named := (*api.RetryError)(nil); errors.As(err, &named) {
		after = named.After
	}
	if !o.began.IsZero() && now.Before(o.next) { // of several workers that met the same
		if next := now.Add(after); next.After(o.next) {
			o.next = next
		}
		return
	}
	o.attempts++
	if o.began.IsZero() {
		o.began, o.since = now, begun
		o.backoff = backoff.NewExponentialBackOff()
		o.backoff.InitialInterval = max(retry, time.Millisecond)
		o.backoff.MaxInterval = max(retry, longestRetry)
		o.backoff.Reset()
	}
	pause := max(o.backoff.NextBackOff(), after)
	o.next = now.Add(pause)
	if o.attempts == 1 {
		o.logger.Error("a part of the work fails; it is tried again with growing pauses", append(whose(err), "path", o.path, "id", o.id, "err", err.Error(), "next", pause.Round(time.Millisecond))...)
		return
	}
	o.logger.Debug("still fails", "path", o.path, "id", o.id, "err", err.Error(), "attempt", o.attempts, "next", pause.Round(time.Millisecond))
}

// over ends the outage in some phases, if what succeeded has begun after it. With the last
// of them it ends.
func (o *outage) over(begun time.Time, in ...phase) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.began.IsZero() || !begun.After(o.began) {
		return
	}
	for _, p := range in {
		o.in[p] = false
	}
	if o.in != [phases]bool{} {
		return
	}
	o.logger.Info("works again", "path", o.path, "id", o.id, "after", time.Since(o.began).Round(time.Millisecond), "failed_attempts", o.attempts)
	o.began, o.attempts, o.err = time.Time{}, 0, nil
}

// state is what the outage is at this moment.
func (o *outage) state() FailingState {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.began.IsZero() {
		return FailingState{}
	}
	return FailingState{Since: o.since, Attempts: o.attempts, Searching: o.in[searching], Err: o.err, Next: o.next}
}

// gap is a time in which runs can't be taken from where they are kept. Work goes on soon
// after it, so its pauses don't grow.
type gap struct {
	logger *slog.Logger

	mu    sync.Mutex
	began time.Time // zero: there is none
}

func (g *gap) begins(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began.IsZero() {
		g.began = time.Now()
		g.logger.Error("runs can't be kept: nothing new begins until they can, what is at work goes on then", "err", err.Error())
	}
}

func (g *gap) ends() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.began.IsZero() {
		g.logger.Info("runs are kept again", "after", time.Since(g.began).Round(time.Millisecond))
		g.began = time.Time{}
	}
}
