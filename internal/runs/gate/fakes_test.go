package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/runs/criteria"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// memory is the part of a run store that the gate meets: rows of tickets, effects,
// causes, values. Its clock is the test's.
type memory struct {
	mu       sync.Mutex
	rows     map[string]store.Ticket // by runner and ticket
	effects  map[string]store.Effect // by run and key
	causes   []store.Cause
	values   map[string]string
	ends     int64
	refuse   error  // what Fence answers
	answered func() // before an answer arrives that lets a request through
	commits  int
	clock    func() (string, int64)
}

func newMemory() *memory {
	return &memory{rows: make(map[string]store.Ticket), effects: make(map[string]store.Effect), values: make(map[string]string)}
}

func (m *memory) Mark(context.Context) (store.Mark, error) { return store.Mark(m.ends), nil }
func (m *memory) Now(context.Context) (int64, error)       { return time.Now().UnixMicro(), nil }

func (m *memory) Passed(_ context.Context, runner, system string) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range m.rows {
		if row.Runner == runner && row.System == system && passed(row) {
			n++
		}
	}
	return n, nil
}

func passed(row store.Ticket) bool {
	return row.Run != "" || row.Standing != store.Free && (row.DueAt == 0 || row.DueAt > time.Now().UnixMicro())
}

func (m *memory) Tickets(_ context.Context, runner, _ string, ids []string) (out []store.Ticket, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if row, ok := m.rows[runner+" "+id]; ok {
			out = append(out, row)
		}
	}
	return out, nil
}

func (m *memory) PutTickets(_ context.Context, ts []store.Ticket) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range ts {
		m.rows[row.Runner+" "+row.Ticket] = row
	}
	return nil
}

func (m *memory) TicketsBy(_ context.Context, f store.TicketFilter) (all []store.Ticket, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range m.rows {
		if row.Runner == f.Runner && row.System == f.System && (row.Standing == store.Aside || row.Standing == store.StandingDead) {
			all = append(all, row)
		}
	}
	return all, nil
}

func (m *memory) Stale(_ context.Context, runner, system string, seenBefore int64, limit int) (all []store.Ticket, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, row := range m.rows {
		if row.Runner == runner && row.System == system && row.Run == "" && row.Standing != store.Free && row.Seen < seenBefore && len(all) < limit {
			all = append(all, row)
		}
	}
	return all, nil
}

func (m *memory) Forget(_ context.Context, runner, system string, tickets []string, seenBefore int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range tickets {
		if row := m.rows[runner+" "+id]; row.System == system && row.Run == "" && row.Seen < seenBefore {
			m.rows[runner+" "+id] = store.Ticket{Runner: runner, System: system, Ticket: id}
		}
	}
	return nil
}

func (m *memory) OwnEffects(_ context.Context, system, ticket string, since int64) (all []store.Effect, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(m.effects)) {
		if e := m.effects[key]; e.System == system && e.Ticket == ticket && (e.State == store.Done && e.Created >= since || e.State == store.Intent && e.Begun != 0) {
			all = append(all, e)
		}
	}
	return all, nil
}

func (m *memory) Closed(context.Context) (keys []string, err error) {
	for _, c := range m.causes {
		if c.Closed {
			keys = append(keys, c.Key)
		}
	}
	return keys, nil
}

func (m *memory) Value(_ context.Context, key string) (string, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[key]
	return v, ok, nil
}

func (m *memory) SetValue(_ context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[key] = value
	return nil
}

// run is a run as the engine keeps it: what survives its process is in the memory.
type run struct {
	m        *memory
	id       string
	runner   string
	repeat   bool
	item     string
	tries    string
	searched bool
	writes   map[string]int
	later    store.Batch

	rejections []Rejection
	waits      []Wait
	denied     []string
	paused     bool
	failed     []error
	overtaken  []string
	gone       []string
	doubt      []string
	overdue    atomic.Int64
	aside      []string
	leaves     []string
	due        []string
}

func (m *memory) run(id string) *run {
	return &run{m: m, id: id, runner: "router", writes: make(map[string]int)}
}

func (r *run) ctx(t *testing.T) context.Context { return WithStep(t.Context(), r) }

func (r *run) Runner() string { return r.runner }
func (r *run) Hash() string   { return "hash" }
func (r *run) Repeat() bool   { return r.repeat }
func (r *run) Paused() bool   { return r.paused }
func (r *run) Place() string  { return "orchestrator.steps[0]" }
func (r *run) Name() string   { return "step" }

