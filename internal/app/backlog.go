package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// Progress says how far the way through a backlog is.
type Progress struct {
	Done   int           // tickets that were handled or left
	Open   int           // that the searches still find; -1: not known
	Rate   float64       // tickets a second
	Left   time.Duration // at that rate; 0: not known
	Aside  int           // set aside, dead or waiting for a cause
	AtWork int
}

// How often progress is looked at, and how often it is asked how much there is: that is
// one search for ids for each runner.
const (
	progressEach = time.Second
	countEach    = 10 * time.Second
	mostCounted  = 100_000
)

// finder is optional on a ticket system, as the gate looks for it.
type finder interface {
	FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error)
	ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error)
}

// backlog knows what the runners search for.
type backlog struct {
	mu       sync.Mutex
	finders  map[string]finder // by id of the service
	criteria map[[2]string]api.SearchCriteria
}

func newBacklog() *backlog {
	return &backlog{finders: make(map[string]finder), criteria: make(map[[2]string]api.SearchCriteria)}
}

// knows keeps a service that can say how many tickets there are. It is called before
// each call of a pipe, by all workers at once.
func (b *backlog) knows(id string, instance any) {
	if f, ok := instance.(finder); ok && b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.finders[id] = f
	}
}

// searches is for the gate.
func (b *backlog) searches() func(runner, service string, c api.SearchCriteria) {
	if b == nil {
		return nil
	}
	return func(runner, service string, c api.SearchCriteria) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.criteria[[2]string{runner, service}] = c
	}
}

// count asks how many tickets the searches find that are not handled: one with a suggestion stays
// where it is. handled counts those of a runner that are. -1: it isn't known.
func (b *backlog) count(ctx context.Context, handled func(ctx context.Context, runner, system string, ids []string) (int, error)) int {
	b.mu.Lock()
	all := make(map[[2]string]api.SearchCriteria, len(b.criteria))
	for of, c := range b.criteria {
		all[of] = c
	}
	finders := maps.Clone(b.finders)
	b.mu.Unlock()
	if len(all) == 0 {
		return -1
	}
	sum := 0
	for of, c := range all {
		f, ok := finders[of[1]]
		if !ok {
			return -1
		}
		c.Limit, c.Offset = mostCounted, 0
		var ids []string
		system := of[1]
		err := freeze.CallUntil(0, ctx.Done(), 0, func() (err error) {
			if n, ok := f.(interface{ SystemID() string }); ok {
				system = cmp.Or(n.SystemID(), system)
			}
			ids, err = f.FindTicketIDs(ctx, c)
			return err
		})
		if err != nil {
			return -1
		}
		over, err := handled(ctx, of[0], system, ids)
		if err != nil {
			return -1
		}
		sum += len(ids) - over
	}
	return sum
}

// handled counts those of some tickets with which a runner has done what it does.
func (k *keptRuns) handled(ctx context.Context, runner, system string, ids []string) (n int, err error) {
	const atOnce = 2000
	for some := range slices.Chunk(ids, atOnce) {
		known, err := k.store.Store.Tickets(ctx, runner, system, some)
		if err != nil {
			return n, err
		}
		for _, t := range known {
			if t.Standing == store.Handled || t.Standing == store.StandingLeft {
				n++
			}
		}
	}
	return n, nil
}

// follow reports progress until the function that it returns is called.
func (k *keptRuns) follow(ctx context.Context, o RunOptions) (ended func()) {
	if k == nil || k.backlog == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { k.report(ctx, o.Progress) })
	return func() {
		cancel()
		done.Wait()
	}
}

// report looks once a second. Passed-over tickets that the searches find don't count as work.
func (k *keptRuns) report(ctx context.Context, show func(Progress)) {
	first, _, err := store.CountsFound(ctx, k.store.Store)
	if err != nil {
		return
	}
	began, counted := time.Now(), time.Time{}
	open, doneThen := -1, 0
	tick := time.NewTicker(progressEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, _, err := store.CountsFound(ctx, k.store.Store)
		if err != nil {
			continue
		}
		p := Progress{
			Done: finished(now) - finished(first), AtWork: now.Runs[store.Running],
			Aside: now.Standings[store.Aside] + now.Standings[store.StandingDead] + now.Waiting[store.ReasonCause], Open: -1,
		}
		if time.Since(counted) >= countEach {
			if open = k.backlog.count(ctx, k.handled); open >= 0 {
				open = max(0, open-p.Aside)
			}
			counted, doneThen = time.Now(), p.Done
		}
		p.Rate = float64(p.Done) / time.Since(began).Seconds()
		if open >= 0 {
			p.Open = max(0, open-(p.Done-doneThen))
			if p.Rate > 0 {
				p.Left = time.Duration(float64(p.Open) / p.Rate * float64(time.Second))
			}
		}
		show(p)
	}
}

func finished(c store.Counts) int {
	return c.Standings[store.Handled] + c.Standings[store.StandingLeft]
}
