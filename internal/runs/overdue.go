package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// overdue is what becomes known of a run when a request of it is without an answer for
// unusually long: it counts as one that waits, for its worker, for the loop that waits for
// it, and for the queue that brought it.
type overdue struct {
	known chan struct{}
	once  *sync.Once
	give  func(sent time.Time) // its worker; nil: it has none
}

func newOverdue() overdue { return overdue{known: make(chan struct{}), once: new(sync.Once)} }

// OnOverdue implements [orchestrator.Run].
func (r *run) OnOverdue(give func(sent time.Time)) { r.late.give = give }

// Overdue implements [gate.Step].
func (s *step) Overdue(sent time.Time) {
	r := s.r
	r.late.once.Do(func() {
		close(r.late.known)
		r.e.mu.Lock()
		l := r.e.loops[r.row.Parent]
		r.e.mu.Unlock()
		if l != nil {
			r.e.itemEnded(l, r.row.ID, store.Waiting, "", nil)
		}
		if r.late.give != nil {
			r.late.give(sent)
		}
	})
}

// overdueElsewhere is after what time a request of another host counts as overdue: what is usual
// there isn't known here.
const overdueElsewhere = 2 * time.Second

// lookForOverdue counts the items that wait for an answer on other hosts.
func (e *Engine) lookForOverdue(ctx context.Context, parent string, l *loop) error {
	rows, err := e.o.Store.Runs(ctx, store.Filter{Parent: parent, States: []store.State{store.Running}})
	if err != nil {
		return fmt.Errorf("looking at the items of a loop: %w", err)
	}
	now, host := e.now(), e.hostID()
	for _, row := range rows {
		if row.Owner == host {
			continue
		}
		loaded, err := e.o.Store.Load(ctx, row.ID)
		switch {
		case errors.Is(err, store.ErrMissing):
			continue
		case err != nil:
			return fmt.Errorf("looking at the items of a loop: %w", err)
		}
		if slices.ContainsFunc(loaded.Effects, func(f store.Effect) bool {
			return f.State == store.Intent && f.Begun != 0 && f.Until > now && now-f.Begun > overdueElsewhere.Microseconds()
		}) {
			e.itemEnded(l, row.ID, store.Waiting, "", nil)
		}
	}
	return nil
}
