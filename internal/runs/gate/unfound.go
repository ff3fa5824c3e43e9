package gate

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const (
	unfoundEach = time.Minute // how often a runner's searches are compared with what it was refused
	mostUnfound = 1000
)

// lastSearch is what a search found: all there is, or up to its last ticket.
type lastSearch struct {
	ids      []string
	complete bool
}

// misses returns what says whether the search would have found a ticket and did not.
func (l lastSearch) misses() func(ticket string) bool {
	found, reached := setOf(l.ids), reachOf(l.ids)
	return func(ticket string) bool { return !found[ticket] && (l.complete || reached.past(ticket)) }
}

// remember keeps what the runner's search at this step found, and once a minute which
// tickets that were refused it did not.
func (f *fetch) remember(ctx context.Context, ids []string, complete bool) {
	if f.criteria.Offset > 0 {
		return
	}
	runner := f.step.Runner()
	f.mu.Lock()
	of := f.of(runner)
	of.last[f.step.Place()] = lastSearch{ids, complete}
	due := time.Since(of.compared) >= unfoundEach
	f.mu.Unlock()
	if !due {
		return
	}
	if err := f.keepUnfound(ctx, runner); err != nil { // nobody needs it now
		f.gate.options.Logger.DebugContext(ctx, "comparing what was found with what was refused", "runner", runner, "err", err.Error())
	}
}

// KeepUnfound keeps which tickets that were refused the last search of each runner did not
// find. A process that ends calls it.
func (g *Gate) KeepUnfound(ctx context.Context) error {
	g.mu.Lock()
	all := slices.Collect(maps.Values(g.systems))
	g.mu.Unlock()
	for _, t := range all {
		t.mu.Lock()
		var runners []string
		for runner, of := range t.runners {
			if len(of.last) > 0 {
				runners = append(runners, runner)
			}
		}
		t.mu.Unlock()
		for _, runner := range runners {
			if err := t.keepUnfound(ctx, runner); err != nil {
				return storeError("keep which tickets are no longer found", err)
			}
		}
	}
	return nil
}

// keepUnfound writes only what has changed.
func (t *ticketSystem) keepUnfound(ctx context.Context, runner string) error {
	t.mu.Lock()
	of := t.of(runner)
	of.compared = time.Now()
	searches := slices.Collect(maps.Values(of.last))
	t.mu.Unlock()
	rows, err := t.gate.options.Store.TicketsBy(ctx, store.TicketFilter{Runner: runner, System: t.system, Refused: true, Limit: mostUnfound})
	if err != nil {
		return err
	}
	unfound := make([]string, len(rows))
	for i, row := range rows {
		unfound[i] = row.Ticket
	}
	if len(rows) > 0 {
		for _, l := range searches { // none of them found it
			misses := l.misses()
			unfound = slices.DeleteFunc(unfound, func(id string) bool { return !misses(id) })
		}
	}
	name := store.ValueUnfound(runner)
	text, _, err := t.gate.options.Store.Value(ctx, name)
	if err != nil {
		return err
	}
	var kept map[string][]string
	if text != "" && json.Unmarshal([]byte(text), &kept) != nil || kept == nil {
		kept = make(map[string][]string)
	}
	slices.Sort(unfound)
	if slices.Equal(kept[t.system], unfound) {
		return nil
	}
	kept[t.system] = unfound
	body, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return t.gate.options.Store.SetValue(ctx, name, string(body))
}
