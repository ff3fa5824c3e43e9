package gate

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// Finish finishes an open effect of a run that was interrupted: it looks at the ticket,
// and what is missing is sent from the effect's own values. The error is [ErrStopped]
// where that has to wait, for the reason that s was given.
func (g *Gate) Finish(ctx context.Context, s Step, e store.Effect) error {
	g.mu.Lock()
	t, ok := g.systems[e.Service]
	creator := g.creators[e.Service]
	g.mu.Unlock()
	if !ok {
		return fmt.Errorf("finish what was begun at ticket %s: the configuration has no service %q", e.Ticket, e.Service)
	}
	ctx = WithStep(ctx, s)
	if e.Operation == store.OpCreate {
		w := &write{ticketSystem: t, step: s, effect: e}
		var err error
		if w.intent, err = decodeIntent(e.Intent); err != nil {
			return err
		}
		if creator == nil || w.intent.Create == nil {
			return fmt.Errorf("finish a new ticket: the service %q makes none", e.Service)
		}
		_, err = (&ticketCreator{ticketSystem: t, creator: creator}).createAgain(ctx, w)
		return err
	}
	unlock, err := t.writing.lock(ctx, e.Ticket)
	if err != nil {
		return err
	}
	defer unlock()
	return t.finish(ctx, s, e)
}

// lookFor is how long a store without a past looks before each note to a ticket that was
// changed before it.
const lookFor = 24 * time.Hour

// withoutOld drops notes that a ticket has already, while the store is too young to know
// whether otai wrote them.
func (w *write) withoutOld(ctx context.Context, seen picture.Picture, u api.TicketUpdate) (api.TicketUpdate, error) {
	if len(u.Notes) == 0 || seen.Stamp.IsZero() {
		return u, nil
	}
	birth, err := w.gate.birth(ctx)
	if err != nil || birth.IsZero() || time.Since(birth) > lookFor || seen.Stamp.After(birth) {
		return u, err
	}
	key := w.gate.hashing
	notes := u.Notes
	u.Notes = nil
	for _, n := range notes {
		if seen.Equal(key.Note(n)) > 0 {
			w.gate.options.Logger.InfoContext(ctx, "a note stands on the ticket already, from before this run store was made, and is not written again", "ticket", w.effect.Ticket, "runner", w.step.Runner())
			continue
		}
		u.Notes = append(u.Notes, n)
	}
	return u, nil
}

func (g *Gate) birth(ctx context.Context) (time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.born != nil {
		return *g.born, nil
	}
	text, ok, err := g.options.Store.Value(ctx, store.ValueBirth)
	if err != nil {
		return time.Time{}, storeError("ask how old the run store is", err)
	}
	var born time.Time
	if micros, bad := strconv.ParseInt(text, 10, 64); ok && bad == nil {
		born = time.UnixMicro(micros)
	}
	g.born = &born
	return born, nil
}

// first reports whether nothing was said about a cause yet.
func (g *Gate) first(cause string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	said := g.said[cause]
	if g.said == nil || len(g.said) > 1000 {
		g.said = make(map[string]bool)
	}
	g.said[cause] = true
	return !said
}
