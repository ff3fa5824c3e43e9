package helpdesk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// store keeps the tickets. It is not safe for concurrent use: its owner lets one request in at a time.
type store struct {
	now     func() time.Time
	catalog catalog
	tickets []*ticket // oldest first; ids ascend
	numbers map[string]*ticket

	lastTicket, lastArticle, lastNumber int64
}

func newStore(now func() time.Time, c catalog) *store {
	return &store{now: now, catalog: c, numbers: map[string]*ticket{}}
}

type ticket struct {
	id                   int64
	number, title        string
	queue                int64
	priority, kind, lock named
	state                state
	owner, responsible   named
	customer, company    string
	created, changed     time.Time
	createdBy, changedBy int64
	pendingUntil         time.Time
	unlockTimeout        int64 // seconds since 1970 when an agent last worked on the ticket
	fields               map[string]any
	articles             []*article
	history              []event
}

// event is one line of a ticket's history with what the ticket was then; its parts stand in the order in which the servers store
// them.
type event struct {
	time    time.Time
	kind    string
	parts   []string
	user    named
	article int64 // the one that the line is about, or 0

	queue, priority, state, owner, ticketType int64
}

// name is how the servers write the event: an article's with the words that came with it, others with all their parts.
func (e event) name() string {
	if e.article != 0 {
		return strings.Join(e.parts, "")
	}
	return "%%" + strings.Join(e.parts, "%%")
}

// text is the event in words.
func (e event) text() string {
	part := func(i int) string {
		if i < len(e.parts) {
			return e.parts[i]
		}
		return ""
	}
	if e.article != 0 {
		return strings.TrimPrefix(part(0), "%%")
	}
	switch e.kind {
	case "NewTicket":
		return fmt.Sprintf("%s in %s, priority %s, state %s", part(0), part(1), part(2), part(3))
	case "Move", "TypeUpdate": // new, id, old, id
		if part(2) == "" {
			return part(0)
		}
		return part(2) + " → " + part(0)
	case "PriorityUpdate": // old, id, new, id
		return part(0) + " → " + part(2)
	case "StateUpdate", "TitleUpdate": // old, new
		return part(0) + " → " + part(1)
	case "TicketDynamicFieldUpdate": // "FieldName", name, "Value", new, "OldValue", old
		return part(1) + ": " + part(5) + " → " + part(3)
	default:
		return part(0)
	}
}

func (s *store) find(id int64) *ticket {
	i, ok := slices.BinarySearchFunc(s.tickets, id, func(t *ticket, id int64) int { return cmp.Compare(t.id, id) })
	if !ok {
		return nil
	}
	return s.tickets[i]
}

// findText finds a ticket by its id as a request gives it.
func (s *store) findText(id string) *ticket {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return s.find(n)
}

func (s *store) accessTo(who actor, t *ticket) Access {
	if who.isCustomer() {
		company := s.catalog.customer(who.customer).company
		if t.customer == who.customer || company != "" && t.company == company {
			return AccessFull
		}
		return AccessNone
	}
	return s.queueAccess(who, s.catalog.queue(t.queue))
}

func (s *store) queueAccess(who actor, q *queue) Access {
	if who.id == administratorID {
		return AccessFull
	}
	a := s.agent(who.id)
	if a.access == nil {
		return q.access
	}
	access, given := a.access[q.id]
	switch {
	case given:
		return access
	case a.id == loginID:
		return q.access
	}
	return AccessNone
}

func (s *store) agent(id int64) agent {
	for _, a := range s.catalog.agents {
		if a.id == id {
			return a
		}
	}
	return agent{}
}

// open makes a ticket with the next id and number, which is the administrator's at first.
func (s *store) open(title string, queue int64, priority named, st state, kind named, who customer, by int64) *ticket {
	s.lastTicket++
	s.lastNumber++
	now := s.now()
	owner := s.agent(administratorID).named
	lock, _ := byName(s.catalog.locks, unlocked)
	t := &ticket{
		id: s.lastTicket, number: ticketNumber(now, s.lastNumber), title: title,
		queue: queue, priority: priority, state: st, kind: kind, lock: lock,
		owner: owner, responsible: owner, customer: who.login, company: who.company,
		created: now, changed: now, createdBy: by, changedBy: by,
		fields: map[string]any{},
	}
	s.tickets = append(s.tickets, t)
	s.numbers[t.number] = t
	s.record(t, by, "NewTicket", t.number, s.catalog.queue(queue).name, priority.name, st.name, strconv.FormatInt(t.id, 10))
	s.record(t, by, "ServiceUpdate", "NULL", "", "NULL", "")
	s.record(t, by, "SLAUpdate", "NULL", "", "NULL", "")
	s.record(t, by, "TypeUpdate", kind.name, strconv.FormatInt(kind.id, 10))
	if t.customer != "" {
		s.record(t, by, "CustomerUpdate", "CustomerID="+t.company+";CustomerUser="+t.customer+";")
	}
	return t
}

