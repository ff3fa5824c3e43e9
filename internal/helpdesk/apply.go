package helpdesk

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// step is a part of a write that stays done when a later one fails.
type step struct {
	name string
	take func() error
}

// take takes the steps until one fails, or until a fault stops it.
func take(steps []step, stop Stop) error {
	names := make([]string, len(steps))
	for i, st := range steps {
		names[i] = st.name
	}
	end := len(steps)
	if stop != nil {
		end = stop(names)
	}
	for _, st := range steps[:end] {
		if err := st.take(); err != nil {
			return err
		}
	}
	if stop != nil {
		return errCancelled
	}
	return nil
}

// edit is somebody's work on a ticket. A value that is there already is no change.
type edit struct {
	*System
	op string
	t  *ticket
	by int64
}

// apply writes a change in the order of the servers and returns the new articles.
func (e edit) apply(c change, stop Stop) ([]*article, error) {
	articles := make([]*article, 0, len(c.articles))
	var steps []step
	add := func(wanted bool, name string, take func() error) {
		if wanted {
			steps = append(steps, step{name, take})
		}
	}
	add(c.title != "", stepTitle, func() error { return e.setTitle(c.title) })
	add(c.queue.given(), stepQueue, func() error { return e.setQueue(c.queue) })
	add(c.lock.given(), stepLock, func() error { return e.setLock(c.lock) })
	add(c.kind.given(), stepType, func() error { return e.setType(c.kind) })
	add(c.state.given(), stepState, func() error { return e.setState(c.state, c.pendingUntil) })
	add(c.customer != nil, stepCustomer, func() error { return e.setCustomer(*c.customer) })
	add(c.priority.given(), stepPriority, func() error { return e.setPriority(c.priority) })
	add(c.owner.given(), stepOwner, func() error { return e.setOwner(c.owner) })
	add(c.responsible.given(), stepResponsible, func() error { return e.setResponsible(c.responsible) })
	for _, d := range c.articles {
		add(true, stepArticle, func() error {
			a, err := e.addArticle(e.t, d, e.by)
			if err == nil {
				articles = append(articles, a)
			}
			return err
		})
	}
	add(len(c.fields) > 0, stepField, func() error { e.setFields(c.fields); return nil })
	return articles, take(steps, stop)
}

// wanted is an entry of a catalogue that a request names, gives the id of, or both. The id is checked before anything is
// written, and the name alone when there is no id; the name counts, unless the ticket has it already.
type wanted[E interface{ entry() named }] struct {
	name, id string
	known    []E
}

func (w wanted[E]) given() bool { return w.name != "" || w.id != "" }

func (w wanted[E]) valid() bool {
	_, ok := byID(w.known, w.id)
	if w.id == "" {
		_, ok = byName(w.known, w.name)
	}
	return ok
}

// aim is what the request wants as the servers see it while they check it: by the id, if there is one.
func (w wanted[E]) aim() E {
	to, ok := byID(w.known, w.id)
	if !ok {
		to, _ = byName(w.known, w.name)
	}
	return to
}

// new returns what the ticket gets instead of what it has; changes is false when it has it.
func (w wanted[E]) new(has named) (to E, changes bool, err error) {
	ok := true
	switch {
	case w.name != "" && w.name != has.name:
		to, ok = byName(w.known, w.name)
	case w.id != "" && w.id != idText(has.id):
		to, ok = byID(w.known, w.id)
	default:
		return to, false, nil
	}
	if !ok {
		return to, false, errCancelled
	}
	return to, true, nil
}

func (e edit) setTitle(title string) error {
	if title == e.t.title {
		return nil
	}
	if utf8.RuneCountInString(title) > maxTitle {
		return errCancelled
	}
	old := e.t.title
	e.t.title = title
	e.record(e.t, e.by, "TitleUpdate", old, title)
	return nil
}