func (r *run) WhileHeld(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
func (r *run) FirstSearch() bool                                  { return !r.searched }
func (r *run) Searched()                                          { r.searched = true }
func (r *run) Due(context.Context, string, int) ([]string, error) { return r.due, nil }
func (r *run) Lent(store.Ticket) bool                             { return false }
func (r *run) Item() (string, bool)                               { return r.item, r.item != "" }
func (r *run) Key() string                                        { return "step" }
func (r *run) Tries() string                                      { return r.tries }
func (r *run) Refused(f Rejection)                                { r.rejections = append(r.rejections, f) }

func (r *run) NotAllowed(_, id string, err error) { r.denied = append(r.denied, id+": "+err.Error()) }
func (r *run) Waits(w Wait)                       { r.waits = append(r.waits, w) }
func (r *run) Failed(err error)                   { r.failed = append(r.failed, err) }

func (r *run) Overtaken(ticket, why string) { r.overtaken = append(r.overtaken, ticket+": "+why) }

func (r *run) Leaves(_, ticket, why string) { r.leaves = append(r.leaves, ticket+": "+why) }

func (r *run) Gone(ticket string) { r.gone = append(r.gone, ticket) }

func (r *run) InDoubt(effect string) { r.doubt = append(r.doubt, effect) }
func (r *run) Overdue(time.Time)     { r.overdue.Add(1) }

func (r *run) SetAside(ticket string, why error) {
	r.aside = append(r.aside, ticket)
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	row := r.m.rows[r.runner+" "+ticket]
	row.Run, row.Working, row.Fetched, row.Standing, row.Note = "", false, false, store.Aside, why.Error()
	row.Attempts++
	row.DueAt = time.Now().Add(time.Minute).UnixMicro()
	r.m.rows[r.runner+" "+ticket] = row
}

func (r *run) Strays(string, string) []store.Effect { return nil }
func (r *run) Counts(store.Effect)                  {}

func (r *run) NextWrite(op, t string) string {
	r.writes[op+t]++
	return fmt.Sprintf("%s %s %d", op, t, r.writes[op+t])
}

func (r *run) Tickets() (all []store.Ticket) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(r.m.rows)) {
		if row := r.m.rows[key]; row.Run == r.id {
			all = append(all, row)
		}
	}
	return all
}

func (r *run) Effects() (all []store.Effect) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(r.m.effects)) {
		if strings.HasPrefix(key, r.id+" ") {
			all = append(all, r.m.effects[key])
		}
	}
	return all
}

func (r *run) Claim(_ context.Context, c store.Claim) (got store.Claimed, err error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	for _, id := range c.Tickets {
		row, known := r.m.rows[c.Runner+" "+id]
		mine := row.Run == r.id && known
		switch {
		case len(got.Tickets) == c.Limit:
			return got, nil
		case !mine && known && row.Run == "" && passed(row) && !c.Repeat:
			row.Seen = time.Now().UnixMicro()
			r.m.rows[c.Runner+" "+id] = row
			if row.Standing == store.Handled && !row.Settled {
				got.Passed = append(got.Passed, row)
			} else {
				got.Over = append(got.Over, id)
			}
		case !mine && (row.Run != "" || r.m.worked(c.System, id) || row.EndedAt > int64(c.Since)):
			got.Busy++
		default:
			row.Runner, row.System, row.Ticket, row.Run, row.Working, row.Fetched = c.Runner, c.System, id, r.id, true, true
			row.Seen = time.Now().UnixMicro()
			r.m.rows[c.Runner+" "+id] = row
			got.Tickets = append(got.Tickets, row)
		}
	}
	return got, nil
}

func (m *memory) worked(system, ticket string) bool {
	for _, row := range m.rows {
		if row.System == system && row.Ticket == ticket && row.Working {
			return true
		}
	}
	return false
}

func (r *run) ClaimOne(_ context.Context, t store.Ticket) (store.Ticket, bool, error) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if r.m.worked(t.System, t.Ticket) {
		return t, true, nil
	}
	if had, ok := r.m.rows[t.Runner+" "+t.Ticket]; ok {
		t = had
	}
	t.Run, t.Working = r.id, true
	r.m.rows[t.Runner+" "+t.Ticket] = t
	return t, false, nil
}

