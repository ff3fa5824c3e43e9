package gate

import (
	"slices"
	"sync"
	"time"
)

const (
	usualOf      = 15 // answers that say what is usual
	usualKnown   = 5  // how many of them do
	overdueFirst = 2 * time.Second
	overdueLeast = 50 * time.Millisecond  // above what is usual
	overdueAsked = 250 * time.Millisecond // meanwhile it may become known what is usual
	// After this number without an answer in between no further one is overdue: the help desk is slow.
	overdueInRow = 3
	// overdueMost bounds the requests of a ticket system that are overdue at one time, where
	// it doesn't say how many it can have out.
	overdueMost = 6
	// unlent connections are for those who are at work.
	unlent = 2
)

// overdue knows when a request that writes is without an answer for unusually long. Its
// run counts as one that waits from then on, so others needn't wait for its timeout.
//
// Unusually long is longer than the last answers took by four times what those differ by.
// One request in twenty that never gets an answer then costs the others about the time of
// a quarter of a request, that is 1 or 2 % of theirs.
type overdue struct {
	most int

	mu    sync.Mutex
	took  []time.Duration // of the last answers
	out   int             // requests that are overdue
	inRow int             // those since the last answer
}

// after is how long a request may take.
func (o *overdue) after() time.Duration {
	if len(o.took) < usualKnown {
		return overdueFirst
	}
	usual := median(o.took)
	off := make([]time.Duration, len(o.took))
	for i, d := range o.took {
		off[i] = (d - usual).Abs()
	}
	return usual + max(4*median(off), usual/4, overdueLeast)
}

func median(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// request is one that was just sent.
type request struct {
	of     *overdue
	sent   time.Time
	timer  *time.Timer
	report func(sent time.Time) // when it is overdue
	late   bool
	over   bool
}

// sent watches a request. report is called when it is overdue.
func (o *overdue) sent(report func(sent time.Time)) *request {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &request{of: o, sent: time.Now(), report: report}
	r.timer = time.AfterFunc(min(o.after(), overdueAsked), r.look)
	return r
}

// look asks again and again whether the request has taken longer than it may.
func (r *request) look() {
	if r.becomesLate() {
		r.report(r.sent)
	}
}

func (r *request) becomesLate() bool {
	o := r.of
	o.mu.Lock()
	defer o.mu.Unlock()
	wait := o.after() - time.Since(r.sent)
	switch {
	case r.over:
		return false
	case wait > 0:
		r.timer.Reset(min(wait, overdueAsked))
		return false
	case o.out >= o.most || o.inRow >= overdueInRow:
		r.timer.Reset(overdueAsked)
		return false
	}
	r.late = true
	o.out++
	o.inRow++
	return true
}

// ended is called when nobody waits for the answer any more; answered says whether it came.
func (r *request) ended(answered bool) {
	o := r.of
	o.mu.Lock()
	defer o.mu.Unlock()
	r.over = true
	r.timer.Stop()
	if r.late {
		o.out--
	}
	if !answered {
		return
	}
	o.inRow = 0
	if o.took = append(o.took, time.Since(r.sent)); len(o.took) > usualOf {
		o.took = o.took[1:]
	}
}
