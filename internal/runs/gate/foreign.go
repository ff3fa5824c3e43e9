package gate

import (
	"context"
	"reflect"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// foreign is a ticket system as the gate calls it: what it runs is a plugin's, and not all of it
// below the call of a pipe, which is guarded. A panic, or the end of the goroutine, is an error
// here, so that what is known of a write is kept; what the gate asks of errors was taken once.
type foreign struct {
	system  api.TicketSystem
	ids     idFinder // nil if it has no level 1.1
	creator api.TicketCreator
	called  func(operation string, took time.Duration, err error) // nil: nobody counts
}

// counting is f with somebody who counts its calls.
func (f foreign) counting(called func(service, operation string, took time.Duration, err error), service string) foreign {
	if called != nil {
		f.called = func(operation string, took time.Duration, err error) { called(service, operation, took, err) }
	}
	return f
}

func newForeign(system api.TicketSystem) foreign {
	f := foreign{system: system}
	f.ids, _ = system.(idFinder)
	f.creator, _ = system.(api.TicketCreator)
	return f
}

// is reports whether it is that ticket system. One that can't be compared is the one that
// there is: the service that it is of is the same.
func (f foreign) is(system api.TicketSystem) bool {
	if v := reflect.ValueOf(system); v.Type() != reflect.TypeOf(f.system) || !v.Comparable() {
		return v.Type() == reflect.TypeOf(f.system)
	}
	return f.system == system
}

// answered calls code of a plugin that has an answer.
func answered[T any](f foreign, operation string, call func() (T, error)) (answer T, err error) {
	err = f.do(operation, func() (err error) {
		answer, err = call()
		return err
	})
	return answer, err
}

// do calls code of a plugin.
func (f foreign) do(operation string, call func() error) error {
	began := time.Now()
	err := freeze.Call(0, call)
	if f.called != nil {
		f.called(operation, time.Since(began), err)
	}
	return err
}

func (f foreign) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	return answered(f, "search", func() ([]api.Ticket, error) { return f.system.FindTickets(ctx, c) })
}

func (f foreign) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	return answered(f, "read", func() (api.Ticket, error) { return f.system.GetTicket(ctx, id) })
}

func (f foreign) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	return answered(f, "search", func() ([]string, error) { return f.ids.FindTicketIDs(ctx, c) })
}

func (f foreign) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	return answered(f, "read", func() ([]api.Ticket, error) { return f.ids.ReadTickets(ctx, ids, c) })
}

func (f foreign) CreateTicket(ctx context.Context, t api.Ticket) (string, error) {
	return answered(f, "create", func() (string, error) { return f.creator.CreateTicket(ctx, t) })
}

func (f foreign) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	return f.do("update", func() error { return f.system.UpdateTicket(ctx, id, u) })
}

func (f foreign) AddNote(ctx context.Context, id string, n api.Note) error {
	return f.do("note", func() error { return f.system.AddNote(ctx, id, n) })
}