func (r *run) Commit(_ context.Context, b store.Batch) error {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if r.m.refuse != nil {
		return r.m.refuse
	}
	if b.Begin != nil && r.m.answered != nil {
		defer r.m.answered()
	}
	r.m.commits++
	r.m.apply(r, b)
	if b.Begin != nil {
		e := r.m.effects[r.id+" "+b.Begin.Effect]
		e.Begun = time.Now().UnixMicro()
		e.Until = e.Begun + b.Begin.Lasts.Microseconds()
		if r.m.clock != nil {
			e.Boot, e.BootClock = r.m.clock()
		}
		r.m.effects[r.id+" "+b.Begin.Effect] = e
	}
	return nil
}

func (m *memory) apply(r *run, b store.Batch) {
	for _, e := range b.Effects {
		had := m.effects[r.id+" "+e.Key]
		if e.Created = had.Created; e.Created == 0 {
			e.Created = time.Now().UnixMicro()
		}
		m.effects[r.id+" "+e.Key] = e
	}
	for _, row := range b.Tickets {
		m.rows[row.Runner+" "+row.Ticket] = row
		if row.Run == "" && row.Standing == store.Free {
			delete(m.rows, row.Runner+" "+row.Ticket)
		}
	}
}

func (r *run) Fence(_ context.Context, effect string, lasts time.Duration) error {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	if r.m.refuse != nil {
		return r.m.refuse
	}
	if r.m.answered != nil {
		defer r.m.answered()
	}
	e, ok := r.m.effects[r.id+" "+effect]
	if !ok {
		return errors.New("fence: no such effect")
	}
	e.Begun = time.Now().UnixMicro()
	e.Until = e.Begun + lasts.Microseconds()
	if r.m.clock != nil {
		e.Boot, e.BootClock = r.m.clock()
	}
	r.m.effects[r.id+" "+effect] = e
	return nil
}

// Later is stored at once here: what a killed process loses is what again leaves out.
func (r *run) Later(b store.Batch) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.apply(r, b)
	r.later.Success = append(r.later.Success, b.Success...)
}

// again is the run in its next attempt: in the same process.
func (r *run) again() *run {
	next := r.m.run(r.id)
	next.runner, next.item, next.searched = r.runner, r.item, r.searched
	return next
}

// end ends the run with this standing of its tickets.
func (r *run) end(s store.Standing) {
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	r.m.ends++
	for key, row := range r.m.rows {
		if row.Run == r.id {
			row.Run, row.Working, row.Fetched, row.Standing, row.EndedAt, row.DueAt = "", false, false, s, r.m.ends, 0
			r.m.rows[key] = row
		}
	}
}

// desk is a help desk. What it is asked is counted; before, where given, decides on each
// write, and is called with what it would do.
type desk struct {
	mu       sync.Mutex
	tickets  map[string]*api.Ticket
	articles int
	calls    []string
	before   func(id string, apply func()) error
	limits   []int
	fails    error             // of GetTicket
	also     map[string]string // ids by other names
}

// level11 is a desk with level 1.1 but for the record.
type level11 struct {
	*desk
	ask func(context.Context) error
}

func newDesk(ids ...string) *desk {
	d := &desk{tickets: make(map[string]*api.Ticket)}
	for _, id := range ids {
		d.tickets[id] = &api.Ticket{
			ID: id, Subject: "ticket " + id, Queue: &api.Entity{Name: "inbox"}, Priority: &api.Entity{Name: "normal"}, State: &api.Entity{Name: "new"},
			Fields:  map[string]any{"Lock": "unlock", "Color": "red"},
			Changed: time.Now().Add(-time.Hour), Notes: []api.Note{{ID: "a" + id, Subject: "help", Body: "my printer burns", Author: "customer"}},
		}
	}
	return d
}

func (d *desk) called(what string) {
	d.calls = append(d.calls, what)
}

func (d *desk) count(what string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.calls {
		if strings.HasPrefix(c, what) {
			n++
		}
	}
	return n
}

