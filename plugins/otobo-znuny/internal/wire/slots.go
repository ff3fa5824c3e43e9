package wire

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	lendAfter   = time.Second / 2 // a request keeps its slot at least as long
	slotsFactor = 8               // how many requests may be out for each slot, lent ones too
	slotsMost   = 64              // in all, unless there are more slots than that
)

// slots bound the requests that are out at one time. One whose answer is late lends its
// slot to another, or a few of them would hold up all the rest until their timeout.
//
// Late is what others have overtaken: half as many requests for the same operation as there
// are slots began after it and were answered before it. So a help desk that answers nobody
// is never sent more than there are slots, nor one that goes on reading but writes no more.
// And with a single slot nothing can be overtaken: then there is one request at a time.
//
// A help desk goes on with a request whose client has given up, so that such a one keeps its
// slot for some time, unless others overtake it: or a help desk that hangs would be sent as many
// again with each timeout.
type slots struct {
	free      chan struct{} // has room for each request that may be sent
	overtaken int           // by how many others a request is late
	most      int           // slots that may be lent at one time
	late      time.Duration // how long a request that was given up may still be at work

	mu   sync.Mutex
	out  []*slot // in the order of their beginning
	lent int
}

// slot is one request that is out.
type slot struct {
	of    *slots
	op    Operation
	begun time.Time
	by    int         // how many others have overtaken it
	again *time.Timer // looks when it may be lent; nil before it is overtaken
	lent  bool
	given bool // up: nobody waits for its answer any more
}

func newSlots(n int, late time.Duration) *slots {
	return &slots{free: make(chan struct{}, n), overtaken: max(2, n/2), most: outAtMost(n) - n, late: late}
}

// outAtMost is how many requests may be out with n slots.
func outAtMost(n int) int {
	if n == 1 {
		return 1
	}
	return max(n, min(n*slotsFactor, slotsMost))
}

// take waits for a slot.
func (s *slots) take(ctx context.Context, op Operation) (*slot, error) {
	select {
	case s.free <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &slot{of: s, op: op, begun: time.Now()}
	s.out = append(s.out, one)
	return one, nil
}

// end ends a request that had this outcome.
func (one *slot) end(x httpResult) {
	if x.begun && errors.Is(x.err, errTimeout) {
		one.giveUp()
		return
	}
	one.leave(x.err == nil)
}

// leave ends a request; answered says whether the help desk did.
func (one *slot) leave(answered bool) {
	s := one.of
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(one, answered)
}

// giveUp ends a request that was sent and had no answer in time.
func (one *slot) giveUp() {
	s := one.of
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.lent || s.late <= 0 {
		s.remove(one, false)
		return
	}
	one.given = true
	time.AfterFunc(s.late, func() { one.leave(false) })
	s.lend()
}

// remove forgets a request that is out, and frees its slot.
func (s *slots) remove(one *slot, answered bool) {
	i := slices.Index(s.out, one)
	if i < 0 {
		return // it was given up, and overtaken since
	}
	if answered {
		for _, other := range s.out[:i] {
			if other.op == one.op {
				other.by++
			}
		}
	}
	s.out = slices.Delete(s.out, i, i+1)
	if one.again != nil {
		one.again.Stop()
	}
	if one.lent {
		s.lent--
	} else {
		<-s.free
	}
	s.lend()
}

// lend gives the slots of those that are late to others.
func (s *slots) lend() {
	s.out = slices.DeleteFunc(s.out, func(one *slot) bool {
		if one.lent || one.by < s.overtaken || !one.given && s.lent >= s.most {
			return false
		}
		if wait := lendAfter - time.Since(one.begun); wait > 0 {
			if one.again == nil {
				one.again = time.AfterFunc(wait, s.look)
			}
			return false
		}
		<-s.free
		if one.given {
			return true
		}
		one.lent = true
		s.lent++
		return false
	})
}

func (s *slots) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lend()
}
