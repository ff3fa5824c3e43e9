package gate

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

// beast is a ticket system of a plugin, one method of which ends as no method should.
type beast struct {
	*level11
	method string
	does   func() error
}

func (b *beast) at(method string) error {
	if b.method == method {
		return b.does()
	}
	return nil
}

func (b *beast) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	if err := b.at("FindTickets"); err != nil {
		return nil, err
	}
	return b.level11.FindTickets(ctx, c)
}

func (b *beast) FindTicketIDs(ctx context.Context, c api.SearchCriteria) ([]string, error) {
	if err := b.at("FindTicketIDs"); err != nil {
		return nil, err
	}
	return b.level11.FindTicketIDs(ctx, c)
}

func (b *beast) ReadTickets(ctx context.Context, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	if err := b.at("ReadTickets"); err != nil {
		return nil, err
	}
	return b.level11.ReadTickets(ctx, ids, c)
}

func (b *beast) GetTicket(ctx context.Context, id string) (api.Ticket, error) {
	if err := b.at("GetTicket"); err != nil {
		return api.Ticket{}, err
	}
	return b.level11.GetTicket(ctx, id)
}

func (b *beast) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	if err := b.at("UpdateTicket before its request"); err != nil {
		return err
	}
	if err := b.level11.UpdateTicket(ctx, id, u); err != nil {
		return err
	}
	return b.at("UpdateTicket after its request")
}

func (b *beast) AddNote(ctx context.Context, id string, n api.Note) error {
	if err := b.at("AddNote"); err != nil {
		return err
	}
	return b.level11.AddNote(ctx, id, n)
}

func (b *beast) CreateTicket(context.Context, api.Ticket) (string, error) {
	return "", b.at("CreateTicket")
}

// ways are those in which code of a plugin ends that is not as it should be.
var ways = map[string]func() error{
	"a panic":          func() error { panic("boom") },
	"Goexit":           func() error { runtime.Goexit(); return nil },
	"nil in a pointer": func() error { return (*api.RetryError)(nil) },
}

// However a call ends, the gate has an error of it whose methods run no code of a plugin, and
// goes on: nothing waits for the answer, and the ticket is free for the next write.
func TestHoweverACallOfATicketSystemEndsItIsAnError(t *testing.T) {
	calls := map[string]func(w *world, r *run) error{
		"FindTickets": func(w *world, r *run) error {
			_, err := w.s.(claimer).FindTickets(w.s.(claimer).WithClaim(r.ctx(w.T), false), inbox)
			return err
		},
		"FindTicketIDs": func(w *world, r *run) error { _, err := w.s.FindTickets(r.ctx(w.T), inbox); return err },
		"ReadTickets":   func(w *world, r *run) error { _, err := w.s.FindTickets(r.ctx(w.T), inbox); return err },
		"GetTicket":     func(w *world, r *run) error { _, err := w.s.GetTicket(r.ctx(w.T), "1"); return err },
		"UpdateTicket before its request": func(w *world, r *run) error {
			return w.s.UpdateTicket(r.ctx(w.T), "1", queue("it"))
		},
		"AddNote": func(w *world, r *run) error { return w.s.AddNote(r.ctx(w.T), "1", hello) },
		"CreateTicket": func(w *world, r *run) error {
			_, err := w.s.(api.TicketCreator).CreateTicket(r.ctx(w.T), api.Ticket{Subject: "s"})
			return err
		},
	}
	for method, call := range calls {
		for way, does := range ways {
			t.Run(method+", "+way, func(t *testing.T) {
				w := newWorld(t, true, "1")
				b := &beast{level11: &level11{desk: w.d}, method: method, does: does}
				w.s = w.g.Wrap("beast", b).(api.TicketSystem)
				r := w.m.run("a")
				err := call(w, r)
				if !errors.As(err, new(*freeze.PanicError)) && !errors.Is(err, freeze.ErrGoexit) {
					t.Fatalf("got %T: %v", err, err)
				}
				b.method = ""
				if err := call(w, r.again()); err != nil {
					t.Errorf("the next call: %v", err)
				}
				if out := w.g.systems["beast"].overdue.out; out != 0 {
					t.Errorf("%d requests are out", out)
				}
			})
		}
	}
}

type claimer interface {
	api.TicketSystem
	WithClaim(ctx context.Context, claim bool) context.Context
}

// A ticket system that panics behind its request may have written: the ticket says so.
func TestAPanicBehindARequestIsAnUnknownOutcome(t *testing.T) {
	for way, does := range ways {
		if way == "nil in a pointer" {
			continue // its type says that nothing was done: the next attempt looks
		}
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, true, "1")
				w.s = w.g.Wrap("beast", &beast{level11: &level11{desk: w.d}, method: "UpdateTicket after its request", does: does}).(api.TicketSystem)
				r := w.begun()
				if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); err != nil {
					t.Error(err)
				}
				if e := w.effect(r); e.State != store.Done || w.d.notes("1") != 1 {
					t.Errorf("the write is %s, %d notes", e.State, w.d.notes("1"))
				}
				if len(r.failed) != 1 {
					t.Errorf("reported: %v", r.failed)
				}
			})
		})
	}
}

// What is read ahead is read beside the write, where nobody else guards it.
func TestAPanicInAReadingAheadEndsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1", "2")
		b := &beast{level11: &level11{desk: w.d}, does: ways["a panic"]}
		w.s = w.g.Wrap("desk", b).(api.TicketSystem)
		r := w.begun()
		time.Sleep(time.Minute) // what was read then is too old
		r.due, b.method = []string{"2"}, "ReadTickets"
		err := w.s.UpdateTicket(r.ctx(t), "1", queue("it"))
		if !errors.As(err, new(*freeze.PanicError)) {
			t.Errorf("got %v", err)
		}
	})
}

// uncomparable is a ticket system that == panics at.
type uncomparable struct {
	*desk
	_ map[string]string
}

func TestATicketSystemNeedNotBeComparable(t *testing.T) {
	w := newWorld(t, false, "1")
	first := w.g.Wrap("odd", uncomparable{desk: w.d})
	second := w.g.Wrap("odd", uncomparable{desk: w.d})
	if fmt.Sprintf("%p", first) != fmt.Sprintf("%p", second) {
		t.Error("it was wrapped twice")
	}
}
