package gate

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
)

const (
	forgetEach    = time.Hour      // how often the standings of a runner are looked through
	mostForgotten = 500            // at one time
	notSearching  = 48 * time.Hour // between two looks: the runner did not search meanwhile
)

// searching is when a runner searched, as far as it is needed to know for how long a
// ticket wasn't found.
type searching struct {
	Last int64      `json:"last"` // store time
	Gaps [][2]int64 `json:"gaps,omitempty"`
}

// goesOn counts a look at a time.
func (s searching) goesOn(now int64, keep time.Duration) searching {
	if s.Last != 0 && now-s.Last > notSearching.Microseconds() {
		s.Gaps = append(s.Gaps, [2]int64{s.Last, now})
	}
	s.Last = now
	before := s.before(now, keep)
	s.Gaps = slices.DeleteFunc(s.Gaps, func(gap [2]int64) bool { return gap[1] < before })
	return s
}

// before is the time since which the runner has searched for as long as a standing is kept.
func (s searching) before(now int64, keep time.Duration) int64 {
	before := now - (keep + store.SeenAgain).Microseconds()
	for _, gap := range slices.Backward(s.Gaps) {
		if gap[1] > before {
			before -= gap[1] - gap[0]
		}
	}
	return before
}

// forget drops what the runner remembers of tickets that no search of it has found for
// long, if this one has reached past their place. complete says that it found all there are.
func (f *fetch) forget(ctx context.Context, ids []string, complete bool) {
	runner := f.step.Runner()
	if f.gate.options.Keep <= 0 || f.criteria.Offset > 0 || !f.timeToForget(runner) {
		return
	}
	if err := f.forgetNow(ctx, runner, ids, complete); err != nil { // nobody needs it now
		f.gate.options.Logger.DebugContext(ctx, "looking for standings that nobody needs any more", "runner", runner, "err", err.Error())
	}
}

func (f *fetch) timeToForget(runner string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.of(runner)
	if time.Since(of.forgot) < forgetEach {
		return false
	}
	of.forgot = time.Now()
	return true
}

func (f *fetch) forgetNow(ctx context.Context, runner string, ids []string, complete bool) error {
	kept := f.gate.options.Store
	now, err := kept.Now(ctx)
	if err != nil {
		return err
	}
	if some, err := kept.Stale(ctx, runner, f.system, now+1, 1); err != nil || len(some) == 0 {
		return err // and nothing is written
	}
	before, err := f.searchedSince(ctx, "searching/"+runner+"/"+f.system, now)
	if err != nil {
		return err
	}
	rows, err := kept.Stale(ctx, runner, f.system, before, mostForgotten)
	if err != nil {
		return err
	}
	found, reached := setOf(ids), reachOf(ids)
	var gone []string
	for _, row := range rows {
		if !found[row.Ticket] && (complete || reached.past(row.Ticket)) {
			gone = append(gone, row.Ticket)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return kept.Forget(ctx, runner, f.system, gone, before)
}

// searchedSince counts this search, and returns the time since which the runner has
// searched for long enough to forget.
func (f *fetch) searchedSince(ctx context.Context, name string, now int64) (int64, error) {
	text, ok, err := f.gate.options.Store.Value(ctx, name)
	if err != nil {
		return 0, err
	}
	var s searching
	if ok && json.Unmarshal([]byte(text), &s) != nil {
		s = searching{}
	}
	s = s.goesOn(now, f.gate.options.Keep)
	body, err := json.Marshal(s)
	if err != nil {
		return 0, err
	}
	return s.before(now, f.gate.options.Keep), f.gate.options.Store.SetValue(ctx, name, string(body))
}

func setOf(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// reach is how far a search came: to its last ticket, where the ids, oldest first, are
// numbers that grow; else 0.
type reach uint64

func reachOf(ids []string) reach {
	last := uint64(0)
	for _, id := range ids {
		next, err := strconv.ParseUint(id, 10, 64)
		if err != nil || next <= last {
			return 0
		}
		last = next
	}
	if len(ids) < 2 {
		return 0
	}
	return reach(last)
}

// past reports whether a ticket's place is before the last one that was found.
func (r reach) past(ticket string) bool {
	n, err := strconv.ParseUint(ticket, 10, 64)
	return err == nil && n < uint64(r)
}
