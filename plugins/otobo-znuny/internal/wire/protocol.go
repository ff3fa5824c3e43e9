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

// String is the operation's short name, for logs.
func (o Operation) String() string {
	return strings.ToLower(strings.TrimPrefix(string(o), "Ticket"))
}

// writes reports whether the operation changes tickets.
func (o Operation) writes() bool { return o == TicketUpdate || o == TicketCreate }

// Message is the body of a request. It is a map because a search takes keys made of
// field names; the servers ignore keys that they don't know.
type Message map[string]any

// Answer is the body of a response, with the fields of all operations.
type Answer struct {
	Error *struct {
		ErrorCode    string
		ErrorMessage string
	}
	TicketID   IDs // search: a list; update and create: one
	ArticleID  IDs // of the one new article
	ArticleIDs IDs // of several new articles
	SessionID  string
	Tickets    []Record `json:"-"` // of a get
}

// serverErrorBody is what the servers send with status 500, as text/plain, when an
// operation dies. Its keys are SOAP's.
type serverErrorBody struct {
	Code    string `json:"faultcode"`
	Message string `json:"faultstring"`
}

// Article is a note as TicketCreate and TicketUpdate accept it. Every field is sent:
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

// DynamicField is a field that the help desk's administrator added.
type DynamicField struct {
	Name  string
	Value any
}

// DynamicPrefix marks a dynamic field among other names. The servers want it in
// searches; Fields of tickets and updates follow suit.
const DynamicPrefix = "DynamicField_"

// Attachment is a file as TicketCreate and TicketUpdate accept it.
type Attachment struct {
	Filename    string
	ContentType string
	Content     string // base64
}
