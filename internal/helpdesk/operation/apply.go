package operation

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// reference is a reference to an entry by name, id, or both. Before anything is written, the id is checked, or the name if there
// is no id. What is written is what the name says, unless the ticket has it already.
type reference[E store.Listed] struct {
	name, id string
	known    []E
}

func (ref reference[E]) given() bool { return ref.name != "" || ref.id != "" }

func (ref reference[E]) valid() bool {
	_, ok := store.ByID(ref.known, ref.id)
	if ref.id == "" {
		_, ok = store.ByName(ref.known, ref.name)
	}
	return ok
}

// target returns what the servers take the reference for while they check it: what the id says, if there is one.
func (ref reference[E]) target() E {
	to, ok := store.ByID(ref.known, ref.id)
	if !ok {
		to, _ = store.ByName(ref.known, ref.name)
	}
	return to
}

// new returns what the ticket gets instead of what it has; changes is false if it has that already.
func (ref reference[E]) new(has store.Entry) (to E, changes bool, err error) {
	var ok bool
	switch {
	case ref.name != "" && ref.name != has.Name:
		to, ok = store.ByName(ref.known, ref.name)
	case ref.id != "" && ref.id != wire.ID(has.ID):
		to, ok = store.ByID(ref.known, ref.id)
	default:
		return to, false, nil
	}
	if !ok {
		return to, false, wire.ErrCanceled
	}
	return to, true, nil
}

// edit is an agent's work on a ticket. Setting a value that is there already changes nothing.
type edit struct {
	*System
	op string
	t  *store.Ticket
	by int64
}

// apply writes a change, in the order of the servers, and returns the new articles.
func (e edit) apply(c change, stop Stop) ([]*store.Article, error) {
	articles := make([]*store.Article, 0, len(c.articles))
	var steps []step
	add := func(wanted bool, name string, take func() error) {
		if wanted {
			steps = append(steps, step{name, take})
		}
	}
	add(c.title != "", StepTitle, func() error { return e.setTitle(c.title) })
	add(c.queue.given(), StepQueue, func() error { return e.setQueue(c.queue) })
	add(c.lock.given(), StepLock, func() error { return e.setLock(c.lock) })
	add(c.kind.given(), StepType, func() error { return e.setType(c.kind) })
	add(c.state.given(), StepState, func() error { return e.setState(c.state, c.pendingUntil) })
	add(c.customer != nil, StepCustomer, func() error { return e.setCustomer(*c.customer) })
	add(c.priority.given(), StepPriority, func() error { return e.setPriority(c.priority) })
	add(c.owner.given(), StepOwner, func() error { return e.setOwner(c.owner) })
	add(c.responsible.given(), StepResponsible, func() error { return e.setResponsible(c.responsible) })
	for _, d := range c.articles {
		add(true, StepArticle, func() error {
			a, err := e.AddArticle(e.t, d, e.by)
			if err == nil {
				articles = append(articles, a)
			}
			return err
		})
	}
	add(len(c.fields) > 0, StepField, func() error { e.setFields(c.fields); return nil })
	return articles, take(steps, stop)
}

func (e edit) setTitle(title string) error {
	if title == e.t.Title {
		return nil
	}
	if utf8.RuneCountInString(title) > store.MaxTitle {
		return wire.ErrCanceled
	}
	old := e.t.Title
	e.t.Title = title
	e.Record(e.t, e.by, "TitleUpdate", old, title)
	return nil
}

func (e edit) setQueue(ref reference[store.Queue]) error {
	old := e.Catalog.Queue(e.t.Queue).Entry
	q, changes, err := ref.new(old)
	if err != nil || changes && e.QueueAccess(store.Actor{ID: e.by}, &q) > store.AccessDocumented {
		return wire.KernelError("Ticket queue could not be updated, please contact system administrator!")
	}
	if changes {
		e.t.Queue = q.ID
		e.Record(e.t, e.by, "Move", q.Name, wire.ID(q.ID), old.Name, wire.ID(old.ID))
	}
	return nil
}

