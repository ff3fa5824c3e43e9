package gate

import (
	"context"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

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
	if err := g.bornAgain(ctx); err != nil {
		return time.Time{}, storeError("ask how old the run store is", err)
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

// bornAgain lets the past of a copy begin now: what was done since it was made isn't in it.
func (g *Gate) bornAgain(ctx context.Context) error {
	copied, ok, err := g.options.Store.Value(ctx, store.ValueCopied)
	if err != nil || !ok || copied == "" {
		return err
	}
	now, err := g.options.Store.Now(ctx)
	if err != nil {
		return err
	}
	if err := g.options.Store.SetValue(ctx, store.ValueBirth, strconv.FormatInt(now, 10)); err != nil {
		return err
	}
	g.options.Logger.WarnContext(ctx, "the run store is a copy: what was done since it was made isn't known, so for a day a note is written only after a look for the same one")
	return g.options.Store.SetValue(ctx, store.ValueCopied, "")
}