func (d *desk) find(c api.SearchCriteria) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(d.tickets)) {
		t := d.tickets[id]
		if criteria.Unmet(*t, c) == "" && (c.ChangedAfter.IsZero() || t.Changed.After(c.ChangedAfter)) && len(ids) < c.Limit {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d *desk) FindTickets(_ context.Context, c api.SearchCriteria) (all []api.Ticket, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.called("find")
	d.limits = append(d.limits, c.Limit)
	for _, id := range d.find(c) {
		all = append(all, d.copy(id))
	}
	return all, nil
}

func (d *desk) copy(id string) api.Ticket {
	t := *d.tickets[id]
	t.Notes = slices.Clone(t.Notes)
	t.Fields = maps.Clone(t.Fields)
	return t
}

func (d *desk) GetTicket(_ context.Context, id string) (api.Ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.called("get " + id)
	if d.fails != nil {
		return api.Ticket{}, d.fails
	}
	if own, ok := d.also[id]; ok {
		id = own
	}
	if d.tickets[id] == nil {
		return api.Ticket{}, fmt.Errorf("ticket %s: %w", id, api.ErrNotFound)
	}
	return d.copy(id), nil
}

func (d *desk) UpdateTicket(_ context.Context, id string, u api.TicketUpdate) error {
	d.mu.Lock()
	before := d.before
	d.called("update " + id)
	d.mu.Unlock()
	apply := func() { d.change(id, u) }
	if before != nil {
		return before(id, apply)
	}
	apply()
	return nil
}

func (d *desk) AddNote(ctx context.Context, id string, n api.Note) error {
	return d.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

// change changes a ticket, as a write does, or a person.
func (d *desk) change(id string, u api.TicketUpdate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	for name, to := range entityFields(&u) {
		if *to == nil {
			continue
		}
		switch name {
		case "queue":
			t.Queue = *to
		case "priority":
			t.Priority = *to
		case "state":
			t.State = *to
		case "owner":
			t.Owner = *to
		case "customer":
			t.Customer = *to
		}
	}
	if u.Subject != nil {
		t.Subject = *u.Subject
	}
	for name, v := range u.Fields {
		t.Fields[name] = v
	}
	for _, n := range u.Notes {
		d.articles++
		n.ID = fmt.Sprint("n", d.articles)
		if n.Author == "" {
			n.Author = "otai"
		}
		n.Created = time.Now()
		t.Notes = append(t.Notes, n)
	}
	t.Changed = time.Now()
}

func (d *desk) notes(id string) (n int) {
	for _, note := range d.tickets[id].Notes {
		if note.Author == "otai" {
			n++
		}
	}
	return n
}

func (l *level11) FindTicketIDs(_ context.Context, c api.SearchCriteria) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.called("ids")
	if !c.ChangedAfter.IsZero() {
		l.called("changed")
	}
	l.limits = append(l.limits, c.Limit)
	return l.find(c), nil
}

func (l *level11) ReadTickets(_ context.Context, ids []string, _ api.SearchCriteria) (all []api.Ticket, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.called("read")
	for _, id := range ids {
		if l.tickets[id] != nil {
			all = append(all, l.copy(id))
		}
	}
	return all, nil
}

func (l *level11) UseFence(ask func(context.Context) error) { l.ask = ask }

func (l *level11) UpdateTicket(ctx context.Context, id string, u api.TicketUpdate) error {
	if err := l.ask(ctx); err != nil {
		return err
	}
	return l.desk.UpdateTicket(ctx, id, u)
}

func (l *level11) AddNote(ctx context.Context, id string, n api.Note) error {
	return l.UpdateTicket(ctx, id, api.TicketUpdate{Notes: []api.Note{n}})
}

// world is a gate with a store and a help desk.
type world struct {
	*testing.T
	m    *memory
	d    *desk
	g    *Gate
	s    api.TicketSystem
	logs *bytes.Buffer
}

// newWorld wraps a desk with level 1.1, or without.
func newWorld(t *testing.T, full bool, ids ...string) *world {
	w := &world{T: t, m: newMemory(), d: newDesk(ids...), logs: new(bytes.Buffer)}
	w.restart(full)
	return w
}

// restart is a new process.
func (w *world) restart(full bool) {
	w.g = New(Options{Store: w.m, Keep: 30 * 24 * time.Hour, Logger: slog.New(slog.NewTextHandler(w.logs, nil))})
	var inner any = w.d
	if full {
		inner = &level11{desk: w.d}
	}
	w.s = w.g.Wrap("desk", inner).(api.TicketSystem)
}

var inbox = api.SearchCriteria{Queue: &api.Entity{Name: "inbox"}, Limit: 2, Fields: map[string]any{"Locks": []any{"unlock"}}}

func (w *world) fetch(r *run, c api.SearchCriteria) []string {
	w.Helper()
	found, err := w.s.FindTickets(r.ctx(w.T), c)
	if err != nil {
		w.Fatal(err)
	}
	ids := []string{}
	for _, t := range found {
		ids = append(ids, t.ID)
	}
	return ids
}

func queue(name string) api.TicketUpdate {
	return api.TicketUpdate{Queue: &api.Entity{Name: name}, Notes: []api.Note{{Subject: "otai", Body: "moved"}}}
}

var hello = api.Note{Subject: "otai", Body: "looked at"}

func (r *run) Full(context.Context, string, int) error {
	r.paused = true
	return nil
}
