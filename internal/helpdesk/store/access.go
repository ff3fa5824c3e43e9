package store

import (
	"fmt"
	"slices"
	"strings"
)

// Actor is the agent or the customer who sends a request.
type Actor struct {
	ID       int64  // of the agent; for a customer, that of the agent in whose name customers write
	Login    string // of the agent
	Customer string // login of the customer user, "" for an agent
}

// IsCustomer reports whether a customer sends the request.
func (a Actor) IsCustomer() bool { return a.Customer != "" }

// Access is what an agent may do with the tickets of a queue.
type Access int

// The kinds of access, from most to least.
const (
	// AccessFull is every right ("rw").
	AccessFull Access = iota
	// AccessDocumented is "ro", "move_into", "priority" and "note", the rights that Open Ticket AI's documentation asks for.
	// Znuny demands "rw" before any update; OTOBO is content with these.
	AccessDocumented
	// AccessRead shows the tickets and refuses every change, a move into the queue included.
	AccessRead
	// AccessNone hides the queue, as if its tickets didn't exist.
	AccessNone
)

var accessNames = []string{AccessFull: "full", AccessDocumented: "documented", AccessRead: "read", AccessNone: "none"}

// MarshalText names the access: full, documented, read or none.
func (a Access) MarshalText() ([]byte, error) { return nameOf(accessNames, int(a)) }

// UnmarshalText reads what MarshalText writes.
func (a *Access) UnmarshalText(text []byte) error { return numberOf(accessNames, text, (*int)(a)) }

func nameOf(names []string, i int) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fmt.Errorf("there is no %d of %s", i, strings.Join(names, ", "))
	}
	return []byte(names[i]), nil
}

func numberOf(names []string, text []byte, to *int) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(names, ", "))
	}
	*to = i
	return nil
}

// AccessTo returns what an actor may do with a ticket.
func (s *Store) AccessTo(who Actor, t *Ticket) Access {
	if who.IsCustomer() {
		company := s.Catalog.Customer(who.Customer).Company
		if t.Customer == who.Customer || company != "" && t.Company == company {
			return AccessFull
		}
		return AccessNone
	}
	return s.QueueAccess(who, s.Catalog.Queue(t.Queue))
}

// QueueAccess returns what an agent may do in a queue.
func (s *Store) QueueAccess(who Actor, q *Queue) Access {
	if who.ID == AdministratorID {
		return AccessFull
	}
	a := s.Agent(who.ID)
	if a.Access == nil {
		return q.Access
	}
	access, given := a.Access[q.ID]
	switch {
	case given:
		return access
	case a.ID == LoginID:
		return q.Access
	}
	return AccessNone
}

// Agent returns the agent with the id, the zero Agent if there is none.
func (s *Store) Agent(id int64) Agent {
	for _, a := range s.Catalog.Agents {
		if a.ID == id {
			return a
		}
	}
	return Agent{}
}
