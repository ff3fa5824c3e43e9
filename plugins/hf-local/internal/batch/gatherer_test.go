package batch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/batch"
)

// batches records what was run together.
type batches struct {
	mu   sync.Mutex
	seen [][]int
}

func (b *batches) double(_ context.Context, _ string, items []int) ([]int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = append(b.seen, items)
	out := make([]int, len(items))
	for i, v := range items {
		out[i] = 2 * v
	}
	return out, nil
}

func (b *batches) sizes() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var sizes []int
	for _, s := range b.seen {
		sizes = append(sizes, len(s))
	}
	slices.Sort(sizes)
	return sizes
}

func TestCallsOfTheSameKeyWithinTheWaitAreOneBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b batches
		g := batch.New(10*time.Millisecond, 100, b.double)
		begin := time.Now()
		var calls sync.WaitGroup
		for i := range 7 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if got, err := g.Do(t.Context(), "model", i); err != nil || got != 2*i {
					t.Errorf("%d gives %d, %v", i, got, err)
				}
			})
		}
		calls.Go(func() {
			if got, err := g.Do(t.Context(), "other", 50); err != nil || got != 100 {
				t.Errorf("got %d, %v", got, err)
			}
		})
		calls.Wait()
		if got := b.sizes(); !slices.Equal(got, []int{1, 7}) {
			t.Errorf("batches of %v", got)
		}
		if waited := time.Since(begin); waited != 10*time.Millisecond {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestAFullBatchDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b batches
		g := batch.New(time.Hour, 3, b.double)
		begin := time.Now()
		var calls sync.WaitGroup
		for i := range 6 {
			calls.Go(func() {
				if got, err := g.Do(t.Context(), "", i); err != nil || got != 2*i {
					t.Errorf("%d gives %d, %v", i, got, err)
				}
			})
		}
		calls.Wait()
		if got := b.sizes(); !slices.Equal(got, []int{3, 3}) || time.Since(begin) != 0 {
			t.Errorf("batches of %v after %v", got, time.Since(begin))
		}
	})
}

func TestWithoutAWaitEachCallIsABatch(t *testing.T) {
	var b batches
	g := batch.New(0, 10, b.double)
	for i := range 3 {
		if got, err := g.Do(t.Context(), "", i); err != nil || got != 2*i {
			t.Errorf("%d gives %d, %v", i, got, err)
		}
	}
	if got := b.sizes(); !slices.Equal(got, []int{1, 1, 1}) {
		t.Errorf("batches of %v", got)
	}
}

func TestACallThatEndsLeavesTheOthersAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b batches
		g := batch.New(10*time.Millisecond, 100, b.double)
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() {
			if _, err := g.Do(ctx, "", 1); !errors.Is(err, context.Canceled) {
				t.Errorf("error is %v", err)
			}
		})
		synctest.Wait()
		calls.Go(func() {
			if got, err := g.Do(t.Context(), "", 2); err != nil || got != 4 {
				t.Errorf("got %d, %v", got, err)
			}
		})
		synctest.Wait()
		cancel()
		calls.Wait()
	})
}

func TestABatchThatNobodyWaitsForIsNotRunOrBrokenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		g := batch.New(10*time.Millisecond, 100, func(ctx context.Context, _ string, items []int) ([]int, error) {
			ran++
			<-ctx.Done()
			return nil, ctx.Err()
		})
		for _, after := range []time.Duration{5 * time.Millisecond, 20 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			if _, err := g.Do(ctx, "", 1); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error is %v", err)
			}
			cancel()
			time.Sleep(time.Second)
		}
		if ran != 1 {
			t.Errorf("ran %d times", ran)
		}
	})
}

func TestAFailureOrAWrongNumberOfResultsIsEveryCallersError(t *testing.T) {
	broken := errors.New("broken")
	for name, run := range map[string]batch.Run[string, int, int]{
		"failure": func(context.Context, string, []int) ([]int, error) { return nil, broken },
		"number":  func(context.Context, string, []int) ([]int, error) { return []int{1, 2, 3}, nil },
	} {
		for _, wait := range []time.Duration{0, time.Millisecond} {
			t.Run(fmt.Sprint(name, wait), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := batch.New(wait, 10, run)
					var calls sync.WaitGroup
					for range 2 {
						calls.Go(func() {
							if _, err := g.Do(t.Context(), "", 1); err == nil || name == "failure" && !errors.Is(err, broken) {
								t.Errorf("error is %v", err)
							}
						})
					}
					calls.Wait()
				})
			})
		}
	}
}
