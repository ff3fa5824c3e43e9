package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// sortKeys compare tickets in ascending order. "Age" is the time of creation, so that up means oldest first.
var sortKeys = map[string]func(s *store.Store, a, b *store.Ticket) int{
	"Age":            func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Created.Unix(), b.Created.Unix()) },
	"Created":        func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Created.Unix(), b.Created.Unix()) },
	"Changed":        func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Changed.Unix(), b.Changed.Unix()) },
	"Ticket":         func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Number, b.Number) },
	"TicketNumber":   func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Number, b.Number) },
	"Title":          func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Title, b.Title) },
	"CustomerID":     func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Company, b.Company) },
	"Priority":       func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Priority.ID, b.Priority.ID) },
	"State":          func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.State.ID, b.State.ID) },
	"Lock":           func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Lock.ID, b.Lock.ID) },
	"Type":           func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Type.ID, b.Type.ID) },
	"Owner":          func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Owner.ID, b.Owner.ID) },
	"Responsible":    func(_ *store.Store, a, b *store.Ticket) int { return cmp.Compare(a.Responsible.ID, b.Responsible.ID) },
	"PendingTime":    func(_ *store.Store, a, b *store.Ticket) int { return a.PendingUntil.Compare(b.PendingUntil) },
	"Service":        noOrder,
	"SLA":            noOrder,
	"EscalationTime": noOrder, "TicketEscalation": noOrder, "EscalationUpdateTime": noOrder, "EscalationResponseTime": noOrder,
	"EscalationSolutionTime": noOrder,
	"Queue": func(s *store.Store, a, b *store.Ticket) int {
		return cmp.Compare(s.Catalog.Queue(a.Queue).Name, s.Catalog.Queue(b.Queue).Name)
	},
}

// noOrder compares what no ticket has here.
func noOrder(*store.Store, *store.Ticket, *store.Ticket) int { return 0 }

// order reads SortBy and OrderBy. Each key needs its direction, but without any the first key's is Down. Tickets that are equal in
// all keys stay in the order of their ids; the real servers promise no order for them.
func (q query) order() (compare func(a, b *store.Ticket) int, ok bool) {
	keys, directions := q.in.List("SortBy"), q.in.List("OrderBy")
	if len(keys) == 0 {
		keys = []string{"Age"}
	}
	type step struct {
		compare func(s *store.Store, a, b *store.Ticket) int
		down    bool
	}
	steps := make([]step, len(keys))
	for i, key := range keys {
		by, known := sortKeys[key]
		if field, dynamic := strings.CutPrefix(key, "DynamicField_"); dynamic {
			_, known = q.Catalog.Field(field)
			by = func(_ *store.Store, a, b *store.Ticket) int {
				return slices.Compare(store.FieldTexts(a.Fields[field]), store.FieldTexts(b.Fields[field]))
			}
		}
		direction := ""
		switch {
		case i < len(directions):
			direction = directions[i]
		case i == 0 && len(directions) == 0:
			direction = "Down"
		}
		if !known || (direction != "Up" && direction != "Down") {
			return nil, false
		}
		steps[i] = step{by, direction == "Down"}
	}
	return func(a, b *store.Ticket) int {
		for _, st := range steps {
			if c := st.compare(q.Store, a, b); c != 0 {
				if st.down {
					return -c
				}
				return c
			}
		}
		return 0
	}, true
}
