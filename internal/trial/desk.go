package trial

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// desk is what a trial knows of the tickets of one help desk, whichever services lead to it.
type desk struct {
	name string

	loading sync.Mutex // one reading of all tickets at a time; guards the two below
	listed  bool
	loaded  map[string]bool // by variant

	mu      sync.Mutex
	order   []string // the tickets of the trial; nil where searches ask
	tickets map[string]*ticket
	runners map[string]*reader
	names   entities
}

// reader is a runner, as far as its searches at this help desk are concerned.
type reader struct {
	given   map[string]bool
	judged  map[string]judgment
	rest    []string // of the tickets of the trial, those that it has not had
	counted bool     // how many tickets it gets
}

// judgment says whether a ticket meets the criteria of a search.
type judgment struct {
	key     string // of the search
	version int    // of the ticket
	why     criteria.Reason
	open    []string
}

// ticket is a ticket as it was read, and what was written to it since.
type ticket struct {
	id      string
	read    map[string]api.Ticket // by variant
	laid    []api.TicketUpdate
	changed map[string]bool // further fields that were written
	version int             // counts what was written
	at      *run            // that works at it
	gotten  bool            // by some runner
	unread  error
	names   entities
	last    string // the variant that it was read by last
	current map[string]api.Ticket
}

func newDesk(name string) *desk {
	return &desk{name: name, loaded: make(map[string]bool), tickets: make(map[string]*ticket), runners: make(map[string]*reader), names: make(entities)}
}

func (d *desk) runner(name string) *reader {
	k := d.runners[name]
	if k == nil {
		k = &reader{given: make(map[string]bool), judged: make(map[string]judgment)}
		d.runners[name] = k
	}
	return k
}

// forget drops from the rest what the runner has had.
func (k *reader) forget() {
	k.rest = slices.DeleteFunc(slices.Clone(k.rest), func(id string) bool { return k.given[id] })
}

func (d *desk) ticket(id string) *ticket {
	t := d.tickets[id]
	if t == nil {
		t = &ticket{id: id, read: make(map[string]api.Ticket), changed: make(map[string]bool), names: d.names, current: make(map[string]api.Ticket)}
		d.tickets[id] = t
	}
	return t
}

func (d *desk) list(ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.order = ids
	for _, id := range ids {
		d.ticket(id)
	}
}

func (d *desk) accept(tickets []api.Ticket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range tickets {
		d.order = append(d.order, t.ID)
		d.put(t, "")
	}
}

var errLeftOut = errors.New("the ticket system leaves it out: it was deleted, or the right to read it is missing")

// read notes what a request has read.
func (d *desk) read(ids []string, read []api.Ticket, how string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range read {
		d.put(t, how)
	}
	for _, id := range ids {
		if t := d.ticket(id); !t.has(how) {
			t.unread = cmp.Or(err, errLeftOut)
		}
	}
}

func (d *desk) put(t api.Ticket, how string) *ticket {
	d.names.learn(t)
	known := d.ticket(t.ID)
	known.read[how], known.last, known.unread = t, how, nil
	delete(known.current, how)
	return known
}

func (t *ticket) has(how string) bool { _, ok := t.read[how]; return ok }

// found notes what a search has found, and returns the ids, and those of tickets that were
// written to: by now the search may find them.
func (d *desk) found(read []api.Ticket, how string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]string, 0, len(read))
	for _, t := range read {
		d.put(t, how)
		ids = append(ids, t.ID)
	}
	for id, t := range d.tickets {
		if t.version > 0 && t.has(how) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	slices.SortStableFunc(ids[len(read):], olderID)
	return ids
}

// olderID orders ids as numbers.
func olderID(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }

// saw notes a ticket that was read by itself.
func (d *desk) saw(t api.Ticket, how string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.put(t, how)
}

// now is a ticket as it is by now.
func (d *desk) now(id, how string) (api.Ticket, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil || !t.has(how) {
		return api.Ticket{}, false
	}
	return t.now(how), true
}

// anyNow is a ticket as it is by now, in whatever way it was read.
func (d *desk) anyNow(id string) (api.Ticket, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil || len(t.read) == 0 {
		return api.Ticket{}, false
	}
	return t.now(t.last), true
}

// now is the ticket with all that was written laid over it.
func (t *ticket) now(how string) api.Ticket {
	if len(t.laid) == 0 {
		return t.read[how]
	}
	now, ok := t.current[how]
	if !ok {
		now = t.read[how]
		for _, u := range t.laid {
			now = t.names.lay(now, u)
		}
		t.current[how] = now
	}
	return now
}

