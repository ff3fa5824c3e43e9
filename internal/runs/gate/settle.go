package gate

import (
	"context"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// How often a ticket that a runner applied something to is freed by changes, whatever
// the reason: two automatons that answer each other stay bounded.
const (
	freedAnHour = 3
	freedADay   = 10
)

const (
	settleBatch  = 50          // tickets that one search reads of those that it passed over
	settlePause  = time.Second // between two such readings of one runner
	changesEvery = time.Minute // between two searches for what was changed
)

// settle looks after the tickets that the search passed over: those that are found for
// the first time since their run, and once a minute those that were changed. It returns
// what somebody's change has freed.
func (f *fetch) settle(ctx context.Context) (freed []string, err error) {
	changed, err := f.changed(ctx)
	if err != nil {
		return nil, err
	}
	due := f.pause()
	passed, err := f.overToo(ctx, changed)
	if err != nil {
		return nil, err
	}
	var rows []store.Ticket
	for _, row := range passed {
		first := due && row.Standing == store.Handled && !row.Settled
		held := row.Run != "" // set aside, or in doubt: a change frees neither
		if f.avoided(row.Ticket) {
			continue
		}
		if (first || changed[row.Ticket] || f.whole != nil) && !held && len(rows) < settleBatch {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Ticket
	}
	now, err := f.gate.options.Store.Now(ctx)
	if err != nil {
		return nil, storeError("ask for the time", err)
	}
	found, failing, err := f.readWhole(ctx, ids, nil)
	if err != nil {
		if isStore(err) || ctx.Err() != nil {
			return nil, err
		}
		// The search itself has succeeded, and what it claimed is read.
		f.gate.options.Logger.DebugContext(ctx, "tickets that are passed over were not looked after", "runner", f.step.Runner(), "err", err.Error())
		return nil, nil
	}
	for id := range failing {
		f.avoid(id, avoidFor)
	}
	var put []store.Ticket
	for _, row := range rows {
		ticket, ok := found[row.Ticket]
		if !ok {
			continue
		}
		after, free, err := f.compare(ctx, row, ticket, now)
		if err != nil {
			return nil, err
		}
		put = append(put, after)
		if free {
			freed = append(freed, row.Ticket)
		}
	}
	if err := f.gate.options.Store.PutTickets(ctx, put); err != nil {
		return nil, storeError("keep what tickets look like", err)
	}
	return freed, nil
}

// overToo are the rows of what is passed over, with those of the rest that are to be read.
func (f *fetch) overToo(ctx context.Context, changed map[string]bool) ([]store.Ticket, error) {
	if len(f.over) == 0 || len(changed) == 0 && f.whole == nil {
		return f.passed, nil
	}
	var ids []string
	for _, id := range f.over {
		if len(ids) < settleBatch && (changed[id] || f.whole != nil) && !f.avoided(id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return f.passed, nil
	}
	rows, err := f.gate.options.Store.Tickets(ctx, f.step.Runner(), f.system, ids)
	if err != nil {
		return nil, storeError("ask for tickets that were changed", err)
	}
	return append(f.passed, rows...), nil
}

// For how long a ticket that is passed over isn't read again.
const (
	avoidFor = 10 * time.Minute // where the ticket system fails at it alone
	openFor  = 5 * time.Second  // where a write to it is open
)

func (t *ticketSystem) avoid(ticket string, lasts time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.avoids) > 1000 {
		clear(t.avoids)
	}
	t.avoids[ticket] = time.Now().Add(lasts)
}

func (t *ticketSystem) avoided(ticket string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Now().Before(t.avoids[ticket])
}

// pause reports whether it is time to read tickets that were found for the first time.
func (f *fetch) pause() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.of(f.step.Runner())
	if time.Since(of.settled) < settlePause {
		return false
	}
	of.settled = time.Now()
	return true
}

// changed are the tickets changed since the last search for them, once a minute. From
// which change on is by the ticket system's own clock: the latest change that was seen.
func (f *fetch) changed(ctx context.Context) (map[string]bool, error) {
	if f.ids == nil || len(f.passed)+len(f.over) == 0 {
		return nil, nil // found whole, or nothing to look after
	}
	name := "changes/" + f.step.Runner() + "/" + f.system
	state, err := f.gate.loadChanges(ctx, name)
	if err != nil {
		return nil, err
	}
	now, err := f.gate.options.Store.Now(ctx)
	if err != nil {
		return nil, storeError("ask for the time", err)
	}
	if state.Searched != 0 && now-state.Searched < changesEvery.Microseconds() && now >= state.Searched {
		return nil, nil
	}
	f.mu.Lock()
	newest := f.of(f.step.Runner()).newest
	f.mu.Unlock()
	since := state.Newest
	if newest.After(state.Newest) {
		state.Newest = newest
	}
	state.Searched = now
	var ids []string
	if !since.IsZero() {
		c := f.criteria
		c.Offset, c.Limit = 0, len(f.passed)+len(f.over)+f.wanted
		if from := since.Add(-time.Second); from.After(c.ChangedAfter) {
			c.ChangedAfter = from
		}
		if ids, err = f.ids.FindTicketIDs(ctx, c); err != nil {
			return nil, err
		}
	}
	if err := f.gate.saveChanges(ctx, name, state); err != nil {
		return nil, err
	}
	changed := make(map[string]bool, len(ids))
	for _, id := range ids {
		changed[id] = true
	}
	return changed, nil
}

// compare decides whether somebody has changed a ticket that is passed over.
func (f *fetch) compare(ctx context.Context, row store.Ticket, ticket api.Ticket, at int64) (after store.Ticket, free bool, err error) {
	now, err := f.pictureOf(ctx, row.Runner, ticket, f.criteria, at)
	if err != nil {
		return row, false, err
	}
	before, ok := decodePicture(row.Picture)
	if !ok { // nothing to compare with
		row.Picture, row.Settled = encodePicture(now), true
		return row, false, nil
	}
	laid, open, err := f.lay(ctx, ticket.ID, before)
	switch {
	case err != nil:
		return row, false, err
	case open && row.Standing == store.Handled:
		// What is otherwise may be ours, of whichever runner: it is looked at again.
		f.avoid(ticket.ID, openFor)
		row.Settled = false
		return row, false, nil
	}
	d := laid.Changed(now, row.Settled || !laid.Laid && row.Standing != store.Handled)
	f.others(ctx, laid, now, ticket)
	row.Picture, row.Settled = encodePicture(laid.Absorb(now)), true
	switch {
	case !d.Any():
		return row, false, nil
	case row.Standing == store.Handled && d.OnlyPutBack():
		row.Note = notePutBack
		return row, false, nil
	case row.Standing == store.Handled && !f.mayFree(ctx, &row, d, at):
		return row, false, nil
	}
	row.DueAt, row.Note = at, ""
	return row, true, nil
}

// mayFree bounds how often a ticket is freed.
func (f *fetch) mayFree(ctx context.Context, row *store.Ticket, d picture.Differences, at int64) bool {
	var day []int64
	hour := 0
	for _, when := range row.Freed {
		if at-when < (24 * time.Hour).Microseconds() {
			day = append(day, when)
		}
		if at-when < time.Hour.Microseconds() {
			hour++
		}
	}
	row.Freed = day
	if hour < freedAnHour && len(day) < freedADay {
		row.Freed = append(row.Freed, at)
		return true
	}
	if row.Note != noteBounded {
		row.Note = noteBounded
		f.gate.options.Logger.WarnContext(ctx, "a ticket is changed again and again, and is left as it is for now: perhaps an automaton of the help desk answers each change",
			"ticket", row.Ticket, "runner", row.Runner, "changed", d.String(), "freed_in_the_last_hour", hour, "freed_in_the_last_day", len(day))
	}
	return false
}

const noteBounded = "changed again and again"

// Noted reports whether the gate says of a handled ticket why it is left as it is. The end
// of a run leaves that as it is, and takes away why the ticket was not handled before.
func Noted(t store.Ticket) bool { return t.Note == notePutBack || t.Note == noteBounded }

// lay lays what was written since over a picture, whichever runner wrote it. open: a write was
// begun of which isn't known yet what is on the ticket.
func (t *ticketSystem) lay(ctx context.Context, ticket string, p picture.Picture) (laid picture.Picture, open bool, err error) {
	effects, err := t.gate.options.Store.OwnEffects(ctx, t.system, ticket, p.At)
	if err != nil {
		return p, false, storeError("ask what was written to a ticket", err)
	}
	open = slices.ContainsFunc(effects, func(e store.Effect) bool { return e.State == store.Intent })
	return p.Lay(changes(effects)...), open, nil
}

// changes are what effects that are done have changed.
func changes(effects []store.Effect) []picture.Change {
	var all []picture.Change
	for _, e := range effects {
		if o, ok := outcomeOf(e); ok && e.State == store.Done {
			all = append(all, o.Change)
		}
	}
	return all
}
