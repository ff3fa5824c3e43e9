package engine_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/engine"
)

func TestEachCallsEveryIndexOnceAndEndsItsGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
		threads := engine.NewThreads(4)
		leave, err := threads.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		for _, n := range []int{0, 1, 2, 3, 100} {
			calls := make([]atomic.Int32, n)
			threads.Each(n, func(_, i int) { calls[i].Add(1) })
			for i := range calls {
				if c := calls[i].Load(); c != 1 {
					t.Errorf("%d of %d was called %d times", i, n, c)
				}
			}
		}
	})
}

func TestNoMoreThanTheLimitComputesAtOnce(t *testing.T) {
	const limit = 3
	threads := engine.NewThreads(limit)
	var running, most atomic.Int32
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			leave, err := threads.Enter(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			for range 50 {
				threads.Each(10, func(worker, _ int) {
					if worker < 0 || worker >= limit {
						t.Errorf("worker %d", worker)
					}
					now := running.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					running.Add(-1)
				})
			}
		})
	}
	callers.Wait()
	if n := most.Load(); n > limit {
		t.Errorf("%d at once", n)
	}
}

func TestWaitingForAPlaceEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		threads := engine.NewThreads(1)
		leave, err := threads.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error)
		go func() {
			_, err := threads.Enter(ctx)
			answer <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-answer; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		leave()
		if _, err := threads.Enter(t.Context()); err != nil {
			t.Errorf("the place is lost: %v", err)
		}
	})
}

func TestAnEndedContextGetsNoPlace(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.NewThreads(1).Enter(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}
