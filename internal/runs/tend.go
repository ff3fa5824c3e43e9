package runs

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// How often what has its own time is looked after.
const (
	requestsEach  = time.Second / 2 // what people ask for is taken up within a second
	pausesEach    = time.Second / 4 // and a pause has come to all hosts in that time
	pollEach      = time.Second
	causesEach    = time.Second
	reconcileEach = 10 * time.Second
	adoptEach     = 15 * time.Second
	cleanEach     = time.Hour
	cleanBatch    = 500
	shareAfter    = 3 * time.Second // for which an item waits for a worker of its own process
)

// mostReasons are remembered, beside those whose cause is closed.
const mostReasons = 100

// chore is something that is done again and again.
type chore struct {
	each time.Duration
	do   func(context.Context) error
	asks bool // the store, each time: then it can be used where this succeeds
	next time.Time
}

// chores are what is done beside the runs.
func (e *Engine) chores() []*chore {
	chores := []*chore{
		{each: pausesEach, do: e.lookForPauses, asks: true},
		{each: requestsEach, do: e.requests},
		{each: causesEach, do: e.causes},
		{each: causesEach, do: e.tryToWrite},
		{each: reconcileEach, do: e.reconcile},
		{each: cleanEach, do: e.unknownRunners},
		{each: cleanEach, do: e.cleanUp},
	}
	if e.o.Host.Lease > 0 {
		chores = append(chores, &chore{each: adoptEach, do: e.adopt}, &chore{each: pollEach, do: e.poll}, &chore{each: pollEach, do: e.share})
	}
	return chores
}

// tend does chores when each is due, one after another, until ctx ends. While the store
// can't be used it tries again with its next round.
func (e *Engine) tend(ctx context.Context, chores ...*chore) {
	tick := time.NewTicker(pausesEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		var failed []error
		asked := false
		for _, c := range chores {
			if now.Add(pausesEach / 2).Before(c.next) { // a tick is never quite at its time
				continue
			}
			err := c.do(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				failed = append(failed, err)
				e.logger.Debug("the run store wasn't looked after", "err", err.Error())
			}
			asked = asked || c.asks
			c.next = now.Add(c.each)
		}
		if len(failed) > 0 || asked {
			e.tended(ctx, cmp.Or(failed...))
		}
	}
}

// renew renews the lease, and looks for hosts whose lease has ended. Where its own has
// ended, this process begins again as another host and drops what it held.
func (e *Engine) renew(ctx context.Context) {
	lease := e.o.Host.Lease
	since := time.Now() // of renewals without a gap
	tick := time.NewTicker(lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		one, cancel := context.WithTimeout(ctx, lease/2)
		err := e.renewOnce(one)
		switch {
		case errors.Is(err, store.ErrFence):
			since = time.Now()
		case err != nil:
			if ctx.Err() == nil {
				e.logger.Debug("the lease wasn't renewed", "err", err.Error())
			}
			since = time.Now()
		case time.Since(since) > lease:
			if n, rErr := e.o.Store.Reap(one, e.hostID()); rErr == nil && n > 0 {
				e.logger.Info("runs of a process that has died are taken over", "runs", n)
				e.places.wakeAll()
			}
		}
		cancel()
	}
}

func (e *Engine) renewOnce(ctx context.Context) error {
	err := e.o.Store.Renew(ctx, e.hostID())
	if !errors.Is(err, store.ErrFence) {
		return err
	}
	e.dropAll(ctx)
	if rErr := e.register(ctx); rErr != nil {
		return rErr
	}
	e.logger.Warn("this process didn't renew its lease in time: others may have taken its runs, and it begins again")
	e.places.wakeAll()
	return err
}

// dropAll gives up all runs of the incarnation that ended. Their outcomes are still
// stored where nobody has taken them over.
func (e *Engine) dropAll(ctx context.Context) {
	for _, r := range e.running() {
		r.drop(ctx)
	}
}

// reconcile frees runs that this host owns and nobody works at: their end could not be
// stored.
func (e *Engine) reconcile(ctx context.Context) error {
	e.taking.Lock()
	defer e.taking.Unlock()
	n, err := e.o.Store.Reconcile(ctx, e.hostID(), e.working())
	if n > 0 {
		e.places.wakeAll()
	}
	return err
}

// causes lets one of the runs that wait for each cause try, and says when one is over.
func (e *Engine) causes(ctx context.Context) error {
	closed, err := e.o.Store.Causes(ctx)
	if err != nil {
		return err
	}
	now := make(map[string]store.Cause, len(closed))
	for _, c := range closed {
		now[c.Key] = c
		if c.NextTry > e.now() {
			continue
		}
		tried, err := e.o.Store.TryCause(ctx, c.Key)
		if err != nil {
			return err
		}
		if tried {
			e.places.wakeAll()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, c := range e.waits {
		if _, still := now[key]; !still {
			e.logger.Info("what was refused succeeds again: all that waited for it go on", "refused", c.Label, "waited", c.Waiting)
		}
	}
	e.waits = now
	if len(e.reasons) > mostReasons {
		maps.DeleteFunc(e.reasons, func(key, _ string) bool { _, still := now[key]; return !still })
	}
	return nil
}

// adopt takes up runs that no host can continue, and those that wait and weren't tried
// with this configuration. They begin anew at the place of their runner, items of a loop
// too: their first fetch is their own ticket.
func (e *Engine) adopt(ctx context.Context) error {
	for p, at := range e.places.all {
		if p.Loop != nil || p.Runner == "" { // those have always the same hash
			continue
		}
		for n := 1; n > 0; { // it takes up a number of them at one time
			var err error
			if n, err = e.o.Store.Adopt(ctx, e.hostID(), p.Runner, p.Hash); err != nil {
				return err
			}
			if n > 0 {
				at.wake()
			}
		}
	}
	return nil
}

// poll looks for what other hosts made due, where no queue brings it.
func (e *Engine) poll(context.Context) error {
	if e.o.Queue == nil {
		e.places.wakeAll()
	}
	return nil
}

// share gives items that no worker of this process has had time for to all hosts.
func (e *Engine) share(ctx context.Context) error {
	if e.o.Alone {
		return nil
	}
	var errs []error
	for _, at := range e.places.all {
		for _, r := range at.keptSince(time.Now().Add(-shareAfter)) {
			_, err := r.commit(ctx, store.Batch{End: &store.End{State: store.Ready}})
			errs = append(errs, err)
			r.leave() // after an error, too: reconcile frees what nobody works at
		}
	}
	return errors.Join(errs...)
}

func (e *Engine) cleanUp(ctx context.Context) error {
	return errors.Join(e.clear(ctx, e.o.Keep, e.o.Store.Clean), e.clear(ctx, e.o.KeepDecisions, e.o.Store.CleanDecisions))
}

// clear deletes, a number at one time, what is older than keep.
func (e *Engine) clear(ctx context.Context, keep time.Duration, some func(ctx context.Context, before int64, batch int) (int, error)) error {
	if keep <= 0 {
		return nil
	}
	for before := e.now() - keep.Microseconds(); ; {
		n, err := some(ctx, before, cleanBatch)
		if err != nil || n < cleanBatch {
			return err
		}
	}
}
