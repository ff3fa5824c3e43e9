package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// ListOptions choose runs.
type ListOptions struct {
	States []string // of [States]; none: all
	Ticket string
	Runner string
	Limit  int // 0: all
}

// List returns runs, the newest first.
func (d *Desk) List(ctx context.Context, o ListOptions) ([]Run, error) {
	if o.Limit < 0 {
		return nil, app.ExitWith(app.CodeUsage, fmt.Errorf("--limit is %d: write a number of runs, or 0 for all", o.Limit))
	}
	var filters []store.Filter
	for _, state := range o.States {
		f := store.Filter{Ticket: o.Ticket, Runner: o.Runner, Limit: o.Limit}
		if !filter(&f, strings.ToLower(state)) {
			hint := "possible: " + strings.Join(States(), ", ")
			if near := params.Near(state, States()); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			return nil, app.ExitWith(app.CodeUsage, fmt.Errorf("a run can't be %q; %s", state, hint))
		}
		filters = append(filters, f)
	}
	if filters == nil {
		filters = []store.Filter{{Ticket: o.Ticket, Runner: o.Runner, Limit: o.Limit}}
	}
	pauses, err := d.store.Pauses(ctx)
	if err != nil {
		return nil, d.failed("reading what is paused", err)
	}
	out := []Run{}
	seen := map[string]bool{}
	for _, f := range filters {
		found, err := d.store.Runs(ctx, f)
		if err != nil {
			return nil, d.failed("listing runs", err)
		}
		for _, r := range found {
			if !seen[r.ID] {
				seen[r.ID] = true
				one := d.run(r)
				one.Paused = r.State != store.Ended && store.Paused(pauses, r.Runner)
				out = append(out, one)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Run) int { return b.Created.Compare(a.Created) })
	if o.Limit > 0 && len(out) > o.Limit {
		out = out[:o.Limit]
	}
	return out, nil
}

// find returns the id of the one run that is meant: a beginning is enough.
func (d *Desk) find(ctx context.Context, begun string) (string, error) {
	if begun == "" {
		return "", app.ExitWith(app.CodeUsage, errors.New("an id of a run is empty; `otai runs list` shows those that are kept"))
	}
	all, err := d.store.Runs(ctx, store.Filter{})
	if err != nil {
		return "", d.failed("looking for the run", err)
	}
	var found []string
	for _, r := range all {
		if r.ID == begun {
			return begun, nil
		}
		if strings.HasPrefix(r.ID, begun) {
			found = append(found, r.ID)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		slices.Sort(found)
		return "", app.ExitWith(app.CodeUsage, fmt.Errorf("%d runs begin with %s, such as %s and %s: write more of the id", len(found), begun, found[0], found[1]))
	}
	return "", app.ExitWith(app.CodeRun, fmt.Errorf("there is no run %s; `otai runs list` shows those that are kept", begun))
}

// IDs are the runs whose ids complete what was begun in a shell, each with what people
// know it by.
func (d *Desk) IDs(ctx context.Context, begun string) ([]string, error) {
	const most = 200
	all, err := d.store.Runs(ctx, store.Filter{Limit: most})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range all {
		if strings.HasPrefix(r.ID, begun) {
			out = append(out, r.ID+"\t"+strings.TrimSpace(stateOf(string(r.State), string(r.Outcome), r.Reason)+" "+strings.Join(r.Tickets, ", ")))
		}
	}
	return out, nil
}

// RunnersThatHandled are the runners that have handled tickets, as IDs.
func (d *Desk) RunnersThatHandled(ctx context.Context, begun string) ([]string, error) {
	counts, err := d.store.Counts(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, runner := range slices.Sorted(maps.Keys(counts.Runners)) {
		if n := counts.Runners[runner][store.Handled]; n > 0 && strings.HasPrefix(runner, begun) {
			out = append(out, fmt.Sprintf("%s\thas handled %d", runner, n))
		}
	}
	return out, nil
}

// failed says what could not be done; a store that can't be used says so itself.
func (d *Desk) failed(doing string, err error) error {
	if errors.Is(err, store.ErrUnavailable) {
		err = fmt.Errorf("%w: is there room on the disk, and does its database answer?", err)
	}
	return app.ExitWith(app.CodeRun, d.redactor.Clean(fmt.Errorf("%s: %w", doing, err)))
}
