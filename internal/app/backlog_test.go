package app

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

type manyIDs struct {
	api.TicketSystem
	ids []string
}

func (f manyIDs) FindTicketIDs(context.Context, api.SearchCriteria) ([]string, error) {
	return f.ids, nil
}

func (f manyIDs) ReadTickets(context.Context, []string, api.SearchCriteria) ([]api.Ticket, error) {
	return nil, nil
}

func (f manyIDs) SystemID() string { return "znuny at example.org" }

func none(context.Context, string, string, []string) (int, error) { return 0, nil }

// What is only suggested leaves tickets where the search finds them again: they are no more work.
func TestWhatIsHandledAndStillFoundIsNoBacklog(t *testing.T) {
	b := newBacklog()
	b.knows("desk", manyIDs{ids: []string{"1", "2", "3"}})
	b.searches()("sort", "desk", api.SearchCriteria{Limit: 1})
	n := b.count(t.Context(), func(_ context.Context, runner, system string, ids []string) (int, error) {
		if runner != "sort" || system != "znuny at example.org" || len(ids) != 3 {
			t.Errorf("asked for %v of %s at %s", ids, runner, system)
		}
		return 2, nil
	})
	if n != 1 {
		t.Errorf("%d tickets are left, want 1", n)
	}
	if n := b.count(t.Context(), func(context.Context, string, string, []string) (int, error) { return 0, errors.New("no store") }); n != -1 {
		t.Errorf("%d, though it isn't known", n)
	}
}

// Each call of a pipe is given its services anew: with several workers, at one time.
func TestServicesAreHandedOutToManyWorkersAtOnce(t *testing.T) {
	b := newBacklog()
	search := b.searches()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				b.knows("desk", manyIDs{ids: []string{"1", "2"}})
				search("sort", "desk", api.SearchCriteria{})
				if n := b.count(t.Context(), none); n != 2 {
					t.Errorf("%d tickets are left", n)
					return
				}
			}
		})
	}
	all.Wait()
}
