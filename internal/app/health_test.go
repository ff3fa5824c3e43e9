package app

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// slowCounts counts as one with very many tickets does.
type slowCounts struct {
	store.Store
	takes   time.Duration
	counted int
}

func (s *slowCounts) Counts(ctx context.Context) (store.Counts, error) {
	select {
	case <-time.After(s.takes):
		s.counted++
		return store.Counts{Open: s.counted}, nil
	case <-ctx.Done():
		return store.Counts{}, ctx.Err()
	}
}

// Whoever asks doesn't wait for the count but the first time, and then half a second at most; it is
// made the less often the longer it takes; and none is under way once the store is closed.
func TestNobodyWaitsForTheCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowCounts{takes: 2 * time.Second}
		h := &health{}
		ask := func() (open int, took time.Duration) {
			h.mu.Lock()
			defer h.mu.Unlock()
			began := time.Now()
			return h.count(t.Context()).Open, time.Since(began)
		}
		h.works(nil, &keptRuns{store: &RunStore{Store: s}})
		if open, took := ask(); open != 0 || took != countFirst {
			t.Errorf("the first time %d after %v", open, took)
		}
		last := 0
		for range 120 { // seconds
			open, took := ask()
			if took != 0 || open < last {
				t.Errorf("%d after %v", open, took)
			}
			last = open
			time.Sleep(time.Second)
		}
		if s.counted < 2 || s.counted > 3 {
			t.Errorf("counted %d times within two minutes, each of which takes 2 s", s.counted)
		}
		time.Sleep(2 * mostPaused)
		s.takes = time.Hour
		ask()
		synctest.Wait()
		h.works(nil, nil)
		if h.counting != nil || s.counted > 4 {
			t.Errorf("one is under way: %v, %d", h.counting, s.counted)
		}
	})
}
