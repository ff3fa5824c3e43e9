package app

import (
	"context"
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
				if n := b.count(t.Context()); n != 2 {
					t.Errorf("%d tickets are left", n)
					return
				}
			}
		})
	}
	all.Wait()
}
