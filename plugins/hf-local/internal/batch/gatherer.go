package batch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Run computes a batch: a result for each item, in their order. Its context ends
// when that of every caller has.
type Run[K comparable, T, R any] func(ctx context.Context, key K, items []T) ([]R, error)

// Gatherer gathers calls. It is safe for concurrent use.
type Gatherer[K comparable, T, R any] struct {
	wait time.Duration
	most int
	run  Run[K, T, R]

	mu   sync.Mutex
	open map[K]*gathering[T, R]
}

// New returns a gatherer whose batches wait that long for further items, up to most of
// them. With no time to wait, each call is a batch of its own.
func New[K comparable, T, R any](wait time.Duration, most int, run Run[K, T, R]) *Gatherer[K, T, R] {
	return &Gatherer[K, T, R]{wait: wait, most: most, run: run, open: make(map[K]*gathering[T, R])}
}

// gathering is a batch. All but done, results and err, which may be read once done
// is closed, is guarded by the gatherer's mu.
type gathering[T, R any] struct {
	items   []T
	callers int // that still want their result
	begin   *time.Timer
	cancel  context.CancelFunc

	done    chan struct{}
	results []R
	err     error
}

// Do returns the result of one item. It ends with ctx.
func (g *Gatherer[K, T, R]) Do(ctx context.Context, key K, item T) (R, error) {
	var none R
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if g.wait <= 0 {
		results, err := g.checked(ctx, key, []T{item})
		if err != nil {
			return none, err
		}
		return results[0], nil
	}
	b, index := g.join(ctx, key, item)
	select {
	case <-b.done:
		if b.err != nil {
			return none, b.err
		}
		return b.results[index], nil
	case <-ctx.Done():
		g.leave(key, b)
		return none, ctx.Err()
	}
}

// join adds an item to the open batch of its key, or opens one.
func (g *Gatherer[K, T, R]) join(ctx context.Context, key K, item T) (*gathering[T, R], int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.open[key]
	if b == nil {
		b = &gathering[T, R]{done: make(chan struct{})}
		// The batch belongs to all of its callers: it keeps what the first
		// one's context carries, but doesn't end with it.
		batchContext, cancel := context.WithCancel(context.WithoutCancel(ctx))
		b.cancel = cancel
		b.begin = time.AfterFunc(g.wait, func() { g.start(batchContext, key, b) })
		g.open[key] = b
	}
	b.items = append(b.items, item)
	b.callers++
	if len(b.items) >= g.most {
		delete(g.open, key)
		if b.begin.Stop() { // else it begins already
			b.begin.Reset(0)
		}
	}
	return b, len(b.items) - 1
}

// leave is called by callers that no longer wait; the last one ends the batch.
func (g *Gatherer[K, T, R]) leave(key K, b *gathering[T, R]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	b.callers--
	if b.callers > 0 {
		return
	}
	g.shut(key, b)
	b.begin.Stop()
	b.cancel()
}

// shut lets no more items into b. The caller has locked mu.
func (g *Gatherer[K, T, R]) shut(key K, b *gathering[T, R]) {
	if g.open[key] == b {
		delete(g.open, key)
	}
}

func (g *Gatherer[K, T, R]) start(ctx context.Context, key K, b *gathering[T, R]) {
	g.mu.Lock()
	g.shut(key, b)
	items := b.items
	g.mu.Unlock()
	// Deferred, and with an error from the start: should it panic, a host that
	// recovers must not leave the callers waiting.
	b.err = fmt.Errorf("a batch of %d broke off", len(items))
	defer func() {
		b.cancel()
		close(b.done)
	}()
	b.results, b.err = g.checked(ctx, key, items)
}

func (g *Gatherer[K, T, R]) checked(ctx context.Context, key K, items []T) ([]R, error) {
	results, err := g.run(ctx, key, items)
	if err == nil && len(results) != len(items) {
		err = fmt.Errorf("a batch of %d got %d results", len(items), len(results))
	}
	return results, err
}
