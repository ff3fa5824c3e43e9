package gate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/revert"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// PutBack is what became of the fields of a plan. All are by the names that records give them.
type PutBack struct {
	Done []string                   // sorted
	Kept map[string]decisions.Value // those that somebody has changed since, with what they are now
}

// Reverting is how one ticket is put back, in a step of a run.
type Reverting struct {
	System string // the help desk, as in records
	Ticket string
	// Plan is asked when no other run can work at the ticket any more.
	Plan func(ctx context.Context) (revert.Plan, error)
	// Note is the note about what is put back.
	Note func(p revert.Plan, done []string) api.Note
}

// Revert puts back what a plan says, where it is still as the plan says that it was, in one
// write with a note. The ticket counts as handled for the runners whose writes that were.
func (g *Gate) Revert(ctx context.Context, o Reverting) (revert.Plan, PutBack, error) {
	step, ok := StepOf(ctx)
	t := g.systemOf(o.System)
	if !ok || t == nil {
		return revert.Plan{}, PutBack{}, fmt.Errorf("put back ticket %s: %w for %s; give it its service back", o.Ticket, ErrNoService, o.System)
	}
	unlock, err := t.writing.lock(ctx, o.Ticket)
	if err != nil {
		return revert.Plan{}, PutBack{}, fmt.Errorf("put back ticket %s: %w", o.Ticket, err)
	}
	defer unlock()
	w := &write{ticketSystem: t, step: step, effect: store.Effect{
		Key: step.NextWrite(store.OpUpdate, o.Ticket), Step: step.Key(), Operation: store.OpUpdate, System: t.system, Service: t.service, Ticket: o.Ticket, State: store.Intent,
	}}
	defer w.beside.Wait()
	plan, done, err := w.revert(ctx, o)
	return plan, done, toPipe(err)
}

// systemOf is a service that is this help desk; nil if there is none.
func (g *Gate) systemOf(system string) *ticketSystem {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(g.systems)) {
		if g.systems[id].system == system {
			return g.systems[id]
		}
	}
	return nil
}

func (w *write) revert(ctx context.Context, o Reverting) (plan revert.Plan, b PutBack, err error) {
	if err := w.hold(ctx); err != nil {
		return plan, b, err
	}
	if plan, err = o.Plan(ctx); err != nil {
		return plan, b, err
	}
	if e, known := effectOf(w.step, w.effect.Key); known && e.State != store.Refused {
		// It was sent before this process had the run, and finished when that was taken up again.
		outcome, _ := outcomeOf(e)
		return plan, putBack(plan, outcome.Change, nil), nil
	}
	if len(plan.Fields) == 0 {
		return plan, b, nil
	}
	key, err := w.gate.key(ctx)
	if err != nil {
		return plan, b, err
	}
	u := updateOf(plan)
	w.gate.learn(ctx, w.step.Runner(), u, key.Change(u))
	if err := w.mayTry(ctx, u); err != nil {
		return plan, b, err
	}
	ticket, now, err := w.look(ctx, picture.Picture{})
	if err != nil {
		return plan, b, err
	}
	if now.Final == picture.Merged {
		w.step.Gone(o.Ticket)
		return plan, b, ErrStopped
	}
	// The ticket as otai left it: what is otherwise now is somebody's.
	w.intent.Picture = now.With(was(key, plan))
	rest := w.missing(w.intent.Picture, now, u, nil)
	b = putBack(plan, key.Change(rest), values(now.Fields))
	if empty(rest) {
		return plan, b, nil
	}
	rest.Notes = []api.Note{o.Note(plan, b.Done)}
	if err := w.intend(now, rest); err != nil {
		return plan, b, err
	}
	withNames(w.intent.Change, plan)
	if w.effect.Intent, err = w.intent.encode(); err != nil {
		return plan, b, fmt.Errorf("put back ticket %s: what is to be written can't be kept: %w", o.Ticket, err)
	}
	// Before the write, by which their searches may find the ticket.
	if err := w.handled(ctx, plan, ticket, key.Change(rest)); err != nil {
		return plan, b, err
	}
	return plan, b, w.carry(ctx, rest)
}

