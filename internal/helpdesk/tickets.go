package helpdesk

import (
	"cmp"
	"slices"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// NewTicket is a ticket as a customer sends it in. Empty fields have the values named here.
type NewTicket struct {
	Title        string `json:"title,omitempty"` // cut to 255 characters
	Body         string `json:"body,omitempty"`
	Queue        string `json:"queue,omitempty"`         // "Incoming"
	Priority     string `json:"priority,omitempty"`      // "3 normal"
	State        string `json:"state,omitempty"`         // "new"
	Type         string `json:"type,omitempty"`          // "Unclassified"
	Lock         string `json:"lock,omitempty"`          // "unlock"
	CustomerUser string `json:"customer_user,omitempty"` // "kunde1"
	From         string `json:"from,omitempty"`          // the customer user's address
	To           string `json:"to,omitempty"`            // "support@example.test"
	ContentType  string `json:"content_type,omitempty"`  // "text/plain; charset=utf-8"; the body of "text/html" is shown as plain text, as on the real servers
}

// AddTicket stores a ticket as if it had come in by mail, and returns its id. A queue, priority, state or type that isn't in the catalog yet is added to it.
func (s *Server) AddTicket(n NewTicket) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.system.Catalog
	t := s.system.Open(store.FirstCharacters(store.UntilNUL(n.Title), store.MaxTitle),
		c.AddQueue(cmp.Or(n.Queue, "Incoming")),
		c.AddPriority(cmp.Or(n.Priority, "3 normal")),
		c.AddState(cmp.Or(n.State, "new")),
		c.AddType(cmp.Or(n.Type, "Unclassified")),
		c.Customer(cmp.Or(n.CustomerUser, "kunde1")), store.AdministratorID)
	if lock, known := store.ByName(c.Locks, n.Lock); known {
		t.Lock = lock
	}
	sender, _ := store.ByName(c.Senders, "customer")
	channel, _ := store.ByName(c.Channels, "Email")
	mimeType, charset, ok := wire.MediaType(n.ContentType)
	if !ok {
		mimeType, charset = "text/plain", ""
	}
	d := store.Draft{
		Subject: store.FirstCharacters(n.Title, store.MaxSubject), Body: n.Body,
		From: cmp.Or(n.From, c.Customer(t.Customer).Address), To: cmp.Or(n.To, "support@example.test"),
		MIMEType: mimeType, Charset: cmp.Or(charset, "utf-8"), Sender: sender, Channel: channel, Visible: true,
		Event: "EmailCustomer", Comment: store.FirstCharacters(n.Title, 200),
	}
	d.Tidy()
	_, _ = s.system.AddArticle(t, d, store.AdministratorID) // fails only for a subject that is too long
	return t.ID
}

// DeleteTicket removes a ticket, as an administrator does. To all others it is then one that they have no right to see.
func (s *Server) DeleteTicket(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.system.Find(id); t != nil {
		s.system.Delete(t)
	}
}

// Tickets returns all tickets, oldest first.
func (s *Server) Tickets() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Ticket, len(s.system.Tickets))
	for i, t := range s.system.Tickets {
		all[i] = snapshot(s.system.Store, t)
	}
	return all
}

// Ticket returns the ticket with the id, and whether there is one.
func (s *Server) Ticket(id int64) (Ticket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.system.Find(id); t != nil {
		return snapshot(s.system.Store, t), true
	}
	return Ticket{}, false
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

func snapshot(st *store.Store, t *store.Ticket) Ticket {
	out := Ticket{
		ID: t.ID, Number: t.Number, Title: t.Title,
		Queue: st.Catalog.Queue(t.Queue).Name, Priority: t.Priority.Name, State: t.State.Name,
		Type: t.Type.Name, Lock: t.Lock.Name, Owner: t.Owner.Name, Responsible: t.Responsible.Name,
		Customer: t.Customer, CustomerID: t.Company, Created: t.Created, Changed: t.Changed,
		DynamicFields: make(map[string]any, len(t.Fields)),
	}
	if t.State.Pending() {
		out.PendingUntil = t.PendingUntil
	}
	for name, value := range t.Fields {
		if list, ok := value.([]string); ok {
			value = slices.Clone(list)
		}
		out.DynamicFields[name] = value
	}
	for _, a := range t.Articles {
		if !a.Orphan {
			out.Articles = append(out.Articles, snapshotArticle(a))
		}
	}
	for _, e := range t.History {
		out.History = append(out.History, Event{Time: e.Time, Type: e.Kind, Text: e.Text(), User: e.User.Name})
	}
	return out
}

func snapshotArticle(a *store.Article) Article {
	out := Article{
		ID: a.ID, Subject: a.Subject, Body: a.Body, From: a.From, To: a.To, SenderType: a.Sender.Name,
		Channel: a.Channel.Name, ContentType: a.MIMEType + "; charset=" + a.Charset,
		VisibleForCustomer: a.Visible, Created: a.Created,
	}
	for _, f := range a.Files {
		out.Attachments = append(out.Attachments, Attachment{Name: f.Name, ContentType: f.ContentType, Content: slices.Clone(f.Content)})
	}
	return out
}
