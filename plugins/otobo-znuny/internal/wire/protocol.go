package wire

import "strings"

// Operation is one of the web service's operations, by the name that the servers
// put before their error codes.
type Operation string

const (
	TicketSearch Operation = "TicketSearch"
	TicketGet    Operation = "TicketGet"
	TicketUpdate Operation = "TicketUpdate"
	TicketCreate Operation = "TicketCreate"
	// These two make a session and end it; they aren't about tickets.
	SessionCreate Operation = "SessionCreate"
	SessionRemove Operation = "SessionRemove"
)

// String says it in plain words, for errors and logs.
func (o Operation) String() string {
	return strings.ToLower(strings.TrimPrefix(string(o), "Ticket"))
}

// Message is the body of a request. The servers ignore keys that they don't know,
// and their search takes keys made of field names, so that a struct would promise
// more than it holds.
type Message map[string]any

// Answer is the body of a response, with everything that any operation sends.
type Answer struct {
	Error *struct {
		ErrorCode    string
		ErrorMessage string
	}
	TicketID   IDs // search: a list; update and create: one
	ArticleID  IDs // of the one new article
	ArticleIDs IDs // of several new articles
	SessionID  string
	Tickets    []Record `json:"-"` // of a get; see decodeAnswer
}

// serverErrorBody is what the servers send with status 500, as text/plain, when an
// operation dies.
type serverErrorBody struct {
	Code    string `json:"faultcode"`
	Message string `json:"faultstring"`
}

// Article is a note as TicketCreate and TicketUpdate take it. Every field is sent:
// the servers show an article to the customer when IsVisibleForCustomer is
// missing, and refuse one without ContentType.
type Article struct {
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

// DynamicField is a field that the help desk's administrator made.
type DynamicField struct {
	Name  string
	Value any
}

// DynamicPrefix stands before a dynamic field's name wherever it stands among
// other names: in searches the servers want it so, and we use the same name in
// the Fields of tickets and updates.
const DynamicPrefix = "DynamicField_"

// Attachment is a file as TicketCreate and TicketUpdate take it.
type Attachment struct {
	Filename    string
	ContentType string
	Content     string // base64
}
