package helpdesk

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// step is a part of a write that stays done when a later one fails.
type step struct {
	name string
	take func() error
}

// take takes the steps until one fails, or until a fault stops it.
func take(steps []step, at *stop) error {
	names := make([]string, len(steps))
	for i, st := range steps {
		names[i] = st.name
	}
	end := at.place(names)
	for _, st := range steps[:end] {
		if err := st.take(); err != nil {
			return err
		}
	}
	if at != nil {
		return errStopped()
	}
	return nil
}

// apply writes a change in the order of the servers. A value that is there already is no change.
func (s *store) apply(op string, t *ticket, c change, at *stop) ([]*article, error) {
	articles := make([]*article, 0, len(c.articles))
	var steps []step
	add := func(wanted bool, name string, take func() error) {
		if wanted {
			steps = append(steps, step{name, take})
		}
	}
	add(c.title != "", stepTitle, func() error { return s.setTitle(t, c.title) })
	add(c.queue != nil, stepQueue, func() error { return s.setQueue(t, c.queue) })
	add(c.lock != nil, stepLock, func() error { return s.setLock(t, c.lock) })
	add(c.kind != nil, stepType, func() error { return s.setType(t, c.kind) })
	add(c.state != nil || !c.pendingUntil.IsZero(), stepState, func() error { return s.setState(op, t, c) })
	add(c.customer != nil, stepCustomer, func() error { return s.setCustomer(t, c.customer) })
	add(c.priority != nil, stepPriority, func() error { return s.setPriority(t, c.priority) })
	add(c.owner != nil, stepOwner, func() error { return s.setOwner(t, c.owner) })
	add(c.responsible != nil, stepResponsible, func() error { return s.setResponsible(t, c.responsible) })
	for _, d := range c.articles {
		add(true, stepArticle, func() error {
			a, err := s.addArticle(t, d, loginID)
			if err == nil {
				articles = append(articles, a)
			}
			return err
		})
	}
	add(len(c.fields) > 0, stepField, func() error { s.setFields(t, c.fields); return nil })
	return articles, take(steps, at)
}

func (s *store) setTitle(t *ticket, title string) error {
	if title == t.title {
		return nil
	}
	if utf8.RuneCountInString(title) > maxTitle {
		return fault("OperationObject returned an error, cancelling Request")
	}
	s.record(t, loginID, "TitleUpdate", t.title, title)
	t.title = title
	return nil
}

func (s *store) setQueue(t *ticket, q *queue) error {
	if q.id == t.queue {
		return nil
	}
	if q.access > AccessDocumented {
		return fault("Ticket queue could not be updated, please contact system administrator!")
	}
	old := s.catalog.queue(t.queue)
	s.record(t, loginID, "Move", q.name, strconv.FormatInt(q.id, 10), old.name, strconv.FormatInt(old.id, 10))
	t.queue = q.id
	return nil
}

func (s *store) setLock(t *ticket, lock *named) error {
	if lock.id == t.lock.id {
		return nil
	}
	event := "Lock"
	if lock.name == "unlock" {
		event = "Unlock"
	} else {
		t.unlockTimeout = s.now().Unix()
	}
	s.record(t, loginID, event, lock.name)
	t.lock = *lock
	return nil
}

func (s *store) setType(t *ticket, kind *named) error {
	if kind.id == t.kind.id {
		return nil
	}
	s.record(t, loginID, "TypeUpdate", kind.name, strconv.FormatInt(kind.id, 10), t.kind.name, strconv.FormatInt(t.kind.id, 10))
	t.kind = *kind
	return nil
}

func (s *store) setState(op string, t *ticket, c change) error {
	if c.state == nil {
		if t.state.pending() {
			s.setPendingTime(t, c.pendingUntil)
		}
		return nil
	}
	if c.state.pending() {
		if c.pendingUntil.IsZero() {
			return &failure{
				status: http.StatusOK, code: op + ".MissingParameter",
				text: "Can't set a ticket on a pending state without pendig time!",
			}
		}
		s.setPendingTime(t, c.pendingUntil)
	}
	if c.state.id != t.state.id {
		s.record(t, loginID, "StateUpdate", t.state.name, c.state.name)
		t.state = *c.state
	}
	return nil
}

func (s *store) setPendingTime(t *ticket, until time.Time) {
	if t.pendingUntil.Equal(until) {
		return
	}
	t.pendingUntil = until
	s.record(t, loginID, "SetPendingTime", stamp(until))
}

func (s *store) setCustomer(t *ticket, who *customer) error {
	if who.login != t.customer {
		t.customer, t.company = who.login, who.company
		s.record(t, loginID, "CustomerUpdate", "CustomerID="+t.company+";CustomerUser="+t.customer+";")
	}
	return nil
}

func (s *store) setPriority(t *ticket, p *named) error {
	if p.id != t.priority.id {
		s.record(t, loginID, "PriorityUpdate", t.priority.name, strconv.FormatInt(t.priority.id, 10), p.name, strconv.FormatInt(p.id, 10))
		t.priority = *p
	}
	return nil
}

// setOwner leaves the owner alone when none is given; setResponsible likewise.
func (s *store) setOwner(t *ticket, who *named) error {
	if who != nil && who.id != t.owner.id {
		s.record(t, loginID, "OwnerUpdate", who.name, strconv.FormatInt(who.id, 10))
		t.owner = *who
	}
	return nil
}

func (s *store) setResponsible(t *ticket, who *named) error {
	if who != nil && who.id != t.responsible.id {
		s.record(t, loginID, "ResponsibleUpdate", who.name, strconv.FormatInt(who.id, 10))
		t.responsible = *who
	}
	return nil
}

func (s *store) setFields(t *ticket, values []fieldValue) {
	for _, f := range values {
		if sameValue(t.fields[f.name], f.value) {
			continue
		}
		if f.value == nil {
			delete(t.fields, f.name)
		} else {
			t.fields[f.name] = f.value
		}
		s.record(t, loginID, "TicketDynamicFieldUpdate", f.name)
	}
}
