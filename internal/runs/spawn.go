package runs

import (
	"slices"
	"strconv"

	"github.com/open-ticket-ai/otai/internal/runs/ends"

	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// spawning makes the items of a loop runs: all with their claims, in one transaction. The
// items are begun with it, by this process, which takes no transaction and no queue for
// each; those of a run that has written something itself are only due, as what it wrote
// has to move to them.
type spawning struct {
	*run
	step  orchestrator.Step
	at    *orchestrator.Place
	now   int64
	batch store.Batch
	out   map[string]orchestrator.LoopItem // whose value may not be stored
	begun []*run

	of    map[string][]string // runs by ticket
	own   map[string]*run     // those that are begun
	parts bool                // some are not tickets that the run has fetched
}

// spawn is what stores the items. What the run has fetched goes to them, or stays with it.
func (r *run) spawn(s orchestrator.Step, at *orchestrator.Place, items []orchestrator.LoopItem) *spawning {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := &spawning{
		run: r, step: s, at: at, now: r.e.now(), out: make(map[string]orchestrator.LoopItem),
		of: make(map[string][]string, len(items)), own: make(map[string]*run, len(items)),
	}
	for _, item := range items {
		n.add(item)
	}
	keeps := false
	for _, t := range r.tickets {
		if !t.Fetched || len(items) == 0 && r.item != nil { // its later steps may be about it
			continue
		}
		t = n.give(t)
		keeps = keeps || t.Run == r.row.ID
		n.batch.Tickets = append(n.batch.Tickets, t)
	}
	n.batch.Steps = []store.Step{{Key: stepSpawned}}
	if keeps {
		n.batch.Steps[0].Params = s.Key
	} else {
		r.pending.Steps, r.pending.Documents = nil, nil // of a run that isn't resumed
	}
	atWork := stepSpawned + s.Key
	n.batch.AtWork = &atWork
	return n
}

// add makes an item a run.
func (n *spawning) add(item orchestrator.LoopItem) {
	item.Ticket = n.ticketOf(item)
	row := store.Run{
		ID: newID(), Runner: n.at.Runner, Place: n.at.Path, Hash: n.at.Hash, Parent: n.row.ID, Key: n.called(item), State: store.Ready, DueAt: n.now,
	}
	switch {
	case len(n.effects) == 0:
		row.State, row.Owner, row.Fence = store.Running, n.row.Owner, 1
	case n.e.o.Alone: // others get them when this process has ended
		row.Owner = n.row.Owner
	}
	body, err := kept.EncodeItem(item, n.e.clean)
	if err != nil {
		n.e.sayKeptOut(n.step, err)
		n.out[row.ID] = item
		body = itemOut
	}
	row.Item = body
	n.of[item.Ticket] = append(n.of[item.Ticket], row.ID)
	n.parts = n.parts || !n.fetched(item.Ticket)
	n.batch.Spawn = append(n.batch.Spawn, row)
	if row.State == store.Running {
		one := n.e.newRun(n.at, row)
		one.stored, one.resumed, one.item = true, true, &item
		n.own[row.ID] = one
		n.begun = append(n.begun, one)
	}
}

// give gives a fetched ticket to the item that it is. One about which several items may be,
// or nobody knows which, stays with the loop until the last of them has ended: it is lent to
// one after another, and whichever writes to it has it until its own end.
func (n *spawning) give(t store.Ticket) store.Ticket {
	ids := n.of[t.Ticket]
	switch {
	case len(ids) == 1:
		t.Run = ids[0]
		if one := n.own[t.Run]; one != nil {
			one.tickets = []store.Ticket{t}
		} else {
			t.Working = false
		}
	case len(ids) > 1 || n.parts:
		t = n.standing(t, ends.DecideLent(n.now, n.p.Repeat, n.wroteTo(t), leftBefore(t), n.step.Path))
		t.Run = n.row.ID
	default:
		t = n.standing(t, ends.DecideLeftOut(n.now, leftBefore(t), n.step.Path))
	}
	return t
}

// ticketOf is the ticket that an item is: also one of which the item is only the id.
func (r *run) ticketOf(item orchestrator.LoopItem) string {
	id, ok := item.Value.(string)
	switch {
	case item.Ticket == "" && ok && r.fetched(id):
		return id
	case r.fetched(item.Ticket) || r.e.mayName(item.Ticket):
		return item.Ticket
	}
	return "" // only made to look like a ticket
}

// called is what people read of which item it is, after its end, too: its key, unless that may be
// somebody's words; then its place among the items.
func (n *spawning) called(item orchestrator.LoopItem) string {
	place := strconv.Itoa(len(n.batch.Spawn))
	if item.Key == place || item.Key == item.Ticket || n.e.mayName(item.Key) {
		return item.Key
	}
	return "#" + place
}

// mayName reports whether a text may be kept as what a ticket or an item is called.
func (e *Engine) mayName(text string) bool { return e.o.MayName == nil || e.o.MayName(text) }

// fetched reports whether it is a ticket that the run has by its fetch.
func (r *run) fetched(ticket string) bool {
	return slices.ContainsFunc(r.tickets, func(t store.Ticket) bool { return t.Fetched && t.Ticket == ticket })
}

// leftBefore is how often in a row a ticket was left.
func leftBefore(t store.Ticket) int {
	if t.Standing != store.StandingLeft {
		return 0
	}
	return t.Attempts
}
