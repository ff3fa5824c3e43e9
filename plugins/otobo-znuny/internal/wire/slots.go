package wire

import (
	"context"
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
type slots struct {
	free      chan struct{} // has room for each request that may be sent
	overtaken int           // by how many others a request is late
	most      int           // slots that may be lent at one time

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
}

func newSlots(n int) *slots {
	return &slots{free: make(chan struct{}, n), overtaken: max(2, n/2), most: outAtMost(n) - n}
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

// leave ends a request; answered says whether the help desk did.
func (one *slot) leave(answered bool) {
	s := one.of
	s.mu.Lock()
	defer s.mu.Unlock()
	before := true
	for i := 0; i < len(s.out); i++ {
		other := s.out[i]
		switch {
		case other == one:
			s.out = append(s.out[:i], s.out[i+1:]...)
			i--
			before = false
		case before && answered && other.op == one.op:
			other.by++
		}
	}
	if one.again != nil {
		one.again.Stop()
	}
	if one.lent {
		s.lent--
	} else {
		<-s.free
	}
	for _, other := range s.out {
		other.lend()
	}
}

// lend gives the slot to another request if this one is late.
func (one *slot) lend() {
	s := one.of
	if one.lent || one.by < s.overtaken || s.lent >= s.most {
		return
	}
	if wait := lendAfter - time.Since(one.begun); wait > 0 {
		if one.again == nil {
			one.again = time.AfterFunc(wait, one.look)
		}
		return
	}
	one.lent = true
	s.lent++
	<-s.free
}

func (one *slot) look() {
	s := one.of
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.out {
		if other == one {
			one.lend()
		}
	}
}
