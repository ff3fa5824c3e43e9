package runs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// State is what an engine knows of its runners and its store at one moment, without asking it.
type State struct {
	Lost    time.Time // since when the store can't be used; zero: it can
	LostErr error
	Good    map[string]time.Time // by runner: when a run or item of it last ended well here
	Waits   map[string]string    // by runner: why its last attempt that didn't end waits; nothing once one has ended well
	Causes  []ClosedCause        // the oldest first
	Pauses  []store.Pause
}

// ClosedCause is a cause, with the time of its first ticket by this machine's clock.
type ClosedCause struct {
	store.Cause
	Began time.Time
	Err   string // why this process was last refused so; "" where it wasn't
}

// well are the outcomes of runs that did what was to be done.
var well = []store.Outcome{store.Applied, store.Left, store.Overtaken, store.Gone}

// State is for many goroutines.
func (e *Engine) State() State {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := State{Lost: e.lost, LostErr: e.lostErr, Good: make(map[string]time.Time, len(e.good)), Waits: maps.Clone(e.delays), Pauses: e.pauses}
	if s.Lost.IsZero() { // it can be read, at most
		s.Lost, s.LostErr = e.unwritten.since, e.unwritten.err
	}
	for runner, at := range e.good {
		s.Good[runner] = at
	}
	for _, c := range e.waits {
		s.Causes = append(s.Causes, ClosedCause{c, e.local(c.Since), e.reasons[c.Key]})
	}
	slices.SortFunc(s.Causes, func(a, b ClosedCause) int { return a.Began.Compare(b.Began) })
	return s
}

// Local is a time of the store by this machine's clock.
func (e *Engine) Local(at int64) time.Time {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.local(at)
}

func (e *Engine) local(at int64) time.Time { return time.UnixMicro(at).Add(-e.offset) }

// Shared reports whether other hosts may work at the same runners.
func (e *Engine) Shared() bool { return e.o.Host.Lease > 0 }

// lastRuns is how many of the newest runs are looked at for one that ended well.
const lastRuns = 20

// LastGood asks the store when a run of a runner last ended well on any host: among the newest.
func (e *Engine) LastGood(ctx context.Context, runner string) (time.Time, error) {
	rows, err := e.o.Store.Runs(ctx, store.Filter{Runner: runner, States: []store.State{store.Ended}, Outcomes: well, OwnEnd: true, Limit: lastRuns})
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	last := slices.MaxFunc(rows, func(a, b store.Run) int { return int(a.EndedAt - b.EndedAt) })
	return e.Local(last.EndedAt), nil
}

// tended notes whether the store could be used.
func (e *Engine) tended(ctx context.Context, err error) {
	if errors.As(err, new(fixable)) { // it doesn't pass by itself, so it is said also where no run has anything to store
		e.noteWrite(ctx, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case err == nil:
		e.lost, e.lostErr = time.Time{}, nil
	case e.lost.IsZero():
		e.lost, e.lostErr = time.Now(), err
	default:
		e.lostErr = err
	}
}

// Attempt is the end of an attempt of a run, for who counts them.
type Attempt struct {
	Runner    string
	Outcome   string // of the run, else what it waits for
	Ended     bool   // the run has, too
	Took      time.Duration
	Decisions []store.Decision
}

// counted passes on the end of an attempt.
func (r *run) counted(v ends.Decision, records []store.Decision) {
	if r.e.o.Ended == nil {
		return
	}
	a := Attempt{Runner: r.row.Runner, Outcome: string(v.End.Outcome), Ended: v.End.State == store.Ended, Decisions: records}
	if !a.Ended {
		a.Outcome = cmp.Or(v.End.Reason, string(v.End.State))
	}
	if r.row.Created != 0 {
		a.Took = time.Duration(r.e.now()-r.row.Created) * time.Microsecond
	} else {
		a.Took = time.Since(r.since)
	}
	r.e.o.Ended(a)
}
