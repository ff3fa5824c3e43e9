package gate

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

func perhaps(text string) api.TicketUpdate {
	return api.TicketUpdate{Notes: []api.Note{{Subject: "otai", Body: "perhaps " + text}}}
}

// decides is the ticket system as a pipe that decides finds it.
func (w *world) decides() *ticketSystem { return w.s.(*ticketSystem) }

func TestASuggestionIsKeptWithItsTicket(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		written, err := w.decides().Suggest(r.ctx(t), "1", "the text of a person", perhaps("it"))
		if err != nil || !written || w.d.notes("1") != 1 {
			t.Fatalf("written %v, %v, %d notes", written, err, w.d.notes("1"))
		}
		row := r.Tickets()[0]
		if row.Suggestion == "" || strings.Contains(row.Suggestion, "person") {
			t.Errorf("kept is %q", row.Suggestion)
		}
		for _, c := range []struct {
			name, what string
			written    bool
		}{{"the same", "the text of a person", false}, {"another", "else", true}, {"the first one, which isn't the last", "the text of a person", true}} {
			next := w.m.run("a")
			next.writes["update1"] = 10 + len(c.name) // a later write of the run
			written, err := w.decides().Suggest(next.ctx(t), "1", c.what, perhaps("it"))
			if err != nil || written != c.written || (len(next.leaves) == 1) == c.written {
				t.Errorf("%s: written %v, %v, left %v", c.name, written, err, next.leaves)
			}
		}
	})
}

// A suggestion of which the outcome isn't known is not a suggestion that stands: it is finished.
func TestAKilledSuggestionIsFinished(t *testing.T) {
	both(t, func(t *testing.T, full bool) {
		w := newWorld(t, full, "1")
		r := w.begun()
		w.d.before = func(_ string, apply func()) error {
			apply()
			return api.ErrUncertain
		}
		_, _ = w.decides().Suggest(r.ctx(t), "1", "it", perhaps("it"))
		w.d.before = nil
		next := w.killed(r, full)
		written, err := w.decides().Suggest(next.ctx(t), "1", "it", perhaps("it"))
		if err != nil || !written || w.d.notes("1") != 1 || len(next.leaves) != 0 {
			t.Errorf("written %v, %v, %d notes, left %v", written, err, w.d.notes("1"), next.leaves)
		}
		if row := next.Tickets()[0]; row.Suggestion == "" {
			t.Error("what it suggested isn't kept")
		}
	})
}

func TestLeavingATicketClaimsItAsAWriteDoes(t *testing.T) {
	w := newWorld(t, true, "1", "2")
	r := w.begun()
	if err := w.decides().Leave(r.ctx(t), "2", "not sure"); err != nil || len(r.leaves) != 1 || r.leaves[0] != "2: not sure" {
		t.Errorf("%v, left %v", err, r.leaves)
	}
	if rows := r.Tickets(); len(rows) != 2 || !rows[1].Working {
		t.Errorf("the run has %+v", rows)
	}
	other := w.m.run("b")
	if err := w.decides().Leave(other.ctx(t), "1", "not sure"); !errors.Is(err, ErrStopped) || len(other.waits) != 1 || other.waits[0].Reason != store.ReasonBusy || len(other.leaves) != 0 {
		t.Errorf("%v, waits %+v, left %v", err, other.waits, other.leaves)
	}
	if err := w.decides().Leave(t.Context(), "1", "in no run"); err != nil {
		t.Error(err)
	}
}
