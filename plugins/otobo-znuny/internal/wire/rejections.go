package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// rejection describes the error that an operation answers, with status 200. This is
// where an unknown queue becomes a message with the name of the contract's field.
func (c *Client) rejection(op Operation, code, said string, request Message) error {
	_, code, _ = strings.Cut(code, ".")
	said = c.redact(said)
	e := &RequestError{Code: code, Message: said, Kinds: []error{api.ErrInvalid, ErrInvalidParameter}}
	switch code {
	case "AuthFail":
		e.Kinds = []error{api.ErrDenied, ErrAuthentication}
		e.Advice = fmt.Sprintf("check the params username (%q) and password (or %s), and that this agent is valid in the help desk (Admin, Agents); the mapping of the web service may put another login in its place", c.login.user, PasswordVariable)
	case "AccessDenied":
		e.Kinds = []error{api.ErrDenied, ErrNoAccess}
		switch op {
		case TicketGet:
			// The servers answer the same for no such ticket and no right to see it.
			e.Kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			e.Advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right ro on its queue's group", c.login.user)
		case TicketUpdate:
			e.Kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			e.Advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right rw on the group of the queue where it is now", c.login.user)
		case TicketCreate:
			e.Advice = fmt.Sprintf("the agent %q needs the right create on the queue's group", c.login.user)
		}
	case "InvalidParameter", "WrongStructure":
		e.Advice = "nothing was changed; names count exactly, upper and lower case too, and must be valid in the help desk"
		e.Cause = rejectedField(said, request)
	case "MissingParameter":
		if missesLogin(said) {
			e.Kinds = []error{api.ErrDenied, ErrAuthentication}
			e.Advice = "the request reached the help desk without its login: check the mapping of the web service"
			return e
		}
		e.Cause = rejectedField(said, request)
		if !isOfOperation(op, said) {
			e.Effect = Answered
			e.Advice = "a pending state needs Fields.PendingTime; a new title and queue may have been written already"
		}
	default:
		e.Effect = Answered
	}
	return e
}

// NoRightBehind describes a rejection of what follows a move: the ticket is there, as it
// has just been changed, so the right is missing in the queue where it is now.
func (c *Client) NoRightBehind(err error, queue string) error {
	var e *RequestError
	if !errors.As(err, &e) {
		return err
	}
	denied := *e
	denied.Kinds = []error{api.ErrDenied, ErrNoAccess}
	denied.Advice = fmt.Sprintf("the ticket was moved, and the agent %q needs rw on the group of the queue where it is now", c.login.user)
	if queue != "" {
		denied.Advice += fmt.Sprintf(" (%q)", queue)
	}
	denied.Advice += ": Admin, Agents <-> Groups (or Roles <-> Groups)"
	return &denied
}

// contractFields are the contract's names for the servers' fields.
var contractFields = map[string]string{
	"Title": "subject", "Queue": "queue", "Priority": "priority", "State": "state",
	"Owner": "owner", "CustomerUser": "customer",
}

// ContractField is the contract's name for a server's field, if it has one.
func ContractField(name string) (field string, ok bool) {
	field, ok = contractFields[name]
	return field, ok
}

// rejectedField finds the request's field that the server's sentence names, and its
// value; it is nil where the sentence names none.
func rejectedField(sentence string, request Message) error {
	part, name, ok := namedField(sentence)
	switch {
	case !ok:
		return nil
	case part == "DynamicField":
		return &api.FieldError{Field: "fields", Err: errors.New("the name or the value of a dynamic field is refused")}
	case part == "Article":
		return &api.FieldError{Field: "note." + strings.ToLower(name), Err: errors.New("is refused")}
	}
	field, ok := ContractField(name)
	if !ok {
		field = "fields." + name
	}
	given := errors.New("is missing")
	if attributes, ok := request["Ticket"].(Message); ok {
		for _, key := range []string{name, name + "ID"} {
			if v, ok := attributes[key]; ok {
				given = fmt.Errorf("%q is refused", Canonical(v))
				break
			}
		}
	}
	return &api.FieldError{Field: field, Err: given}
}

// serverError describes an answer with status 500 and a body.
func (c *Client) serverError(page []byte) error {
	if isPage(page) {
		return &RequestError{
			Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Unknown, Cause: c.pageError(http.StatusInternalServerError, page),
			Advice: "see the error log of the help desk's web server; " + adviseModule,
		}
	}
	body := c.redact(string(page))
	if rejected, route := isOfTransport(body); rejected {
		e := &RequestError{Kinds: []error{api.ErrInvalid, ErrProtocol}, Message: shorten(body)}
		if route {
			e.Advice = fmt.Sprintf("check operation_urls: the web service %q has no such route", c.name)
		}
		return e
	}
	e := &RequestError{Kinds: []error{api.ErrTemporary, ErrServerError}, Effect: Unknown, Message: shorten(body), Advice: "see the help desk's log (Admin, System Log)"}
	var s serverErrorBody
	if json.Unmarshal(page, &s) == nil && s.Message != "" {
		e.Effect = Answered // by the help desk itself, and not by what stands before it
		e.Message = shorten(c.redact(s.Message))
	}
	if isQueueDenied(e.Message) {
		e.Kinds = []error{api.ErrDenied, ErrServerError}
		e.Cause = &api.FieldError{Field: "queue", Err: errors.New("can't be changed")} // only what moves there is concerned
		e.Advice = fmt.Sprintf("the agent %q needs the right move_into on the target queue's group; a new title may have been written already", c.login.user)
	}
	return e
}
