package trial

import (
	"context"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

var _ orchestrator.Runs = (*Trial)(nil)

// queue are the items that wait at one place.
type queue struct {
	ready chan struct{}

	mu   sync.Mutex
	runs []*run
}

func (q *queue) put(r *run) {
	q.mu.Lock()
	q.runs = append(q.runs, r)
	q.mu.Unlock()
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

func (q *queue) take() *run {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.runs) == 0 {
		return nil
	}
	r := q.runs[0]
	q.runs = q.runs[1:]
	return r
}

func (t *Trial) queue(p *orchestrator.Place) *queue {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queues[p]
	if q == nil {
		q = &queue{ready: make(chan struct{}, 1)}
		t.queues[p] = q
	}
	return q
}

// Open implements [orchestrator.Runs].
func (t *Trial) Open(_ context.Context, places []*orchestrator.Place) error {
	if t.turns != nil {
		t.turns.open(places)
	}
	return nil
}

// Begin implements [orchestrator.Runs].
func (t *Trial) Begin(p *orchestrator.Place, claimed func()) orchestrator.Run {
	return &run{t: t, p: p, claimed: claimed}
}

// Next implements [orchestrator.Runs].
func (t *Trial) Next(_ context.Context, p *orchestrator.Place) (orchestrator.Run, bool, error) {
	if r := t.queue(p).take(); r != nil {
		return r, true, nil
	}
	return nil, false, nil
}

// Soon implements [orchestrator.Runs].
func (t *Trial) Soon(_ context.Context, p *orchestrator.Place) (bool, error) {
	q := t.queue(p)
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.runs) > 0, nil
}

// Ready implements [orchestrator.Runs].
func (t *Trial) Ready(p *orchestrator.Place) <-chan struct{} { return t.queue(p).ready }

// loop counts what became of the items of one loop.
type loop struct {
	mu    sync.Mutex
	left  int
	tally orchestrator.Tally
	over  chan struct{}
}

func (l *loop) ended(r *run, result api.PipeResult, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.tally.Other++
	case r.wrote():
		l.tally.Applied++
	default:
		l.tally.Left++
	}
	if l.left--; l.left == 0 {
		close(l.over)
	}
}

// Each implements [orchestrator.Run].
func (r *run) Each(ctx context.Context, _ orchestrator.Step, place *orchestrator.Place, items []orchestrator.LoopItem) (orchestrator.Tally, error) {
	l := &loop{left: len(items), tally: orchestrator.Tally{Count: len(items)}, over: make(chan struct{})}
	if len(items) == 0 {
		return l.tally, nil
	}
	r.hand(items)
	q := r.t.queue(place)
	for i := range items {
		q.put(&run{t: r.t, p: place, item: &items[i], loop: l, parent: r})
	}
	select {
	case <-l.over:
	case <-ctx.Done():
		return orchestrator.Tally{}, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally, nil
}
