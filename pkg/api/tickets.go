package api

import (
	"context"
	"errors"
	"time"
)

// Entity is anything that has an id and a name: a queue, a priority, a state, a
// person. It is used as a pointer: nil is none in a template and "leave it" in an
// update.
type Entity struct {
	_ struct{}

	ID   string `otai:"id" doc:"Identifier in the ticket system."`
	Name string `otai:"name" doc:"Name as people see it."`
}

// String returns the name, else the id, and "" for nil.
func (e *Entity) String() string {
	switch {
	case e == nil:
		return ""
	case e.Name != "":
		return e.Name
	default:
		return e.ID
	}
}

// Validate demands an id or a name: a template that yields "" must not become a
// change that silently changes nothing.
func (e *Entity) Validate() error {
	if e.ID == "" && e.Name == "" {
		return errors.New("needs an id or a name, and both are empty")
	}
	return nil
}

// Note is an article of a ticket. The zero value of VisibleToCustomer keeps it
// internal, whatever the ticket system's own default is.
type Note struct {
	_ struct{}

	ID                string         `otai:"id" doc:"Identifier, for notes that were read."`
	Subject           string         `otai:"subject" doc:"Subject line."`
	Body              string         `otai:"body" doc:"Text."`
	ContentType       string         `otai:"content_type" default:"text/plain" doc:"MIME type of the body."`
	VisibleToCustomer bool           `otai:"visible_to_customer" doc:"Show the note to the customer."`
	Author            string         `otai:"author" doc:"Who wrote it, for notes that were read."`
	Created           time.Time      `otai:"created" doc:"When it was written, for notes that were read."`
	Fields            map[string]any `otai:"fields" doc:"What only one ticket system has, under its own names."`
}

// Ticket is a ticket as it was read. A zero or nil field is not known.
type Ticket struct {
	_ struct{}

	ID       string         `otai:"id" doc:"Identifier in the ticket system."`
	Number   string         `otai:"number" doc:"Number as people see it."`
	Subject  string         `otai:"subject" doc:"Title."`
	Body     string         `otai:"body" doc:"Text of the first article."`
	Queue    *Entity        `otai:"queue" doc:"Queue."`
	Priority *Entity        `otai:"priority" doc:"Priority."`
	State    *Entity        `otai:"state" doc:"State."`
	Owner    *Entity        `otai:"owner" doc:"Agent who owns it."`
	Customer *Entity        `otai:"customer" doc:"Customer."`
	Notes    []Note         `otai:"notes" doc:"Articles, oldest first."`
	Created  time.Time      `otai:"created" doc:"When it was made."`
	Changed  time.Time      `otai:"changed" doc:"When it last changed."`
	Fields   map[string]any `otai:"fields" doc:"What only one ticket system has, under its own names."`
}

// TicketUpdate is a change of a ticket; nil leaves a field as it is. It is not a
// [Ticket], so that a ticket that was read and sent back can't overwrite what
// others changed since.
type TicketUpdate struct {
	_ struct{}

	Subject  *string        `otai:"subject" doc:"New title."`
	Queue    *Entity        `otai:"queue" doc:"Queue to move to."`
	Priority *Entity        `otai:"priority" doc:"New priority."`
	State    *Entity        `otai:"state" doc:"New state."`
	Owner    *Entity        `otai:"owner" doc:"New owner."`
	Customer *Entity        `otai:"customer" doc:"New customer."`
	Notes    []Note         `otai:"notes" doc:"Notes to add, in one request with the change where the system can."`
	Fields   map[string]any `otai:"fields" doc:"What only one ticket system has; a null value clears."`
}

// SearchCriteria are joined by AND; a zero field means any. Results come oldest
// first, ties by id, so that polling never starves an old ticket.
type SearchCriteria struct {
	_ struct{}

	Queue        *Entity        `otai:"queue" doc:"Queue the tickets are in."`
	Priority     *Entity        `otai:"priority" doc:"Priority they have."`
	States       []Entity       `otai:"states" doc:"Any of these states."`
	ChangedAfter time.Time      `otai:"changed_after" doc:"Changed after this time."`
	Limit        int            `otai:"limit" default:"10" min:"1" doc:"At most so many."`
	Offset       int            `otai:"offset" min:"0" doc:"Leave out so many first."`
	Fields       map[string]any `otai:"fields" doc:"Further criteria of one ticket system, under its own names."`
}

// TicketSystem is a help desk. A Limit of 0, which only Go code can give, is 10.
// A search without result is an empty list and no error. An unknown key in Fields
// is [ErrInvalid]. GetTicket serves to look before a repeated write.
type TicketSystem interface {
	FindTickets(ctx context.Context, c SearchCriteria) ([]Ticket, error)
	GetTicket(ctx context.Context, id string) (Ticket, error)
	UpdateTicket(ctx context.Context, id string, u TicketUpdate) error
	AddNote(ctx context.Context, id string, n Note) error
}

// TicketCreator is optional on a [TicketSystem]: it also makes tickets. Subject
// and Body of the ticket make its first article.
type TicketCreator interface {
	CreateTicket(ctx context.Context, t Ticket) (id string, err error)
}
