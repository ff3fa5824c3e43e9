package gate

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const (
	mostAhead  = 100           // tickets that are read together before their runs begin
	fewAhead   = mostAhead / 4 // when no more are left, the next are read beside a write
	aheadAgain = time.Minute   // after a reading of several that failed
)

// ahead are readings of tickets whose runs are due and haven't begun. Where many are due
// together, as when a cause is open again, each would be read again alone; so the first one is
// read together with those that follow it.
//
// A run may take such a reading for its own, once, if it has written nothing yet, if it would
// be young enough for one, and if no run has ended at the ticket since before it: at
// what a run works, no other one does.
type ahead struct {
	mu     sync.Mutex
	of     map[string]*early // by runner and ticket
	failed time.Time
}

// early is one such reading.
type early struct {
	criteria string
	names    []string // of further fields
	clock    int64    // of the process, before it
	mark     store.Mark
	done     chan struct{}
	seen     map[string]seen // when done; what could not be read is read alone
}

// seen is how a ticket is.
type seen struct {
	picture.Picture
	unmet string // why it meets the criteria no more
}

// lookFirst is how the ticket is for a run that begins to work at it. Whether it still meets
// the criteria of its search is only asked of a run that has written nothing.
func (w *write) lookFirst(ctx context.Context, p picture.Picture) (seen, error) {
	if w.ids != nil && len(p.Read.Criteria) > 0 && !anyBegun(w.step) {
		if now, ok := w.early(ctx, p); ok {
			return now, nil
		}
	}
	ticket, now, err := w.look(ctx, p)
	if err != nil {
		return seen{}, err
	}
	c, err := decodeCriteria(p.Read.Criteria)
	return seen{now, criteria.Unmet(ticket, c)}, err
}

// early is how the ticket is by a reading of several; ok is false if it is to be read alone.
func (w *write) early(ctx context.Context, p picture.Picture) (now seen, ok bool) {
	id := w.effect.Ticket
	key := aheadKey(w.step, id)
	w.ahead.mu.Lock()
	r := w.ahead.of[key]
	delete(w.ahead.of, key)
	few := len(w.ahead.of) < fewAhead
	w.ahead.mu.Unlock()
	switch {
	case r == nil || !w.countsFor(ctx, r, p):
		r = w.readAhead(ctx, w.step, p.Read.Criteria, id)
	case few:
		w.beside.Go(func() { w.readAhead(ctx, w.step, p.Read.Criteria) })
	}
	if r == nil {
		return seen{}, false
	}
	select {
	case <-r.done:
		now, ok = r.seen[id]
	case <-ctx.Done():
	}
	return now, ok
}

func aheadKey(step Step, ticket string) string { return step.Runner() + "\x00" + ticket }

// countsFor reports whether a reading is as good as one of the run's own.
func (w *write) countsFor(ctx context.Context, r *early, p picture.Picture) bool {
	return r.criteria == string(p.Read.Criteria) && w.row.EndedAt <= int64(r.mark) && time.Duration(w.gate.clock()-r.clock) < freshFor &&
		slices.Equal(r.names, w.gate.fieldNames(ctx, w.step.Runner()))
}

// readAhead reads tickets with those of the runs that are due next and aren't read yet; nil
// if there are none.
func (t *ticketSystem) readAhead(ctx context.Context, step Step, encoded []byte, ids ...string) *early {
	t.ahead.mu.Lock()
	pause := time.Since(t.ahead.failed) < aheadAgain
	t.ahead.mu.Unlock()
	c, err := decodeCriteria(encoded)
	if err != nil || pause {
		return nil
	}
	due, err := step.Due(ctx, t.system, mostAhead-1)
	if err != nil || len(due) == 0 {
		return nil
	}
	kept := t.gate.options.Store
	r := &early{criteria: string(encoded), names: t.gate.fieldNames(ctx, step.Runner()), clock: t.gate.clock(), done: make(chan struct{})}
	if r.mark, err = kept.Mark(ctx); err != nil {
		return nil
	}
	at, err := kept.Now(ctx)
	if err != nil {
		return nil
	}
	due = t.reserve(step, r, due, ids)
	if len(due) == 0 {
		return nil
	}
	defer close(r.done)
	read, err := t.read(ctx, append(ids, due...), c)
	if err != nil {
		t.unreserve(step, r, due, ctx.Err() == nil)
		return r
	}
	r.seen = make(map[string]seen, len(read))
	for _, ticket := range read {
		now, err := t.pictureOf(ctx, step.Runner(), ticket, c, at)
		if err != nil {
			break
		}
		now.Read.Clock = r.clock
		r.seen[ticket.ID] = seen{now, criteria.Unmet(ticket, c)}
	}
	return r
}

// reserve makes it the reading of what is due and has none, and returns that.
func (t *ticketSystem) reserve(step Step, r *early, due, own []string) (ids []string) {
	a := &t.ahead
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, other := range a.of {
		if time.Duration(r.clock-other.clock) >= freshFor { // its run is another host's, or was ended
			delete(a.of, key)
		}
	}
	if a.of == nil {
		a.of = make(map[string]*early)
	}
	for _, id := range due {
		if key := aheadKey(step, id); a.of[key] == nil && !slices.Contains(own, id) {
			a.of[key] = r
			ids = append(ids, id)
		}
	}
	return ids
}

// unreserve has each be read alone: one of them may be why it failed.
func (t *ticketSystem) unreserve(step Step, r *early, ids []string, failed bool) {
	a := &t.ahead
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		if key := aheadKey(step, id); a.of[key] == r {
			delete(a.of, key)
		}
	}
	if failed {
		a.failed = time.Now()
	}
}