// putBack says what of a plan was sent. is are the fields as they were before; nil: not known.
func putBack(plan revert.Plan, sent picture.Change, is map[string]decisions.Value) PutBack {
	b := PutBack{Kept: make(map[string]decisions.Value)}
	for name, f := range plan.Fields {
		switch _, sends := sent.Fields[name]; {
		case sends:
			b.Done = append(b.Done, name)
		case is == nil || !revert.Same(is[name], f.Back): // else it is back already
			b.Kept[name] = is[name]
		}
	}
	slices.Sort(b.Done)
	return b
}

// handled makes the ticket a handled one of the runners whose writes were put back, so that
// they don't write the same again. What people have changed before, where no search of theirs
// found the ticket, makes none due: they know the ticket as it was read, and changed, now.
func (w *write) handled(ctx context.Context, plan revert.Plan, ticket api.Ticket, change picture.Change) error {
	var rows []store.Ticket
	for _, runner := range plan.Runners {
		of, err := w.gate.options.Store.Tickets(ctx, runner, w.system, []string{w.effect.Ticket})
		if err != nil {
			return storeError("ask what runners know of a ticket", err)
		}
		row := store.Ticket{Runner: runner, System: w.system, Ticket: w.effect.Ticket}
		if len(of) > 0 {
			row = of[0]
		}
		if row.Run != "" {
			continue // that run waits; it reads the ticket anew before it writes
		}
		now, err := w.pictureOf(ctx, runner, ticket, api.SearchCriteria{}, 0)
		if err != nil {
			return err
		}
		if before, ok := decodePicture(row.Picture); ok {
			now.Read, now.Made = before.Read, before.Made
		}
		row.Picture = encodePicture(now.Lay(change))
		row.Standing, row.DueAt, row.Attempts, row.Cause, row.Hashes, row.Settled, row.Note = store.Handled, 0, 0, "", nil, false, noteReverted
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	if err := w.gate.options.Store.PutTickets(ctx, rows); err != nil {
		return storeError("keep that a ticket was put back", err)
	}
	return nil
}

const noteReverted = "put back by otai revert"

// was are the fields of a plan as otai left them. Pictures name them as records do: all but
// texts of a ticket, which can't be put back.
func was(key picture.Key, plan revert.Plan) map[string]picture.Value {
	fields := make(map[string]picture.Value, len(plan.Fields))
	for name, f := range plan.Fields {
		further, is := strings.CutPrefix(name, decisions.Further(""))
		switch {
		case is && f.Was.Name != "":
			fields[name] = key.Change(api.TicketUpdate{Fields: map[string]any{further: f.Was.Name}}).Fields[picture.Further(further)]
		case is:
			fields[name] = picture.Value{ID: f.Was.Hash}
		default:
			fields[name] = picture.Value{ID: f.Was.ID, Name: f.Was.Name}
		}
	}
	return fields
}

// withNames gives what goes by ids the names that the plan knows, for the records.
func withNames(c picture.Change, plan revert.Plan) {
	for name, v := range c.Fields {
		if back := plan.Fields[name].Back; v.Name == "" && v.ID == back.ID {
			v.Name = back.Name
			c.Fields[name] = v
		}
	}
}

// updateOf is the write of a plan. What has an id goes by it: a name may be another one's now.
func updateOf(plan revert.Plan) (u api.TicketUpdate) {
	entities := entityFields(&u)
	for name, f := range plan.Fields {
		if further, is := strings.CutPrefix(name, decisions.Further("")); is {
			if u.Fields == nil {
				u.Fields = make(map[string]any)
			}
			u.Fields[further] = nil
			if f.Back.Name != "" {
				u.Fields[further] = f.Back.Name
			}
			continue
		}
		if to, is := entities[name]; is {
			if *to = (&api.Entity{ID: f.Back.ID}); f.Back.ID == "" {
				(*to).Name = f.Back.Name
			}
		}
	}
	return u
}
