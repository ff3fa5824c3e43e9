package orchestrator

import (
	"context"
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
// begins and when it ends, not at each attempt, and as one with others that meet the same (outages.go).
type outage struct {
	path, id string
	logger   *slog.Logger
	others   *outages

	mu       sync.Mutex
	began    time.Time // zero: there is none
	since    time.Time // the first attempt that failed had begun
	next     time.Time
	attempts int
	err      error // the last one
	backoff  *backoff.ExponentialBackOff
	in       [phases]bool      // where it fails
	good     [phases]time.Time // when the last search had begun that worked, and the last run ended well
	said     bool              // that it fails, or is stuck; else others have said so
	saidAt   time.Time         // the last time
	stuck    time.Time         // since when somebody has found that nothing comes to an end; zero: it isn't so
}

// A phase is where a runner fails: a success in one says nothing about another.
type phase int

const (
	searching phase = iota // its firing has claimed nothing
	working                // a run that has a ticket
	phases
)

func newOutage(path, id string, logger *slog.Logger, others *outages) *outage {
	return &outage{path: path, id: id, logger: logger, others: others}
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
		if lasting := (*LastingError)(nil); errors.As(err, &lasting) && lasting.Since.Before(begun) {
			o.since = lasting.Since
		}
		o.backoff = backoff.NewExponentialBackOff()
		o.backoff.InitialInterval = max(retry, time.Millisecond)
		o.backoff.MaxInterval = max(retry, longestRetry)
		o.backoff.Reset()
	}
	pause := max(o.backoff.NextBackOff(), after)
	o.next = now.Add(pause)
	about := append(whose(err), "path", o.path, "id", o.id, "err", err.Error())
	// What it says itself is said of others, too; an attempt that had begun before they worked again says
	// nothing anew.
	if out := outOf(err); o.others.first(o, out, begun, o.good[in], o.next) && !o.said {
		o.said, o.saidAt = true, now
		o.logger.Error("a part of the work fails; it is tried again with growing pauses", append(append(about, o.others.with(out)...), "next", pause.Round(time.Millisecond))...)
		return
	}
	o.logger.Debug("still fails", append(about, "attempt", o.attempts, "next", pause.Round(time.Millisecond))...)
}

// over ends the outage in some phases, if what succeeded has begun after it. With the last
// of them it ends.
func (o *outage) over(begun time.Time, in ...phase) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range in {
		if p == searching { // that a run has ended doesn't say that it has ended well
			o.good[p] = later(o.good[p], begun)
		}
	}
	if o.began.IsZero() || !begun.After(o.began) {
		return
	}
	for _, p := range in {
		o.in[p] = false
	}
	if o.in != [phases]bool{} {
		return
	}
	o.ends(o.began, "failed_attempts", o.attempts)
	o.began, o.attempts, o.err = time.Time{}, 0, nil
}

// well says when a run last ended well.
func (o *outage) well(at time.Time) {
	o.mu.Lock()
	o.good[working] = later(o.good[working], at)
	o.mu.Unlock()
	o.over(at, working)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// ends says that it works again, where it was said that it doesn't. The lock is held.
func (o *outage) ends(since time.Time, more ...any) {
	level := slog.LevelDebug
	if o.said {
		level = slog.LevelInfo
	}
	o.logger.Log(context.Background(), level, "works again", append([]any{"path", o.path, "id", o.id, "after", time.Since(since).Round(time.Millisecond)}, more...)...)
	o.others.ended(o)
	o.said, o.stuck = false, time.Time{}
}

// isStuck says that nothing comes to an end, unless it is said already that it fails, or that the
// service at which it waits does.
func (o *outage) isStuck(since time.Time, service, why, do string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stuck = since
	if o.saidAt.After(since) { // nothing has come to an end since, whatever has become of the tickets
		o.said = true
		return
	}
	if first := o.others.first(o, out{service: service}, time.Now().Add(-longestRetry), time.Time{}, time.Now()); first && o.began.IsZero() && !o.said {
		o.said, o.saidAt = true, time.Now()
		o.logger.Error("a runner is stuck: nothing of it comes to an end", "path", o.path, "id", o.id, "since", since.Local().Format(time.DateTime), "err", why, "fix", do)
	}
}

// flows says that something has come to an end.
func (o *outage) flows() {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.stuck.IsZero():
	case o.began.IsZero():
		o.ends(o.stuck)
	default: // it fails, and is over when it doesn't
		o.stuck = time.Time{}
	}
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
