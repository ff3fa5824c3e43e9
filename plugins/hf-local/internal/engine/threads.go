package engine

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Threads bounds how many goroutines compute at once, whoever calls. A caller
// enters, which takes one place and waits for it if need be; its loops then also
// use the places that happen to be free.
//
// A computation is many short loops one after another, and waking a goroutine
// takes a good part of such a loop's time. So a helper that has finished its loop
// stays awake for the next one, and ends soon after if none comes, or at once if
// a caller waits for its place.
type Threads struct {
	places  chan struct{}
	waiting atomic.Int32 // callers that wait for a place

	mu   sync.Mutex
	idle []*helper // awake and without a loop
}

// NewThreads allows n goroutines at once; 0 is the number of CPUs, or that of Go's
// processors where fewer are set.
func NewThreads(n int) *Threads {
	if n <= 0 {
		n = min(runtime.NumCPU(), runtime.GOMAXPROCS(0))
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
	t.waiting.Add(1)
	defer t.waiting.Add(-1)
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
	l := &loop{n: n, f: f, done: make(chan struct{}, 1)}
	l.running.Add(1)
	for range min(n, t.Limit()) - 1 {
		l.running.Add(1)
		if !t.help(l) {
			l.running.Add(-1)
			break
		}
	}
	l.work(0)
	if l.running.Add(-1) > 0 && !awake(func() bool { return l.running.Load() == 0 }) {
		<-l.done
	}
}

// loop is one call of Each.
type loop struct {
	n       int
	f       func(worker, i int)
	next    atomic.Int64 // the first index that no one has taken
	workers atomic.Int32 // beside the caller
	running atomic.Int32 // of the caller and its helpers
	done    chan struct{}
}

func (l *loop) work(worker int) {
	for {
		i := int(l.next.Add(1)) - 1
		if i >= l.n {
			return
		}
		l.f(worker, i)
	}
}

// help finds a helper for the loop.
func (t *Threads) help(l *loop) bool {
	t.mu.Lock()
	if last := len(t.idle) - 1; last >= 0 {
		t.idle[last].loop.Store(l)
		t.idle = t.idle[:last]
		t.mu.Unlock()
		return true
	}
	t.mu.Unlock()
	select {
	case t.places <- struct{}{}:
		h := &helper{}
		h.loop.Store(l)
		go h.run(t)
		return true
	default:
		return false
	}
}

// helper is a goroutine that has a place and works for one loop after another.
type helper struct{ loop atomic.Pointer[loop] }

func (h *helper) run(t *Threads) {
	defer func() { <-t.places }()
	for {
		l := h.loop.Swap(nil)
		l.work(int(l.workers.Add(1)))
		if l.running.Add(-1) == 0 { // the caller was before
			l.done <- struct{}{}
		}
		if !h.stay(t) {
			return
		}
	}
}

// stay waits for another loop and reports whether there is one.
func (h *helper) stay(t *Threads) bool {
	t.mu.Lock()
	t.idle = append(t.idle, h)
	t.mu.Unlock()
	awake(func() bool { return h.loop.Load() != nil || t.waiting.Load() > 0 })
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.idle, h); i >= 0 {
		t.idle = slices.Delete(t.idle, i, i+1)
		return false
	}
	return true // whatever took it from the list has given it a loop
}

// patience is how many microseconds a goroutine stays awake: longer than the
// pieces of a loop, which are what it waits for, and too short to be noticed
// afterwards.
const patience = 200

// awake waits for a condition without going to sleep and reports whether it came
// true in time.
func awake(condition func() bool) bool {
	for i := range patience {
		if condition() {
			return true
		}
		pause()
		if i%8 == 7 {
			runtime.Gosched() // others come first
		}
	}
	return condition()
}
