package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Threads bounds how many goroutines compute at once, whoever calls. A caller
// enters, which takes one place and waits for it if need be; its loops then also
// use the places that happen to be free. Every goroutine ends with its loop.
type Threads struct {
	places chan struct{}
}

// NewThreads allows n goroutines at once; 0 is the number of CPUs.
func NewThreads(n int) *Threads {
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return &Threads{places: make(chan struct{}, n)}
}

// Limit returns how many goroutines may compute at once.
func (t *Threads) Limit() int { return cap(t.places) }

// Enter waits for a place. leave gives it back.
func (t *Threads) Enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case t.places <- struct{}{}:
		return func() { <-t.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Each calls f for 0..n-1, in any order, and returns when all are done. worker
// is below Limit and never used twice at the same time, so that it can choose a
// piece of scratch memory. The caller has entered.
func (t *Threads) Each(n int, f func(worker, i int)) {
	if n == 1 || t.Limit() == 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	var next atomic.Int64
	work := func(worker int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			f(worker, i)
		}
	}
	var helpers sync.WaitGroup
	for worker := 1; worker < min(n, t.Limit()); worker++ {
		select {
		case t.places <- struct{}{}:
			helpers.Go(func() {
				defer func() { <-t.places }()
				work(worker)
			})
			continue
		default:
		}
		break
	}
	work(0)
	helpers.Wait()
}
