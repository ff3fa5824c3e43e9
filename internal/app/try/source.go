package try

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/trial"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// What a ticket system may offer beyond the contract, found by assertion.
type (
	latestFinder interface {
		FindLatestTicketIDs(ctx context.Context, c api.SearchCriteria, closed bool) ([]string, error)
	}
	idFinder interface {
		FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error)
	}
)

// most is how many tickets a trial is about at most.
const most = 100_000

// source says which tickets are tried.
func (o Options) source(ctx context.Context, s app.Settings, a *app.Setup, r *Result) (trial.Source, error) {
	if o.File != "" {
		given, err := readTickets(ctx, s, o.File)
		r.From, r.Tickets, r.file = "the file "+o.File, len(given), true
		return trial.Source{Given: given}, err
	}
	if len(o.IDs) > 0 {
		ids := slices.Clone(o.IDs)
		slices.SortFunc(ids, olderID)
		ids = slices.Compact(ids)
		r.From, r.Tickets = counted.Of(len(ids), "named ticket", "named tickets"), len(ids)
		return trial.Source{Find: func(context.Context, api.TicketSystem) ([]string, error) { return ids, nil }}, nil
	}
	if o.Last == 0 && o.Since.IsZero() {
		o.Last = DefaultLast
	}
	if len(o.Queues) == 0 {
		o.Queues = searchedQueues(a.Document.InOrder())
	}
	r.From = o.describe()
	return trial.Source{Find: func(ctx context.Context, system api.TicketSystem) ([]string, error) {
		ids, err := o.latest(ctx, system)
		r.Tickets += len(ids)
		return ids, err
	}}, nil
}

// describe says which tickets are tried, for people.
func (o Options) describe() string {
	var b strings.Builder
	if o.Last > 0 {
		b.WriteString("the latest ")
		if o.Last == 1 {
			b.WriteString("ticket")
		} else {
			fmt.Fprintf(&b, "%d tickets", o.Last)
		}
	} else {
		b.WriteString("the tickets")
	}
	if o.Closed {
		b.WriteString(", closed ones too,")
	}
	switch len(o.Queues) {
	case 0:
		b.WriteString(" of all queues")
	case 1:
		b.WriteString(" of the queue " + o.Queues[0])
	default:
		b.WriteString(" of the queues " + strings.Join(o.Queues, ", "))
	}
	if !o.Since.IsZero() {
		b.WriteString(" that were changed since " + o.Since.Format("2006-01-02 15:04"))
	}
	return b.String()
}

// latest are the ids of the latest tickets, the oldest first.
func (o Options) latest(ctx context.Context, system api.TicketSystem) ([]string, error) {
	limit := cmp.Or(o.Last, most)
	var all []string
	queues := o.Queues
	if len(queues) == 0 {
		queues = []string{""}
	}
	for _, queue := range queues {
		c := api.SearchCriteria{ChangedAfter: o.Since, Limit: limit}
		if queue != "" {
			c.Queue = &api.Entity{Name: queue}
		}
		found, err := find(ctx, system, c, o.Closed)
		if err != nil {
			return nil, fmt.Errorf("looking for the latest tickets: %w", err)
		}
		all = append(all, found...)
	}
	slices.SortFunc(all, olderID)
	all = slices.Compact(all)
	return all[max(0, len(all)-limit):], nil
}

// find are the latest tickets that meet the criteria, in any order. Where the ticket system
// can't search for the latest, it is asked for all, and it doesn't matter which are closed.
func find(ctx context.Context, system api.TicketSystem, c api.SearchCriteria, closed bool) ([]string, error) {
	limit := c.Limit
	if f, ok := system.(latestFinder); ok {
		return f.FindLatestTicketIDs(ctx, c, closed)
	}
	c.Limit = most
	var ids []string
	if f, ok := system.(idFinder); ok {
		found, err := f.FindTicketIDs(ctx, c)
		if err != nil {
			return nil, err
		}
		ids = found
	} else {
		found, err := system.FindTickets(ctx, c)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			ids = append(ids, t.ID)
		}
	}
	return ids[max(0, len(ids)-limit):], nil
}

// olderID orders ids as numbers.
func olderID(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

var errNoTickets = errors.New("there is no ticket in it")