// lay notes what was written.
func (d *desk) lay(id string, u api.TicketUpdate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.ticket(id)
	t.laid = append(t.laid, u)
	t.version++
	clear(t.current)
	for name := range u.Fields {
		t.changed[name] = true
	}
}

func (d *desk) laidOver(tickets []api.Ticket) []api.Ticket {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := slices.Clone(tickets)
	for i, t := range out {
		if known := d.tickets[t.ID]; known != nil {
			for _, u := range known.laid {
				out[i] = d.names.lay(out[i], u)
			}
		}
	}
	return out
}

// atWork counts the tickets that runs work at.
func (d *desk) atWork() int {
	n := 0
	for _, t := range d.tickets {
		if t.at != nil {
			n++
		}
	}
	return n
}

// release ends a run's work at a ticket; again: its runner may get it once more.
func (d *desk) release(runner, id string, at *run, again bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil || t.at != at {
		return
	}
	t.at = nil
	if k := d.runner(runner); again {
		delete(k.given, id)
		if d.order != nil {
			k.rest = append(slices.Clone(k.rest), id)
			slices.SortStableFunc(k.rest, olderID)
		}
	}
}

func (d *desk) passed() []Passed {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Passed
	for _, id := range d.order {
		t := d.tickets[id]
		if t.gotten {
			continue
		}
		p := Passed{Ticket: id, Number: t.read[t.last].Number, Unread: t.unread != nil}
		if p.Unread {
			p.Why = "it can't be read: " + t.unread.Error()
		}
		var closest criteria.Reason
		for _, name := range slices.Sorted(maps.Keys(d.runners)) {
			// The queue is judged first: who says something else came closer.
			if v, ok := d.runners[name].judged[id]; ok && v.why.Any() && (!closest.Any() || closest.Field == criteria.Queue) {
				closest = v.why
			}
		}
		if !p.Unread {
			p.Why = closest.String()
		}
		all = append(all, p)
	}
	return all
}

// entities are the names and ids that tickets have shown, by kind.
type entities map[string]map[string]api.Entity

func (e entities) learn(t api.Ticket) {
	for kind, of := range map[string]*api.Entity{"queue": t.Queue, "priority": t.Priority, "state": t.State, "owner": t.Owner} {
		if of == nil || of.ID == "" || of.Name == "" {
			continue
		}
		if e[kind] == nil {
			e[kind] = make(map[string]api.Entity)
		}
		e[kind]["id "+of.ID], e[kind]["name "+of.Name] = *of, *of
	}
	if kind, ok := t.Fields["StateType"].(string); ok && t.State != nil && t.State.Name != "" {
		if e["type"] == nil {
			e["type"] = make(map[string]api.Entity)
		}
		e["type"][t.State.Name] = api.Entity{Name: kind}
	}
}

// whole is an entity with its name and its id, as far as they are known. A name wins, as in
// ticket systems.
func (e entities) whole(kind string, of *api.Entity) *api.Entity {
	key := "id " + of.ID
	if of.Name != "" {
		key = "name " + of.Name
	}
	if known, ok := e[kind][key]; ok {
		return &known
	}
	if of.Name != "" {
		return &api.Entity{Name: of.Name}
	}
	return &api.Entity{ID: of.ID}
}

// lay is a ticket after an update.
func (e entities) lay(t api.Ticket, u api.TicketUpdate) api.Ticket {
	if u.Subject != nil {
		t.Subject = *u.Subject
	}
	for _, change := range []struct {
		kind string
		to   *api.Entity
		of   **api.Entity
	}{{"queue", u.Queue, &t.Queue}, {"priority", u.Priority, &t.Priority}, {"state", u.State, &t.State}, {"owner", u.Owner, &t.Owner}, {"customer", u.Customer, &t.Customer}} {
		if change.to != nil {
			*change.of = e.whole(change.kind, change.to)
		}
	}
	t.Fields = maps.Clone(t.Fields)
	if t.Fields == nil {
		t.Fields = make(map[string]any)
	}
	if u.State != nil {
		delete(t.Fields, "StateType") // then the state's name says it
		if kind, ok := e["type"][t.State.Name]; ok {
			t.Fields["StateType"] = kind.Name
		}
	}
	for name, v := range u.Fields {
		if v == nil {
			delete(t.Fields, name)
			continue
		}
		t.Fields[name] = v
	}
	t.Notes = append(slices.Clone(t.Notes), u.Notes...)
	t.Changed = time.Now()
	return t
}
