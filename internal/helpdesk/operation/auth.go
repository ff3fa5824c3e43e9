package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// A request is authenticated by a SessionID or by a password. A good password doesn't make up for a bad SessionID, and an agent's
// login goes before a customer's.

func (s *System) authenticate(c Call) (store.Actor, bool) {
	if c.Has("SessionID") {
		who, ok := s.sessions[c.Text("SessionID")]
		return who.Actor, ok
	}
	return s.byPassword(c)
}

func (s *System) byPassword(c Call) (store.Actor, bool) {
	password := c.Text("Password")
	switch {
	case c.Has("UserLogin"):
		login := c.Text("UserLogin")
		if c.OwnLogin {
			login = s.login
		}
		for _, a := range s.Catalog.Agents {
			if a.Name == login && a.Password != "" && a.Password == password {
				return store.Actor{ID: a.ID, Login: a.Name}, true
			}
		}
	case c.Has("CustomerUserLogin"):
		for _, who := range s.Catalog.Customers {
			if who.Login == c.Text("CustomerUserLogin") && who.Password != "" && who.Password == password {
				return store.Actor{ID: store.AdministratorID, Customer: who.Login}, true
			}
		}
	}
	return store.Actor{}, false
}

// readOperation authenticates a call to an operation that reads.
func readOperation(op string, run func(*System, store.Actor, Call) (wire.Object, error)) func(*System, Call) (wire.Object, error) {
	return func(s *System, c Call) (wire.Object, error) {
		who, ok := s.authenticate(c)
		if !ok {
			return nil, wire.Reject(op, "AuthFail", "Authorization failing!")
		}
		return run(s, who, c)
	}
}

// writeOperation authenticates a call to an operation that writes, which wants the parameters for that first.
func writeOperation(op string, run func(*System, store.Actor, Call) (wire.Object, error)) func(*System, Call) (wire.Object, error) {
	return func(s *System, c Call) (wire.Object, error) {
		login := c.Has("UserLogin") || c.Has("CustomerUserLogin")
		switch {
		case op == "TicketUpdate" && !c.Has("TicketID") && !c.Has("TicketNumber"):
			return nil, wire.Reject(op, "MissingParameter", "TicketID or TicketNumber is required!")
		case !login && !c.Has("SessionID"):
			return nil, wire.Reject(op, "MissingParameter", "UserLogin, CustomerUserLogin or SessionID is required!")
		case login && !c.Has("Password"):
			return nil, wire.Reject(op, "MissingParameter", "Password or SessionID is required!")
		}
		who, ok := s.authenticate(c)
		if !ok {
			return nil, wire.Reject(op, "AuthFail", "User could not be authenticated!")
		}
		return run(s, who, c)
	}
}

// RejectLogin returns the error for a login that fails.
func (op Operation) RejectLogin() error {
	switch op.name {
	case "TicketUpdate", "TicketCreate":
		return wire.Reject(op.name, "AuthFail", "User could not be authenticated!")
	case "SessionGet":
		return wire.Reject(op.name, "SessionInvalid", "SessionID is Invalid!")
	case "SessionRemove":
		return wire.Reject(op.name, "AuthFail", "Authorization failed!")
	}
	return wire.Reject(op.name, "AuthFail", "Authorization failing!")
}
