package runs

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/ends"
	"github.com/open-ticket-ai/otai/internal/runs/gate"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// mostInStreak is how many different tickets in a row may meet a failure of the system
// before it is the runner's.
const mostInStreak = 3

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
		e.inRow(row.Place, row.ID)
	}
	return nil
}

// inRow counts a run that met a failure of the system, and returns how many have in a row.
func (e *Engine) inRow(place, run string) int {
	if e.streak[place] == nil {
		e.streak[place] = make(map[string]bool)
	}
	e.streak[place][run] = true
	return len(e.streak[place])
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
	n, waits := e.inRow(place, r.row.ID), v.End.Reason == store.ReasonUntil
	switch {
	case waits && e.o.Once:
		e.unanswered[r.row.ID]++
		if e.unanswered[r.row.ID] == 1 {
			return nil
		}
	case n < mostInStreak && (waits || !e.o.Alone):
		return nil
	}
	switch why := d.Reason(); {
	case why != "" && (errors.Is(d.Err, ends.ErrHalt) || errors.Is(d.Err, gate.ErrStopped)):
		return &haltedError{d.Err, why}
	case d.Err != nil:
		return d.Err
	case d.System != nil:
		return d.System.Err
	}
	return nil
}

// haltedError is an error of which only what the attempt met says anything to people.
type haltedError struct {
	err error
	why string
}

func (h *haltedError) Error() string { return h.why }
func (h *haltedError) Unwrap() error { return h.err }
