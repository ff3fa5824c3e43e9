package gate

import (
	"context"
	"errors"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	// mostFailing is how many tickets one reading finds out that fail. What is left is read
	// with the next search.
	mostFailing = 3
	// mostVain is how many requests may fail before any succeeds: with up to three tickets that
	// fail, one of two halves, or of the four quarters, can be read. Then it is the ticket system.
	mostVain = 7
)

// errNotRead is what is said of a ticket that each search yields and each reading leaves out.
var errNotRead = errors.New("it is found, but can't be read: it is too large, or the right to read it is missing")

// readEach reads tickets by the criteria of a search, together. One that can't be read is
// left out. failing are those at which the ticket system fails while it reads others: the
// reading of one ticket keeps no other one from being read. alone names tickets that are
// read one by one, as they failed before.
func (t *ticketSystem) readEach(ctx context.Context, ids []string, c api.SearchCriteria, alone map[string]bool) (found map[string]api.Ticket, failing map[string]error, err error) {
	found, failing = make(map[string]api.Ticket, len(ids)), make(map[string]error)
	var groups [][]string
	var together []string
	for _, id := range ids {
		if alone[id] {
			groups = append(groups, []string{id})
		} else {
			together = append(together, id)
		}
	}
	if len(together) > 0 {
		groups = append([][]string{together}, groups...)
	}
	some, vain := false, 0
	for len(groups) > 0 {
		// All halves before the quarters: what fails is followed by what succeeds.
		group := groups[0]
		groups = groups[1:]
		read, failed := t.read(ctx, group, c)
		if failed == nil {
			some = some || len(read) > 0
			for _, ticket := range read {
				found[ticket.ID] = ticket
			}
			continue
		}
		vain, err = vain+1, failed
		switch {
		case isItself(failed), ctx.Err() != nil, !some && vain >= mostVain:
			return nil, nil, failed
		case len(failing) == mostFailing:
		case len(group) == 1:
			failing[group[0]] = failed
		default:
			groups = append(groups, group[:len(group)/2], group[len(group)/2:])
		}
	}
	if some || len(failing) == 0 {
		return found, failing, nil
	}
	for id := range failing {
		// One that failed before, while others could be read, goes on doing so.
		if !alone[id] || !t.gate.Healthy(ctx) {
			return nil, nil, err
		}
	}
	return found, failing, nil
}

// isItself reports whether no other ticket could be read either.
func isItself(err error) bool {
	return isStore(err) || errors.Is(err, api.ErrDenied) || errors.As(err, new(*api.RetryError))
}

// suspects are those of the rows at whose reading the ticket system failed before.
func suspects(rows []store.Ticket) map[string]bool {
	var alone map[string]bool
	for _, row := range rows {
		if row.Standing == store.Aside {
			if alone == nil {
				alone = make(map[string]bool)
			}
			alone[row.Ticket] = true
		}
	}
	return alone
}
