package gate

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// The server died behind the move, and its right to the note is missing: the repetition
// sends the note alone, and its rejection is nevertheless that of a note after a move.
func TestANoteRefusedToTheNextAttemptIsStillTheNoteAfterTheMove(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		w.fetch(w.m.run("a"), inbox)
		u := queue("IT")
		w.d.before = func(id string, _ func()) error {
			w.d.change(id, api.TicketUpdate{Queue: u.Queue})
			return api.ErrUncertain
		}
		if err := w.s.UpdateTicket(w.m.run("a").ctx(t), "1", u); !errors.Is(err, ErrStopped) {
			t.Fatalf("error is %v", err)
		}
		time.Sleep(time.Hour)
		w.d.before = func(string, func()) error { return fmt.Errorf("%w: %w", api.ErrNotFound, api.ErrDenied) }
		r := w.m.run("a")
		if err := w.s.UpdateTicket(r.ctx(t), "1", u); !errors.Is(err, api.ErrDenied) {
			t.Fatalf("error is %v", err)
		}
		if len(r.waits) != 1 || r.waits[0].Reason != store.ReasonCause || r.Effects()[0].State != store.Intent {
			t.Errorf("it waits %v, its effect is %v", r.waits, r.Effects())
		}
	})
}

// silent is a desk whose next write ends before its first request.
type silent struct {
	*level11
	err error
}

func (s *silent) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	if err := s.err; err != nil {
		s.err = nil
		return err
	}
	return s.level11.UpdateTicket(ctx, id, u)
}

// What was sent once stays an open effect although a later attempt sends nothing: its
// record says which of its notes are there.
func TestAnAttemptThatSendsNothingDoesNotUndoAnEarlierOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, true, "1")
		inner := &silent{level11: &level11{desk: w.d}}
		w.s = w.g.Wrap("other", inner).(api.TicketSystem)
		w.fetch(w.m.run("a"), inbox)
		u := queue("IT")
		w.d.before = func(string, func()) error { return api.ErrUncertain }
		if err := w.s.UpdateTicket(w.m.run("a").ctx(t), "1", u); !errors.Is(err, ErrStopped) {
			t.Fatalf("error is %v", err)
		}
		time.Sleep(time.Hour)
		inner.err = api.ErrUncertain // it could not look
		r := w.m.run("a")
		if err := w.s.UpdateTicket(r.ctx(t), "1", u); err == nil {
			t.Fatal("no error")
		}
		if e := r.Effects(); len(e) != 1 || e[0].State != store.Intent {
			t.Errorf("effects are %+v", e)
		}
	})
}