func (e edit) setLock(ref reference[store.Entry]) error {
	lock, changes, err := ref.new(e.t.Lock)
	if err == nil && changes {
		e.changeLock(lock)
	}
	return err
}

func (e edit) changeLock(lock store.Entry) {
	event := "Lock"
	if lock.Name == store.Unlocked {
		event = "Unlock"
	} else {
		e.t.UnlockTimeout = e.Now().Unix()
	}
	e.t.Lock = lock
	e.Record(e.t, e.by, event, lock.Name)
}

func (e edit) setType(ref reference[store.Entry]) error {
	old := e.t.Type
	kind, changes, err := ref.new(old)
	if err == nil && changes {
		e.t.Type = kind
		e.Record(e.t, e.by, "TypeUpdate", kind.Name, wire.ID(kind.ID), old.Name, wire.ID(old.ID))
	}
	return err
}

// setState unlocks a ticket that it closes and demands a time for a pending state, even if the state stays the same.
func (e edit) setState(ref reference[store.State], until time.Time) error {
	aim := ref.target()
	switch {
	case aim.Closed() && e.t.Lock.Name != store.Unlocked:
		lock, _ := store.ByName(e.Catalog.Locks, store.Unlocked)
		e.changeLock(lock)
	case aim.Pending() && until.IsZero():
		return &wire.ServerError{
			Status: http.StatusOK, Code: e.op + ".MissingParameter",
			Text: "Can't set a ticket on a pending state without pendig time!",
		}
	case aim.Pending():
		e.setPendingTime(until)
	}
	old := e.t.State
	st, changes, err := ref.new(old.Entry)
	if err == nil && changes {
		e.t.State = st
		e.Record(e.t, e.by, "StateUpdate", old.Name, st.Name)
	}
	return err
}

func (e edit) setPendingTime(until time.Time) {
	if e.t.PendingUntil.Equal(until) {
		return
	}
	e.t.PendingUntil = until
	e.Record(e.t, e.by, "SetPendingTime", wire.Stamp(until))
}

func (e edit) setCustomer(who store.Customer) error {
	if who.Login == e.t.Customer && who.Company == e.t.Company {
		return nil
	}
	e.t.Customer, e.t.Company = who.Login, who.Company
	e.Record(e.t, e.by, "CustomerUpdate", "CustomerID="+who.Company+";CustomerUser="+who.Login+";")
	return nil
}

func (e edit) setPriority(ref reference[store.Entry]) error {
	old := e.t.Priority
	p, changes, err := ref.new(old)
	if err == nil && changes {
		e.t.Priority = p
		e.Record(e.t, e.by, "PriorityUpdate", old.Name, wire.ID(old.ID), p.Name, wire.ID(p.ID))
	}
	return err
}

func (e edit) setOwner(ref reference[store.Agent]) error {
	return e.setAgent(&e.t.Owner, "OwnerUpdate", ref)
}

func (e edit) setResponsible(ref reference[store.Agent]) error {
	return e.setAgent(&e.t.Responsible, "ResponsibleUpdate", ref)
}

func (e edit) setAgent(has *store.Entry, event string, ref reference[store.Agent]) error {
	who, changes, err := ref.new(*has)
	if err == nil && changes {
		*has = who.Entry
		e.Record(e.t, e.by, event, who.Name, wire.ID(who.ID))
	}
	return err
}

func (e edit) setFields(values []fieldValue) {
	for _, f := range values {
		old := e.t.Fields[f.name]
		if store.SameValue(old, f.value) {
			continue
		}
		if f.value == nil {
			delete(e.t.Fields, f.name)
		} else {
			e.t.Fields[f.name] = f.value
		}
		e.Record(e.t, e.by, "TicketDynamicFieldUpdate", "FieldName", f.name,
			"Value", strings.Join(store.FieldTexts(f.value), ","), "OldValue", strings.Join(store.FieldTexts(old), ","))
	}
}
