package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/internal/runs/picture"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

const (
	defaultLimit = 10  // what a limit of 0 means
	mostWhole    = 500 // tickets in one search of a ticket system that can't search for ids alone
	maxSearches  = 8   // for one fetch
	mostReleased = 3   // times in a row that a ticket is let go: then it is worked at on what was read last
)

// FindTickets searches. The first search of a run claims what it finds for the run:
// what others have claimed and what the runner passes over is left out, and the next
// ones take their places. A run that began anew gets the tickets that it has, and an
// item its own.
func (t *ticketSystem) FindTickets(ctx context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	step, ok := StepOf(ctx)
	if !ok {
		return t.inner.FindTickets(ctx, c)
	}
	ctx, done := step.WhileHeld(ctx)
	defer done()
	first := step.FirstSearch()
	claim, said := ctx.Value(claimKey{}).(bool)
	if !said {
		claim = first
	}
	if !claim {
		found, err := t.inner.FindTickets(ctx, c)
		t.known.learn(found...)
		return found, t.reading(ctx, step, err)
	}
	step.Searched()
	if t.gate.options.Searches != nil {
		t.gate.options.Searches(step.Runner(), t.service, c)
	}
	if first {
		if ids := t.own(step); len(ids) > 0 {
			found, err := t.readOwn(ctx, step, ids, c)
			return found, t.reading(ctx, step, err)
		}
	}
	f := &fetch{ticketSystem: t, step: step, criteria: c, wanted: c.Limit}
	if c.Limit == 0 {
		f.wanted = defaultLimit
	}
	if c.Limit < 0 || c.Offset < 0 {
		return nil, fmt.Errorf("search tickets: %w: limit and offset must not be negative", api.ErrInvalid)
	}
	found, err := f.run(ctx)
	return found, t.reading(ctx, step, err)
}

// reading reports how a search or a reading failed.
func (t *ticketSystem) reading(ctx context.Context, step Step, err error) error {
	switch {
	case err == nil, isStore(err):
	case errors.Is(context.Cause(ctx), store.ErrFence):
		return storeError("read on", store.ErrFence)
	case refused(err):
		step.Refused(t.rejection(step, "read", "", false, err))
	default:
		step.Failed(err)
	}
	return err
}

// own are the tickets that a run which began anew has already.
func (t *ticketSystem) own(step Step) []string {
	if id, ok := step.Item(); ok {
		return []string{id}
	}
	var ids []string
	for _, row := range step.Tickets() {
		if row.Fetched && row.System == t.system {
			ids = append(ids, row.Ticket)
		}
	}
	return ids
}

// readOwn reads the tickets of a run that began anew. One that nothing was written to and
// that doesn't meet the criteria any more is let go.
func (t *ticketSystem) readOwn(ctx context.Context, step Step, ids []string, c api.SearchCriteria) ([]api.Ticket, error) {
	f := &fetch{ticketSystem: t, step: step, criteria: c}
	if err := f.takeMark(ctx); err != nil {
		return nil, err
	}
	read, failing, err := t.readEach(ctx, ids, c, nil)
	if err != nil {
		return nil, err
	}
	kept := []api.Ticket{}
	for _, id := range ids {
		if why := failing[id]; why != nil && begun(step, t.system, id) {
			return nil, why
		} else if why != nil {
			step.SetAside(id, why)
			continue
		}
		ticket, ok := read[id]
		if !ok {
			continue
		}
		row, held := heldRow(step, t.system, ticket.ID)
		why := criteria.Unmet(ticket, c)
		if why != "" && !begun(step, t.system, ticket.ID) && !t.often(step, ticket.ID) {
			t.letGo(step, ticket.ID)
			step.Overtaken(ticket.ID, why)
			continue
		}
		if held {
			if err := f.keep(ctx, row, ticket); err != nil {
				return nil, err
			}
		}
		kept = append(kept, ticket)
	}
	if len(ids) > 0 && len(read)+len(failing) == 0 {
		step.Waits(Wait{Reason: store.ReasonGone, Cause: t.cause(step, "read", "", "unreadable"), Err: fmt.Errorf("ticket %s: %w", ids[0], api.ErrNotFound)})
		return nil, ErrStopped
	}
	return kept, nil
}

// begun reports whether the run has an intent for a ticket, or carried one out.
func begun(step Step, system, ticket string) bool {
	for _, e := range step.Effects() {
		if e.System == system && e.Ticket == ticket && (e.State == store.Intent || e.State == store.Done || e.State == store.Closed) {
			return true
		}
	}
	return false
}

func heldRow(step Step, system, ticket string) (store.Ticket, bool) {
	for _, row := range step.Tickets() {
		if row.System == system && row.Ticket == ticket {
			return row, true
		}
	}
	return store.Ticket{}, false
}

