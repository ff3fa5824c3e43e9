package runs

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// A store that can be read but not written, such as a file on a full disk, holds up all runs:
// each waits with what it has done. That is said once, and once when it is over.

// unwritten is since when nothing can be stored.
type unwritten struct {
	since time.Time // zero: it can
	last  time.Time // that it failed
	err   error
}

const (
	// unwrittenQuiet is for how long nothing may fail before it counts as over: on a disk that is
	// nearly full something small can be written now and then.
	unwrittenQuiet = 5 * time.Second
	valueWritten   = "written" // is set to find out
)

// fixable is an error of a store that knows what is to be done about it.
type fixable interface {
	error
	Fix() string
}

// noteWrite notes whether a run could store something.
func (e *Engine) noteWrite(ctx context.Context, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	u := &e.unwritten
	switch {
	case errors.Is(err, store.ErrUnavailable) && ctx.Err() == nil:
		u.last, u.err = time.Now(), err
		if !u.since.IsZero() {
			return
		}
		u.since = u.last
		fix := "make room on its disk, and see whether its folder can be written"
		if e.o.Host.Lease > 0 {
			fix = "see whether the database answers and can be written"
		}
		if knows := fixable(nil); errors.As(err, &knows) {
			fix = knows.Fix()
		}
		e.logger.Error("the run store can't be written: runs wait with what they have done, and go on by themselves once it can be", "err", e.o.Redact(err.Error()), "fix", fix)
	case err == nil && !u.since.IsZero() && time.Since(u.last) >= unwrittenQuiet:
		e.logger.Info("the run store can be written again: all runs go on", "after", time.Since(u.since).Round(time.Second))
		*u = unwritten{}
	}
}

// tryToWrite finds out whether it is over where no run has anything to store.
func (e *Engine) tryToWrite(ctx context.Context) error {
	e.mu.Lock()
	due := !e.unwritten.since.IsZero() && time.Since(e.unwritten.last) >= unwrittenQuiet
	e.mu.Unlock()
	if !due {
		return nil
	}
	err := e.o.Store.SetValue(ctx, valueWritten, strconv.FormatInt(e.now(), 10))
	e.noteWrite(ctx, err)
	return err
}
