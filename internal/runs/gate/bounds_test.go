package gate

import (
	"errors"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/bounds"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// bounded gives the world's service bounds, in a new process.
func (w *world) bounded(full bool, b bounds.Bounds) {
	w.restart(full)
	w.g.options.Bounds = map[string]bounds.Bounds{"desk": b}
	w.g.systems = make(map[string]*ticketSystem)
	var inner any = w.d
	if full {
		inner = &level11{desk: w.d}
	}
	w.s = w.g.Wrap("desk", inner).(api.TicketSystem)
}

func allows(names ...string) bounds.Bounds {
	return bounds.Bounds{Allow: &bounds.Allow{Queues: &bounds.Values{Names: names, IDs: []string{"7"}}, InternalNotes: true}}
}

func TestWhatIsNotAllowedIsNeitherStoredNorSent(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		for what, write := range map[string]func(w *world, r *run) error{
			"a queue by its name": func(w *world, r *run) error { return w.s.UpdateTicket(r.ctx(w.T), "1", queue("hr")) },
			"a queue by its id": func(w *world, r *run) error {
				return w.s.UpdateTicket(r.ctx(w.T), "1", api.TicketUpdate{Queue: &api.Entity{ID: "8"}})
			},
			"a queue by both": func(w *world, r *run) error {
				return w.s.UpdateTicket(r.ctx(w.T), "1", api.TicketUpdate{Queue: &api.Entity{ID: "8", Name: "it"}})
			},
			"a note": func(w *world, r *run) error {
				return w.s.AddNote(r.ctx(w.T), "1", api.Note{Body: "b", VisibleToCustomer: true})
			},
			"a call of no run": func(w *world, r *run) error {
				err := w.s.UpdateTicket(w.Context(), "1", queue("hr"))
				r.denied = append(r.denied, "")
				return err
			},
		} {
			w := newWorld(t, full, "1")
			w.bounded(full, allows("it"))
			r := w.begun()
			err := write(w, r)
			var at *api.FieldError
			if !errors.Is(err, api.ErrDenied) || !errors.As(err, &at) {
				t.Errorf("%s: the error is %v", what, err)
			}
			if len(r.denied) != 1 || len(r.rejections)+len(r.waits) > 0 || len(r.Effects()) > 0 {
				t.Errorf("%s: denied %q, rejections %v, waits %v, effects %v", what, r.denied, r.rejections, r.waits, r.Effects())
			}
			if n := w.d.count("update") + w.d.count("note"); n != 0 {
				t.Errorf("%s: %d writes reached the help desk", what, n)
			}
		}
	})
}

func TestWhatIsAllowedIsSent(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.bounded(full, allows("it"))
		r := w.begun()
		if err := errors.Join(w.s.UpdateTicket(r.ctx(t), "1", queue("it")), w.s.AddNote(r.ctx(t), "1", hello)); err != nil {
			t.Fatal(err)
		}
		if len(r.denied) > 0 || w.d.notes("1") != 2 {
			t.Errorf("denied %q, %d notes", r.denied, w.d.notes("1"))
		}
	})
}

// TestWhatWasBegunUnderOtherBoundsIsNotSentAgain: the process was killed before its request
// arrived, and allow was narrowed since.
func TestWhatWasBegunUnderOtherBoundsIsNotSentAgain(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(string, func()) error { return api.ErrUncertain }
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("hr")); !errors.Is(err, ErrStopped) {
			t.Fatal(err)
		}
		sent := w.d.count("update")
		w.d.before = nil
		e := w.effect(r)
		e.Begun, e.Until = time.Now().Add(-time.Hour).UnixMicro(), time.Now().Add(-time.Minute).UnixMicro()
		w.m.effects[r.id+" "+e.Key] = e
		next := w.killed(r, full)
		w.bounded(full, allows("it"))
		if err := w.g.Finish(t.Context(), next, w.effect(next)); !errors.Is(err, api.ErrDenied) || len(next.denied) != 1 {
			t.Errorf("%v, denied %q", err, next.denied)
		}
		if n := w.d.count("update"); n != sent || w.effect(next).State != store.Intent {
			t.Errorf("%d requests after %d, %s", n, sent, w.effect(next).State)
		}
		w.bounded(full, allows("it", "hr"))
		last := next.again()
		if err := w.g.Finish(t.Context(), last, w.effect(last)); err != nil || w.d.notes("1") != 1 {
			t.Errorf("with wider bounds: %v, %d notes", err, w.d.notes("1"))
		}
	})
}

func TestANewTicketThatIsNotAllowedIsNotMade(t *testing.T) {
	w := newWorld(t, true)
	w.bounded(true, allows("it"))
	desk := &creating{level11: &level11{desk: w.d}}
	w.g.systems = make(map[string]*ticketSystem)
	s := w.g.Wrap("desk", desk).(api.TicketCreator)
	for _, ticket := range []api.Ticket{
		{Subject: "s", Body: "b", Queue: &api.Entity{Name: "hr"}},
		{Subject: "s", Body: "b"},
		{Subject: "s", Body: "b", Queue: &api.Entity{Name: "it"}, Notes: []api.Note{{Body: "b", VisibleToCustomer: true}}},
	} {
		r := w.m.run("a")
		if _, err := s.CreateTicket(r.ctx(t), ticket); !errors.Is(err, api.ErrDenied) || len(r.denied) != 1 || len(r.Effects()) > 0 {
			t.Errorf("%v, denied %q", err, r.denied)
		}
	}
	r := w.m.run("b")
	if _, err := s.CreateTicket(r.ctx(t), api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{ID: "7"}}); err != nil || desk.made != 1 {
		t.Errorf("%v, %d made", err, desk.made)
	}
}

func TestNothingIsBegunToBeWrittenWhileTheRunnerIsPaused(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		r.paused = true
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, ErrStopped) || len(r.waits) != 1 || r.waits[0].Reason != store.ReasonPaused {
			t.Errorf("%v, waits %+v", err, r.waits)
		}
		if len(r.Effects()) > 0 || w.d.count("update") > 0 {
			t.Errorf("effects %+v, %d updates", r.Effects(), w.d.count("update"))
		}
	})
}

func TestAWriteWithoutAPlaceIsNotSentAndPausesItsRunner(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.bounded(full, bounds.Bounds{TicketsPerHour: 3})
		r := w.begun()
		w.m.refuse = store.ErrFull
		if err := w.s.UpdateTicket(r.ctx(t), "1", queue("it")); !errors.Is(err, ErrStopped) || len(r.waits) != 1 || r.waits[0].Reason != store.ReasonPaused || !r.paused {
			t.Errorf("%v, waits %+v, paused %v", err, r.waits, r.paused)
		}
		if len(r.Effects()) > 0 || len(r.rejections)+len(r.failed) > 0 || w.d.notes("1") > 0 {
			t.Errorf("effects %+v, rejections %v, failures %v, %d notes", r.Effects(), r.rejections, r.failed, w.d.notes("1"))
		}
	})
}
