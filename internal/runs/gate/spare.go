package gate

import (
	"context"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	spareFor   = 5 * time.Second // after the beginning of a search, what it found beyond serves others
	mostSpared = 10              // fetches of more tickets than that search each time
)

// spare is what a runner's search found beyond what its fetch took. In a backlog the next
// fetches with the same criteria take it instead of searching for a single ticket each.
// It is claimed with the mark of its search and read after the claim, as if the search had
// taken that long. Several may claim from it at one time: the store lets one win.
type spare struct {
	criteria string
	ids      []string
	mark     store.Mark
	began    time.Time // of the search
	more     bool      // the search found as many as it asked for: there may be more
}

// spares reports whether the fetch takes and leaves spare ids.
func (f *fetch) spares() bool { return f.ids != nil && f.wanted <= mostSpared }

// offer lets others claim what was found, before it is claimed here: those that may begin
// with that claim are to find it.
func (f *fetch) offer(ids []string, began time.Time, more bool) {
	if !f.spares() {
		return
	}
	s := spare{mark: f.mark, began: began, more: more}
	if criteria, err := encodeCriteria(f.criteria); err == nil {
		s.criteria, s.ids = string(criteria), slices.Clone(ids)
	}
	f.from = s
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of(f.step.Runner()).spare = s
}

// claimedUpTo withdraws the ids up to the last one that was claimed; all of them where
// none could be.
func (f *fetch) claimedUpTo(last string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.of(f.step.Runner()).spare
	if !s.began.Equal(f.from.began) {
		return // of another search
	}
	if last == "" {
		s.ids = nil
	} else if slices.Contains(s.ids, last) {
		s.ids = behind(s.ids, last)
	}
}

// takeSpare claims and reads from what the last search left.
func (f *fetch) takeSpare(ctx context.Context) error {
	if !f.spares() {
		return nil
	}
	f.mu.Lock()
	f.from = f.of(f.step.Runner()).spare
	f.mu.Unlock()
	if len(f.from.ids) == 0 || time.Since(f.from.began) > spareFor || !sameCriteria(f.criteria, f.from.criteria) {
		return nil
	}
	f.mark = f.from.mark
	_, err := f.take(ctx, f.from.ids)
	return err
}

func sameCriteria(c api.SearchCriteria, encoded string) bool {
	text, err := encodeCriteria(c)
	return err == nil && string(text) == encoded
}
