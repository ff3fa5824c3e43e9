package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// Operation is one thing that a web service can do.
type Operation struct {
	Kind string // one of [Names]
	name string // in front of its errors: "TicketGet"
	// Run answers a call or returns a [*wire.ServerError].
	Run func(s *System, c Call) (wire.Object, error)
}

// Call is a request to an operation.
type Call struct {
	wire.Values
	OwnLogin   bool   // take every login for that of Open Ticket AI's agent
	Address    string // of the client
	Stop       Stop   // nil to do all of a write
	TicketData bool   // answer a write with the ticket
}

// Names are what faults and counters call the operations.
var Names = []string{"ticket-search", "ticket-get", "ticket-update", "ticket-create", "ticket-history", "session"}

// The operations.
var (
	Search        = Operation{"ticket-search", "TicketSearch", readOperation("TicketSearch", (*System).search)}
	Get           = Operation{"ticket-get", "TicketGet", readOperation("TicketGet", (*System).get)}
	History       = Operation{"ticket-history", "TicketHistoryGet", readOperation("TicketHistoryGet", (*System).historyOf)}
	Update        = Operation{"ticket-update", "TicketUpdate", writeOperation("TicketUpdate", (*System).update)}
	Create        = Operation{"ticket-create", "TicketCreate", writeOperation("TicketCreate", (*System).create)}
	SessionCreate = Operation{"session", "SessionCreate", (*System).createSession}
	SessionGet    = Operation{"session", "SessionGet", (*System).showSession}
	SessionRemove = Operation{"session", "SessionRemove", (*System).removeSession}
)

// System is what the operations work on: the tickets and who is logged in. It is not safe for concurrent use.
type System struct {
	*store.Store
	mode     wire.Mode
	login    string // of the agent of Open Ticket AI
	sessions map[string]session
}

// NewSystem returns a System without sessions; login is that of Open Ticket AI's agent.
func NewSystem(mode wire.Mode, login string, st *store.Store) *System {
	return &System{Store: st, mode: mode, login: login, sessions: map[string]session{}}
}
