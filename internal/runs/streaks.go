package runs

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// mostInStreak is how many different tickets in a row may meet a failure of the system
// before it is the runner's.
const mostInStreak = 3

// streak are runs in a row at one place that met a failure of the system.
type streak struct {
	runs  map[string]bool
	since time.Time // the first one of them has begun here
}

// recallStreaks counts the runs that wait because of the system to those in a row that met
// its failures: a process that is started again and again would else never pause.
func (e *Engine) recallStreaks(ctx context.Context) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{States: []store.State{store.Waiting}, Reason: store.ReasonSystem})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, row := range rows {
		e.inRow(row.Place, row.ID, time.Now())
	}
	return nil
}

// inRow counts a run that met a failure of the system in an attempt that began at that time, and returns
// those that have in a row.
func (e *Engine) inRow(place, run string, begun time.Time) *streak {
	if e.streak[place] == nil {
		e.streak[place] = &streak{runs: make(map[string]bool), since: begun}
	}
	e.streak[place].runs[run] = true
	return e.streak[place]
}

// stepSucceeded remembers that a step did its work, for those that go on failing at it.
// It returns the causes at which tickets were counted for the step: there is a success in
// between now.
func (e *Engine) stepSucceeded(path string) (causes []string) {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.success[path] = now
	for cause := range e.counted[path] {
		causes = append(causes, cause)
	}
	delete(e.counted, path)
	return causes
}

// countedStep remembers that a ticket was counted at a cause for a step.
func (e *Engine) countedStep(path, cause string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counted[path] == nil {
		e.counted[path] = make(map[string]bool)
	}
	e.counted[path][cause] = true
}

func (e *Engine) succeededSince(path string, since int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.success[path] > since
}

// inStreak is what of an end is an error of the runner: that three different tickets in a
// row met a failure of the system. A process that ends soon says each, but waits once for
// what has no answer: it may have done all.
func (e *Engine) inStreak(r *run, v ends.Decision, d ends.Ending) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	place := r.p.Path
	if !v.System {
		if !d.Stopped {
			delete(e.streak, place)
		}
		return nil
	}
	row, waits := e.inRow(place, r.row.ID, r.since), v.End.Reason == store.ReasonUntil
	switch {
	case e.itemsInStreak(place, d.Err): // that many have met it
	case waits && e.o.Once:
		e.unanswered[r.row.ID]++
		if e.unanswered[r.row.ID] == 1 {
			return nil
		}
	case len(row.runs) < mostInStreak && (waits || !e.o.Alone):
		return nil
	}
	lasting := &orchestrator.LastingError{Since: row.since, Passes: passes(d.Err)}
	if of := (*orchestrator.LastingError)(nil); errors.As(d.Err, &of) { // its items'
		lasting.Since, lasting.Passes = of.Since, of.Passes
	}
	if d.System != nil {
		lasting.Err, lasting.Passes = d.System.Err, lasting.Passes || passes(d.System.Err)
	}
	switch why := d.Reason(); {
	case why != "" && (errors.Is(d.Err, ends.ErrHalt) || errors.Is(d.Err, gate.ErrStopped)):
		lasting.Err = &haltedError{d.Err, why}
	case d.Err != nil:
		lasting.Err = d.Err
	case d.System == nil:
		return nil
	}
	return lasting
}

// itemsInStreak reports whether a run failed because its items did, as many in a row as it takes, and none has
// ended otherwise since.
func (e *Engine) itemsInStreak(place string, err error) bool {
	if !errors.As(err, new(*itemsError)) {
		return false
	}
	for at, row := range e.streak {
		if strings.HasPrefix(at, place+".") && len(row.runs) >= mostInStreak {
			return true
		}
	}
	return false
}

// passes reports whether trying again may help.
func passes(err error) bool {
	return errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain)
}

// haltedError is an error of which only what the attempt met says anything to people.
type haltedError struct {
	err error
	why string
}

func (h *haltedError) Error() string { return h.why }
func (h *haltedError) Unwrap() error { return h.err }
