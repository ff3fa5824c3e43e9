package operation

import (
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// Operation is one thing that a web service can do.
type Operation struct {
	Kind string // one of operationNames
	name string // as it stands before errors: "TicketGet"
	Run  func(s *System, c Call) (wire.Object, error)
}

// Call is a request to an operation.
type Call struct {
	wire.Values
	OwnLogin   bool // see webservice.ownLogin
	Address    string
	Stop       Stop
	TicketData bool
}

// Names are the names by which rules and counters know the operations.
var Names = []string{"ticket-search", "ticket-get", "ticket-update", "ticket-create", "ticket-history", "session"}

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

func NewSystem(mode wire.Mode, login string, st *store.Store) *System {
	return &System{Store: st, mode: mode, login: login, sessions: map[string]session{}}
}
