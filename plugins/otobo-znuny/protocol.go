package main

import "strings"

// operation is one of the web service's operations, by the name that the servers
// put before their error codes.
type operation string

const (
	opSearch operation = "TicketSearch"
	opGet    operation = "TicketGet"
	opUpdate operation = "TicketUpdate"
	opCreate operation = "TicketCreate"
	// These two make a session and end it; they aren't about tickets.
	opSession       operation = "SessionCreate"
	opSessionRemove operation = "SessionRemove"
)

// String says it in plain words, for errors and logs.
func (o operation) String() string {
	return strings.ToLower(strings.TrimPrefix(string(o), "Ticket"))
}

// message is the body of a request. The servers ignore keys that they don't know,
// and their search takes keys made of field names, so that a struct would promise
// more than it holds.
type message map[string]any

// answer is the body of a response, with everything that any operation sends.
type answer struct {
	Error *struct {
		ErrorCode    string
		ErrorMessage string
	}
	TicketID   ids // search: a list; update and create: one
	ArticleID  ids // of the one new article
	ArticleIDs ids // of several new articles
	SessionID  string
	Tickets    []record `json:"-"` // of a get; see decodeAnswer
}

// systemFault is what the servers send with status 500, as text/plain, when an
// operation dies.
type systemFault struct {
	FaultCode   string `json:"faultcode"`
	FaultString string `json:"faultstring"`
}

// article is a note as TicketCreate and TicketUpdate take it. Every field is sent:
// the servers show an article to the customer when IsVisibleForCustomer is
// missing, and refuse one without ContentType.
type article struct {
	Subject              string
	Body                 string
	ContentType          string
	CommunicationChannel string
	SenderType           string
	IsVisibleForCustomer int

	From           string `json:",omitempty"`
	TimeUnit       string `json:",omitempty"`
	NoAgentNotify  int    `json:",omitempty"`
	HistoryType    string `json:",omitempty"`
	HistoryComment string `json:",omitempty"`
}

// dynamicField is a field that the help desk's administrator made.
type dynamicField struct {
	Name  string
	Value any
}

// dynamicPrefix stands before a dynamic field's name wherever it stands among
// other names: in searches the servers want it so, and we use the same name in
// the Fields of tickets and updates.
const dynamicPrefix = "DynamicField_"
