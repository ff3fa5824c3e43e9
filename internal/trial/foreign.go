package trial

import (
	"context"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// foreign is a ticket system as a trial calls it: what it runs is a plugin's, and not all of it
// in the goroutine of a step, which is guarded. However a call ends is an error here, and what
// the trial asks of errors was taken once.
type foreign struct {
	system api.TicketSystem
	ids    idFinder // nil if it can't search for ids
	among  chooser  // nil if it can't say which of some tickets a search finds
}

func newForeign(system api.TicketSystem) foreign {
	f := foreign{system: system}
	f.ids, _ = system.(idFinder)
	f.among, _ = system.(chooser)
	return f
}

// answered calls code of a plugin that has an answer.
func answered[T any](call func() (T, error)) (answer T, err error) {
	err = freeze.Call(0, func() (err error) {
		answer, err = call()
		return err
	})
	return answer, err
}

func (f foreign) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	return answered(func() ([]api.Ticket, error) { return f.system.FindTickets(ctx, c) })
}

func (f foreign) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	return answered(func() (api.Ticket, error) { return f.system.GetTicket(ctx, id) })
}

func (f foreign) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	return answered(func() ([]string, error) { return f.ids.FindTicketIDs(ctx, c) })
}

func (f foreign) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	return answered(func() ([]api.Ticket, error) { return f.ids.ReadTickets(ctx, ids, c) })
}

func (f foreign) FindAmong(ctx context.Context, ids []string, c api.SearchCriteria) ([]string, error) {
	return answered(func() ([]string, error) { return f.among.FindAmong(ctx, ids, c) })
}

// list asks a source which tickets a trial is about.
func (f foreign) list(ctx context.Context, s Source) ([]string, error) {
	return answered(func() ([]string, error) { return s.Find(ctx, f.system) })
}

// id is what the ticket system calls itself; "" if it doesn't say.
func (f foreign) id() string {
	n, ok := f.system.(named)
	if !ok {
		return ""
	}
	id, _ := answered(func() (string, error) { return n.SystemID(), nil })
	return id
}

// link is that to a ticket, for people; "" if there is none.
func (f foreign) link(id string) string {
	l, ok := f.system.(linker)
	if !ok {
		return ""
	}
	link, _ := answered(func() (string, error) { return l.TicketLink(id), nil })
	return link
}

// connections is how many requests there may be at one time, and never more than most.
func (f foreign) connections(most int) int {
	c, ok := f.system.(connected)
	if !ok {
		return most
	}
	n, err := answered(func() (int, error) { return c.Connections(), nil })
	if err != nil {
		return 1
	}
	return max(1, min(most, n))
}
