package helpdesk

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// store holds the tickets. Its owner, the [Server], lets one request in at a time.
type store struct {
	mode    Mode
	now     func() time.Time
	catalog catalog
	tickets []*ticket // oldest first; ids ascend

	lastTicket, lastArticle, lastNumber int64
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

// event is one line of a ticket's history; its parts stand in the order in which the servers store them.
type event struct {
	time  time.Time
	kind  string
	parts []string
	user  string
}

// text is the event in words.
func (e event) text() string {
	part := func(i int) string {
		if i < len(e.parts) {
			return e.parts[i]
		}
		return ""
	}
	switch e.kind {
	case "NewTicket":
		return fmt.Sprintf("%s in %s, priority %s, state %s", part(0), part(1), part(2), part(3))
	case "Move", "TypeUpdate": // new, id, old, id
		return part(2) + " → " + part(0)
	case "PriorityUpdate": // old, id, new, id
		return part(0) + " → " + part(2)
	case "StateUpdate", "TitleUpdate": // old, new
		return part(0) + " → " + part(1)
	default:
		return part(0)
	}
}

func (s *store) find(id string) *ticket {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	i, ok := slices.BinarySearchFunc(s.tickets, n, func(t *ticket, id int64) int { return cmp.Compare(t.id, id) })
	if !ok {
		return nil
	}
	return s.tickets[i]
}

func (s *store) findNumber(number string) *ticket {
	for _, t := range s.tickets {
		if t.number == number {
			return t
		}
	}
	return nil
}

func (s *store) access(t *ticket) Access { return s.catalog.queue(t.queue).access }

func (s *store) agent(id int64) named {
	for _, a := range s.catalog.agents {
		if a.id == id {
			return a.named
		}
	}
	return named{}
}

// open makes a ticket with the next id and number, owned by the agent who creates it.
func (s *store) open(title string, queue int64, priority named, st state, kind named, customerUser string, by int64) *ticket {
	s.lastTicket++
	s.lastNumber++
	now := s.now()
	owner := s.agent(by)
	responsible := owner
	if s.mode == ModeOTOBO {
		responsible = s.agent(administratorID)
	}
	lock, _ := byName(s.catalog.locks, "unlock")
	who := s.catalog.customer(customerUser)
	t := &ticket{
		id: s.lastTicket, number: ticketNumber(now, s.lastNumber), title: title,
		queue: queue, priority: priority, state: st, kind: kind, lock: lock,
		owner: owner, responsible: responsible, customer: who.login, company: who.company,
		created: now, changed: now, createdBy: by, changedBy: by,
		fields: map[string]any{},
	}
	s.tickets = append(s.tickets, t)
	s.record(t, by, "NewTicket", t.number, s.catalog.queue(queue).name, priority.name, st.name, strconv.FormatInt(t.id, 10))
	if t.customer != "" {
		s.record(t, by, "CustomerUpdate", "CustomerID="+t.company+";CustomerUser="+t.customer+";")
	}
	return t
}

func (s *store) record(t *ticket, by int64, kind string, parts ...string) {
	now := s.now()
	t.changed, t.changedBy = now, by
	t.history = append(t.history, event{time: now, kind: kind, parts: parts, user: s.agent(by).name})
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

func (s *store) snapshot(t *ticket) Ticket {
	out := Ticket{
		ID: t.id, Number: t.number, Title: t.title,
		Queue: s.catalog.queue(t.queue).name, Priority: t.priority.name, State: t.state.name,
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
			out.Articles = append(out.Articles, a.snapshot())
		}
	}
	for _, e := range t.history {
		out.History = append(out.History, Event{Time: e.time, Type: e.kind, Text: e.text(), User: e.user})
	}
	return out
}

func (a *article) snapshot() Article {
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