// fetch is one search that claims.
type fetch struct {
	*ticketSystem
	step     Step
	criteria api.SearchCriteria
	wanted   int
	since    int64 // store time of the readings
	mark     store.Mark
	kept     []api.Ticket
	claimed  map[string]bool       // by this search, kept or let go
	whole    map[string]api.Ticket // found whole, by a system that can't search for ids alone
	passed   []store.Ticket
	over     []string // the rest of those that are passed over
	from     spare    // what is claimed from, where others may claim from it, too
}

// run searches for as many as are wanted and as are left out, claims, then reads. What
// no longer meets the criteria is let go.
func (f *fetch) run(ctx context.Context) ([]api.Ticket, error) {
	f.kept, f.claimed = []api.Ticket{}, make(map[string]bool)
	if err := f.takeSpare(ctx); err != nil || len(f.kept) == f.wanted {
		return f.kept, err
	}
	out, err := f.expected(ctx)
	if err != nil {
		return nil, err
	}
	out += len(f.kept) // they are found again
	var ids []string
	complete := false
	for range maxSearches {
		if err := f.takeMark(ctx); err != nil {
			return nil, err
		}
		asked, began := f.wanted+out, time.Now()
		if ids, err = f.search(ctx, &asked); err != nil {
			return nil, err
		}
		complete = len(ids) < asked
		f.offer(ids, began, !complete)
		left, err := f.take(ctx, ids)
		if err != nil {
			return nil, err
		}
		f.expect(left)
		f.forget(ctx, ids, complete)
		if len(f.kept) >= f.wanted || complete || asked < f.wanted+out {
			break
		}
		out += max(2*left, 20) // more is left out than was thought
	}
	f.remember(ctx, ids, complete)
	if f.criteria.Offset == 0 {
		if err := f.sight.Found(ctx, len(ids) > 0); err != nil {
			return nil, err
		}
	}
	freed, err := f.settle(ctx)
	if err != nil {
		return nil, err
	}
	if len(freed) > 0 && len(f.kept) < f.wanted {
		if err := f.takeMark(ctx); err != nil {
			return nil, err
		}
		if _, err := f.take(ctx, freed); err != nil {
			return nil, err
		}
	}
	return f.kept, nil
}

// expected is how many tickets the search must leave out: as many as the last one did,
// and some more where that is cheap.
func (f *fetch) expected(ctx context.Context) (int, error) {
	f.mu.Lock()
	of := f.of(f.step.Runner())
	last, known := of.skipped, of.skipped >= 0
	more := f.spares() && of.spare.more
	f.mu.Unlock()
	switch {
	case f.ids == nil && last > 0:
		return last + f.wanted, nil
	case f.ids == nil, known && last == 0 && !more:
		return 0, nil
	case known:
		return last + 10 + 4*f.wanted, nil
	}
	out, err := f.gate.options.Store.Passed(ctx, f.step.Runner(), f.system)
	if err != nil {
		return 0, storeError("ask which tickets are passed over", err)
	}
	return out, nil
}

func (f *fetch) expect(left int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.of(f.step.Runner()).skipped = left
}

// takeMark keeps the moment before a search: what ends from then on it can't know.
func (f *fetch) takeMark(ctx context.Context) (err error) {
	if f.mark, err = f.gate.options.Store.Mark(ctx); err != nil {
		return storeError("ask for the time of a search", err)
	}
	return nil
}

// search returns ids, oldest first; asked is how many could be asked for.
func (f *fetch) search(ctx context.Context, asked *int) ([]string, error) {
	c := f.criteria
	c.Limit = *asked
	if f.ids != nil {
		return f.ids.FindTicketIDs(ctx, c)
	}
	if most := max(mostWhole, f.wanted); c.Limit > most {
		f.sayCapped(ctx, c.Limit-f.wanted, most)
		c.Limit, *asked = most, most
	}
	found, err := f.inner.FindTickets(ctx, c)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	f.whole = make(map[string]api.Ticket, len(found))
	for i, ticket := range found {
		ids[i] = ticket.ID
		f.whole[ticket.ID] = ticket
	}
	return ids, nil
}

func (t *ticketSystem) sayCapped(ctx context.Context, out, most int) {
	t.mu.Lock()
	said := t.capped
	t.capped = true
	t.mu.Unlock()
	if !said {
		t.gate.options.Logger.WarnContext(ctx, "a search is cut off: this ticket system can't search for ids alone, and tickets behind many that are passed over may not be found",
			"service", t.service, "passed_over", out, "searched", most)
	}
}

