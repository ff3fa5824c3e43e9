package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/revert"
	engine "github.com/open-ticket-ai/otai/internal/runs"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// A command that was killed has left its request, which goes on. Given once more, it looks on instead
// of asking for the same again, which would have each ticket looked at twice.

// asked is a request of before.
type asked struct {
	store.Request
	held bool // some of its tickets wait until somebody says that they are to be tried again
}

// underWay is the oldest request that is being carried out, or will be, and puts back all that is
// in a range.
func (d *Desk) underWay(ctx context.Context, in store.Range) (found asked, ok bool, err error) {
	requests, err := d.store.Requests(ctx)
	if err != nil {
		return found, false, d.failed("reading the requests", err)
	}
	ids := make(map[int64]bool)
	for _, r := range requests {
		if r.Verb == store.VerbRevert {
			ids[r.ID] = true
		}
	}
	rows, err := d.store.Runs(ctx, store.Filter{Place: engine.RevertPlace, States: []store.State{store.Ready, store.Running, store.Waiting}})
	if err != nil {
		return found, false, d.failed("reading the runs", err)
	}
	for _, row := range rows {
		if id, is := engine.RequestOf(row.ID); is {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if found, ok, err = d.covers(ctx, id, in); ok || err != nil {
			return found, ok, err
		}
	}
	return asked{}, false, nil
}

// covers reports whether a request is under way that puts back all that is in a range.
func (d *Desk) covers(ctx context.Context, id int64, in store.Range) (asked, bool, error) {
	r, known, err := d.store.Asked(ctx, id)
	if err != nil {
		return asked{}, false, d.failed("reading the requests", err)
	}
	var args store.RequestArgs
	if !known || json.Unmarshal(r.Args, &args) != nil || args.Range == nil || !args.Range.Covers(in) {
		return asked{}, false, nil
	}
	p, err := d.store.Progress(ctx, engine.RevertPrefix(id))
	if err != nil {
		return asked{}, false, d.failed("looking how far it is", err)
	}
	return asked{r, p.Held > 0}, r.Answer == "" || p.Ended+p.Held < p.All, nil
}

// writtenSince reports whether there is something to put back in a range that was written after a
// time, or is being written.
func (d *Desk) writtenSince(ctx context.Context, in store.Range, since int64) (found bool, err error) {
	if in.Since = max(in.Since, since); in.Until != 0 && in.Until <= in.Since {
		return false, nil
	}
	if err := engine.WithItems(ctx, d.store, &in); err != nil {
		return false, d.failed("reading the runs", err)
	}
	unended, err := engine.UnendedIn(ctx, d.store, in)
	if err != nil || len(unended) > 0 {
		return true, err
	}
	err = engine.RecordsIn(ctx, d.store, in, store.DecisionFilter{}, func(r decisions.Record) {
		if _, ours := engine.RequestOf(r.Run); !ours {
			p := revert.Of([]decisions.Record{r})
			found = found || len(p.Fields)+len(p.Kept) > 0
		}
	})
	if err != nil {
		return false, app.ExitWith(app.CodeRun, fmt.Errorf("reading the records: %w", err))
	}
	return found, nil
}

// and is what became of the tickets of both requests.
func (r Reverted) and(later Reverted) Reverted {
	type at struct{ system, ticket string }
	places := make(map[at]int, len(r.Tickets))
	for n, t := range r.Tickets {
		places[at{t.System, t.Ticket}] = n
	}
	for _, t := range later.Tickets {
		switch n, both := places[at{t.System, t.Ticket}]; {
		case !both:
			r.Tickets = append(r.Tickets, t)
		case len(t.Back) > 0 || len(r.Tickets[n].Back) == 0:
			r.Tickets[n] = t
		}
	}
	r.Request, r.Waiting = later.Request, later.Waiting
	return r
}