// record adds a line to the history of a ticket that has been changed already.
func (s *store) record(t *ticket, by int64, kind string, parts ...string) {
	s.recordArticle(t, by, 0, kind, parts...)
}

func (s *store) recordArticle(t *ticket, by, article int64, kind string, parts ...string) {
	now := s.now()
	t.changed, t.changedBy = now, by
	t.history = append(t.history, event{
		time: now, kind: kind, parts: parts, user: s.agent(by).named, article: article,
		queue: t.queue, priority: t.priority.id, state: t.state.id, owner: t.owner.id, ticketType: t.kind.id,
	})
}

// ticketNumber follows the servers' default generator DateChecksum: the day, the system's id (10), a counter of five digits and
// a digit that makes the others, weighted 1 and 2 in turn, a multiple of ten.
func ticketNumber(day time.Time, counter int64) string {
	number := fmt.Sprintf("%s10%05d", day.UTC().Format("20060102"), counter)
	sum := 0
	for i, digit := range number {
		sum += int(digit-'0') * (1 + i%2)
	}
	check := 10 - sum%10
	if check == 10 {
		check = 1
	}
	return number + strconv.Itoa(check)
}

// Ticket is a ticket as it was when it was asked for.
type Ticket struct {
	ID            int64          `json:"id"`
	Number        string         `json:"number"`
	Title         string         `json:"title"`
	Queue         string         `json:"queue"`
	Priority      string         `json:"priority"`
	State         string         `json:"state"`
	Type          string         `json:"type"`
	Lock          string         `json:"lock"`
	Owner         string         `json:"owner"`
	Responsible   string         `json:"responsible"`
	Customer      string         `json:"customer"`
	CustomerID    string         `json:"customer_id"` // the customer user's login and the company
	Created       time.Time      `json:"created"`
	Changed       time.Time      `json:"changed"`
	PendingUntil  time.Time      `json:"pending_until,omitzero"` // zero unless the state is a pending one
	DynamicFields map[string]any `json:"dynamic_fields,omitempty"`
	Articles      []Article      `json:"articles"`
	History       []Event        `json:"history"`
}

// Article is a message or a note in a ticket.
type Article struct {
	ID                 int64        `json:"id"`
	Subject            string       `json:"subject"`
	Body               string       `json:"body"`
	From               string       `json:"from"`
	To                 string       `json:"to"`
	SenderType         string       `json:"sender_type"` // agent, system or customer
	Channel            string       `json:"channel"`     // Email, Phone, Internal or Chat
	ContentType        string       `json:"content_type"`
	VisibleForCustomer bool         `json:"visible_for_customer"`
	Created            time.Time    `json:"created"`
	Attachments        []Attachment `json:"attachments,omitempty"`
}

// Attachment is a file of an article.
type Attachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Content     []byte `json:"content"`
}

// Event is one line of a ticket's history.
type Event struct {
	Time time.Time `json:"time"`
	Type string    `json:"type"` // NewTicket, Move, PriorityUpdate, StateUpdate, TitleUpdate, OwnerUpdate, AddNote, …
	Text string    `json:"text"`
	User string    `json:"user"`
}

func snapshot(st *store, t *ticket) Ticket {
	out := Ticket{
		ID: t.id, Number: t.number, Title: t.title,
		Queue: st.catalog.queue(t.queue).name, Priority: t.priority.name, State: t.state.name,
		Type: t.kind.name, Lock: t.lock.name, Owner: t.owner.name, Responsible: t.responsible.name,
		Customer: t.customer, CustomerID: t.company, Created: t.created, Changed: t.changed,
		DynamicFields: make(map[string]any, len(t.fields)),
	}
	if t.state.pending() {
		out.PendingUntil = t.pendingUntil
	}
	for name, value := range t.fields {
		if list, ok := value.([]string); ok {
			value = slices.Clone(list)
		}
		out.DynamicFields[name] = value
	}
	for _, a := range t.articles {
		if !a.orphan {
			out.Articles = append(out.Articles, snapshotArticle(a))
		}
	}
	for _, e := range t.history {
		out.History = append(out.History, Event{Time: e.time, Type: e.kind, Text: e.text(), User: e.user.name})
	}
	return out
}

func snapshotArticle(a *article) Article {
	out := Article{
		ID: a.id, Subject: a.subject, Body: a.body, From: a.from, To: a.to, SenderType: a.sender.name,
		Channel: a.channel.name, ContentType: a.mimeType + "; charset=" + a.charset,
		VisibleForCustomer: a.visible, Created: a.created,
	}
	for _, f := range a.files {
		out.Attachments = append(out.Attachments, Attachment{Name: f.name, ContentType: f.contentType, Content: slices.Clone(f.content)})
	}
	return out
}

// untilNUL is what the servers' database keeps of a text.
func untilNUL(text string) string {
	kept, _, _ := strings.Cut(text, "\x00")
	return kept
}

func firstCharacters(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
