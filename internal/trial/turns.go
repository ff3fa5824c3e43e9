package trial

import (
	"context"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// turns lets one runner work at a time: the first of the configuration whose search may still
// find something. So what a runner would write is laid over its tickets before a later one
// searches, and a trial has one result.
type turns struct {
	stop <-chan struct{}

	mu      sync.Mutex
	order   []*turn // of the runners, as they are configured
	ends    int     // of runs that had a ticket: each may have made work for others
	changed chan struct{}
}

// turn is what is known of the runs of one runner.
type turn struct {
	place  *orchestrator.Place
	inside int  // runs that work
	empty  int  // turns.ends when its last search that found nothing began
	over   bool // it gave up
}

// inTurn is a run that works.
type inTurn struct {
	began int // turns.ends then
}

func newTurns(stop <-chan struct{}) *turns {
	return &turns{stop: stop, changed: make(chan struct{})}
}

func (t *turns) open(places []*orchestrator.Place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range places {
		if p.Loop == nil {
			t.order = append(t.order, &turn{place: p, empty: -1})
		}
	}
}

// Runners returns those of the configuration, in the order in which they get their turns.
func (t *Trial) Runners() (names []string) {
	if t.turns == nil {
		return nil
	}
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	for _, one := range t.turns.order {
		names = append(names, one.place.Runner)
	}
	return names
}

// enter waits until it is the turn of the runner of p.
func (t *turns) enter(ctx context.Context, p *orchestrator.Place) (*inTurn, error) {
	for {
		t.mu.Lock()
		mine, changed := t.next(p), t.changed
		if mine != nil {
			mine.inside++
			began := t.ends
			t.mu.Unlock()
			return &inTurn{began}, nil
		}
		t.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-t.stop: // nobody searches any more
			return nil, context.Canceled
		}
	}
}

// next returns the runner of p if it is its turn: no other one works, and no search of an
// earlier one may find something.
func (t *turns) next(p *orchestrator.Place) *turn {
	var mine *turn
	for _, other := range t.order {
		switch {
		case other.place == p:
			mine = other
		case other.inside > 0, mine == nil && !other.over && other.empty != t.ends:
			return nil
		}
	}
	return mine
}

// leave is called at the end of each run; of one without a single step, run is nil.
func (t *turns) leave(run *inTurn, p *orchestrator.Place, found, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, mine := range t.order {
		if mine.place != p {
			continue
		}
		began := t.ends
		if run != nil {
			mine.inside--
			began = run.began
		}
		mine.over = mine.over || over
		if found {
			t.ends++
		} else {
			mine.empty = began
		}
	}
	close(t.changed)
	t.changed = make(chan struct{})
}
