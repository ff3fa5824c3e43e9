package runs

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// leased is a store at which a host lives by its lease, and that can be gone for a while. It
// notes in what order it is used.
type leased struct {
	store.Store
	mu    sync.Mutex
	gone  bool
	ended bool // the lease has, meanwhile
	calls []string
	times []time.Time
}

func (s *leased) called(what string) {
	s.calls, s.times = append(s.calls, what), append(s.times, time.Now())
}

func (s *leased) Renew(ctx context.Context, host string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return store.ErrUnavailable
	case s.ended:
		s.ended = false
		return store.ErrFence
	}
	return s.Store.Renew(ctx, host)
}

func (s *leased) Commit(ctx context.Context, b store.Batch) (*store.Cause, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil, store.ErrUnavailable
	}
	if b.Fact {
		s.called("outcome")
	}
	return s.Store.Commit(ctx, b)
}

func (s *leased) Register(ctx context.Context, h store.Host) error {
	s.mu.Lock()
	s.called("begins again")
	s.mu.Unlock()
	return s.Store.Register(ctx, h)
}

func (s *leased) Reap(ctx context.Context, host string) (int, error) {
	s.mu.Lock()
	s.called("others")
	s.mu.Unlock()
	return s.Store.Reap(ctx, host)
}

// RUNS 32: after an outage of the store first the outcomes, then the new incarnation, which
// takes over its own former runs at once, then, after a full lease of its own renewals,
// others'.
func TestAfterAnOutageOfTheStoreComeOutcomesThenOwnRunsThenOthers(t *testing.T) {
	const lease = 10 * time.Second
	inDesk(t, func(t *testing.T, d *desk) {
		s := &leased{Store: d.store}
		d.over, d.lease = s, lease
		d.die()
		r := d.begin()
		d.does(r, "fetch", d.fetch("1"))
		d.does(r, "write", d.write("1")) // its outcome waits for the next step
		s.mu.Lock()
		s.gone, s.ended = true, true
		s.mu.Unlock()
		time.Sleep(3 * lease)
		s.mu.Lock()
		s.gone, s.calls, s.times = false, nil, nil
		s.mu.Unlock()
		back := time.Now()
		var again *run
		for again == nil && time.Since(back) < lease {
			again, _ = d.mayBeNext(d.place)
			time.Sleep(100 * time.Millisecond)
		}
		if again == nil || again.row.ID != r.row.ID || time.Since(back) > lease/2 {
			t.Fatalf("its own run goes on after %s", time.Since(back))
		}
		if f := again.effects; len(f) != 1 || f[0].State != store.Done {
			t.Errorf("its outcome isn't known: %+v", f)
		}
		d.end(again)
		time.Sleep(2 * lease)
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.calls) < 3 || !slices.Equal(s.calls[:3], []string{"outcome", "begins again", "others"}) {
			t.Fatalf("the order is %v", s.calls)
		}
		if after := s.times[2].Sub(s.times[1]); after < lease || after > lease+lease/2 {
			t.Errorf("others' runs are looked for %s after it has begun again", after)
		}
	})
}