func (e edit) setQueue(w wanted[queue]) error {
	old := e.catalog.queue(e.t.queue).named
	q, changes, err := w.new(old)
	if err != nil || changes && e.queueAccess(actor{id: e.by}, &q) > AccessDocumented {
		return fault("Ticket queue could not be updated, please contact system administrator!")
	}
	if changes {
		e.t.queue = q.id
		e.record(e.t, e.by, "Move", q.name, idText(q.id), old.name, idText(old.id))
	}
	return nil
}

func (e edit) setLock(w wanted[named]) error {
	lock, changes, err := w.new(e.t.lock)
	if err == nil && changes {
		e.changeLock(lock)
	}
	return err
}

func (e edit) changeLock(lock named) {
	event := "Lock"
	if lock.name == unlocked {
		event = "Unlock"
	} else {
		e.t.unlockTimeout = e.now().Unix()
	}
	e.t.lock = lock
	e.record(e.t, e.by, event, lock.name)
}

func (e edit) setType(w wanted[named]) error {
	old := e.t.kind
	kind, changes, err := w.new(old)
	if err == nil && changes {
		e.t.kind = kind
		e.record(e.t, e.by, "TypeUpdate", kind.name, idText(kind.id), old.name, idText(old.id))
	}
	return err
}

// setState unlocks a ticket that it closes, and demands a time for a pending one, before it looks whether there is a change.
func (e edit) setState(w wanted[state], until time.Time) error {
	aim := w.aim()
	switch {
	case aim.closed() && e.t.lock.name != unlocked:
		lock, _ := byName(e.catalog.locks, unlocked)
		e.changeLock(lock)
	case aim.pending() && until.IsZero():
		return &failure{
			status: http.StatusOK, code: e.op + ".MissingParameter",
			text: "Can't set a ticket on a pending state without pendig time!",
		}
	case aim.pending():
		e.setPendingTime(until)
	}
	old := e.t.state
	st, changes, err := w.new(old.named)
	if err == nil && changes {
		e.t.state = st
		e.record(e.t, e.by, "StateUpdate", old.name, st.name)
	}
	return err
}

func (e edit) setPendingTime(until time.Time) {
	if e.t.pendingUntil.Equal(until) {
		return
	}
	e.t.pendingUntil = until
	e.record(e.t, e.by, "SetPendingTime", stamp(until))
}

func (e edit) setCustomer(who customer) error {
	if who.login == e.t.customer && who.company == e.t.company {
		return nil
	}
	e.t.customer, e.t.company = who.login, who.company
	e.record(e.t, e.by, "CustomerUpdate", "CustomerID="+who.company+";CustomerUser="+who.login+";")
	return nil
}

func (e edit) setPriority(w wanted[named]) error {
	old := e.t.priority
	p, changes, err := w.new(old)
	if err == nil && changes {
		e.t.priority = p
		e.record(e.t, e.by, "PriorityUpdate", old.name, idText(old.id), p.name, idText(p.id))
	}
	return err
}

func (e edit) setOwner(w wanted[agent]) error {
	return e.setAgent(&e.t.owner, "OwnerUpdate", w)
}

func (e edit) setResponsible(w wanted[agent]) error {
	return e.setAgent(&e.t.responsible, "ResponsibleUpdate", w)
}

func (e edit) setAgent(has *named, event string, w wanted[agent]) error {
	who, changes, err := w.new(*has)
	if err == nil && changes {
		*has = who.named
		e.record(e.t, e.by, event, who.name, idText(who.id))
	}
	return err
}

func (e edit) setFields(values []fieldValue) {
	for _, f := range values {
		old := e.t.fields[f.name]
		if sameValue(old, f.value) {
			continue
		}
		if f.value == nil {
			delete(e.t.fields, f.name)
		} else {
			e.t.fields[f.name] = f.value
		}
		e.record(e.t, e.by, "TicketDynamicFieldUpdate", "FieldName", f.name,
			"Value", strings.Join(fieldTexts(f.value), ","), "OldValue", strings.Join(fieldTexts(old), ","))
	}
}