// take claims from what was found until there are enough, and returns how many of them
// others have or the runner passes over.
func (f *fetch) take(ctx context.Context, ids []string) (left int, err error) {
	f.passed, f.over = nil, nil
	// A search that reaches further finds again what the one before it found.
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return f.claimed[id] })
	for len(ids) > 0 && len(f.kept) < f.wanted {
		claimed, err := f.step.Claim(ctx, store.Claim{
			Runner: f.step.Runner(), Hash: f.step.Hash(), System: f.system,
			Tickets: ids, Limit: f.wanted - len(f.kept), Since: f.mark, Repeat: f.step.Repeat(),
		})
		if err != nil {
			return 0, storeError("claim tickets", err)
		}
		f.passed, f.over = append(f.passed, claimed.Passed...), append(f.over, claimed.Over...)
		left += len(claimed.Passed) + len(claimed.Over) + claimed.Busy
		if len(claimed.Tickets) == 0 {
			f.claimedUpTo("")
			break
		}
		last := claimed.Tickets[len(claimed.Tickets)-1].Ticket
		f.claimedUpTo(last)
		if err = f.readClaimed(ctx, claimed.Tickets); err != nil {
			return 0, err
		}
		ids = behind(ids, last)
	}
	return left, nil
}

// behind are the ids that follow one.
func behind(ids []string, id string) []string { return ids[slices.Index(ids, id)+1:] }

// readClaimed reads what was claimed, keeps what meets the criteria and lets the rest go.
func (f *fetch) readClaimed(ctx context.Context, rows []store.Ticket) (err error) {
	if f.since, err = f.gate.options.Store.Now(ctx); err != nil {
		return storeError("ask for the time", err)
	}
	taken := make([]string, len(rows))
	for i, row := range rows {
		taken[i] = row.Ticket
		f.claimed[row.Ticket] = true
	}
	alone := suspects(rows)
	found, failing, err := f.readWhole(ctx, taken, alone)
	if err != nil {
		return err
	}
	for _, row := range rows {
		ticket, readable := found[row.Ticket]
		if why := failing[row.Ticket]; why != nil {
			f.step.SetAside(row.Ticket, why)
			continue
		}
		if !readable && (alone[row.Ticket] || f.often(f.step, row.Ticket)) {
			f.step.SetAside(row.Ticket, errNotRead)
			continue
		}
		if why := criteria.Unmet(ticket, f.criteria); !readable || why != "" && row.Released < mostReleased && !f.often(f.step, row.Ticket) {
			f.letGo(f.step, row.Ticket)
			row.Run, row.Working, row.Fetched = "", false, false
			f.step.Later(store.Batch{Tickets: []store.Ticket{row}})
			continue
		}
		if err := f.keep(ctx, row, ticket); err != nil {
			return err
		}
		f.kept = append(f.kept, ticket)
	}
	return nil
}

func (f *fetch) readWhole(ctx context.Context, ids []string, alone map[string]bool) (found map[string]api.Ticket, failing map[string]error, err error) {
	if f.whole != nil {
		return f.whole, nil, nil
	}
	return f.readEach(ctx, ids, f.criteria, alone)
}

// keep makes what was read the picture of the ticket.
func (f *fetch) keep(ctx context.Context, row store.Ticket, ticket api.Ticket) error {
	now, err := f.pictureOf(ctx, f.step.Runner(), ticket, f.criteria, f.since)
	if err != nil {
		return err
	}
	now.Read.Mark = int64(f.mark)
	f.known.learn(ticket)
	if before, ok := decodePicture(row.Picture); ok {
		now = before.Absorb(now)
	}
	row.Picture, row.Settled, row.Fetched, row.Note = encodePicture(now), false, true, ""
	f.step.Later(store.Batch{Tickets: []store.Ticket{row}})
	return nil
}

// pictureOf is the picture of a ticket that was read now.
func (t *ticketSystem) pictureOf(ctx context.Context, runner string, ticket api.Ticket, c api.SearchCriteria, at int64) (picture.Picture, error) {
	key, err := t.gate.key(ctx)
	if err != nil {
		return picture.Picture{}, err
	}
	if at == 0 {
		if at, err = t.gate.options.Store.Now(ctx); err != nil {
			return picture.Picture{}, storeError("ask for the time", err)
		}
	}
	p := key.Of(ticket, t.gate.fieldNames(ctx, runner))
	if p.At = at; t.gate.options.KeepText {
		p.Title = ticket.Subject
	}
	p.Read.Process, p.Read.Clock = t.gate.process, t.gate.clock()
	if p.Read.Criteria, err = encodeCriteria(c); err != nil {
		p.Read.Criteria = nil // then they are not judged again
	}
	t.saw(runner, ticket.Changed)
	return p, nil
}

// saw keeps the latest change that was seen: the ticket system's own clock.
func (t *ticketSystem) saw(runner string, changed time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if of := t.of(runner); changed.After(of.newest) {
		of.newest = changed
	}
}

// letGo counts that a ticket was released or overtaken; often reports whether that
// happened too often in a row to do it once more.
func (t *ticketSystem) letGo(step Step, ticket string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.released) > 10_000 {
		clear(t.released)
	}
	t.released[step.Runner()+"\x00"+ticket]++
}

func (t *ticketSystem) often(step Step, ticket string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.released[step.Runner()+"\x00"+ticket] >= mostReleased
}

func (t *ticketSystem) workedAt(step Step, ticket string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.released, step.Runner()+"\x00"+ticket)
}
