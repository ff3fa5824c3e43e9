package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// refusal is an error that the operation itself answers, with status 200.
func (c *client) refusal(op operation, code, said string, request message) error {
	_, code, _ = strings.Cut(code, ".")
	said = c.veil(said)
	f := &fault{code: code, said: said, kinds: []error{api.ErrInvalid, ErrInvalidParameter}}
	switch code {
	case "AuthFail":
		f.kinds = []error{api.ErrDenied, ErrAuthentication}
		f.advice = fmt.Sprintf("check the params username (%q) and password (or %s), and that this agent is valid in the help desk (Admin, Agents); the mapping of the web service may put another login in its place", c.login.user, PasswordVariable)
	case "AccessDenied":
		f.kinds = []error{api.ErrDenied, ErrNoAccess}
		switch op {
		case opGet:
			// No such ticket and no right to see it are one answer.
			f.kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			f.advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right ro on its queue's group", c.login.user)
		case opUpdate:
			f.kinds = []error{api.ErrNotFound, api.ErrDenied, ErrNoAccess}
			f.advice = fmt.Sprintf("check the id; if the ticket exists, the agent %q needs the right rw on the group of the queue where it is now", c.login.user)
		case opCreate:
			f.advice = fmt.Sprintf("the agent %q needs the right create on the queue's group", c.login.user)
		}
	case "InvalidParameter", "WrongStructure":
		f.advice = "nothing was changed; names count exactly, upper and lower case too, and must be valid in the help desk"
		f.cause = wrongField(said, request)
	case "MissingParameter":
		if missesLogin(said) {
			f.kinds = []error{api.ErrDenied, ErrAuthentication}
			f.advice = "the request reached the help desk without its login: check the mapping of the web service"
			return f
		}
		f.cause = wrongField(said, request)
		if !isOfOperation(op, said) {
			f.effect = answered
			f.advice = "a pending state needs Fields.PendingTime; a new title and queue may have been written already"
		}
	default:
		f.effect = answered
	}
	return f
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

// wrongField finds in the server's sentence which field of the request is meant,
// and what it was given; nil where the sentence names none.
func wrongField(sentence string, request message) error {
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
	if attributes, ok := request["Ticket"].(message); ok {
		for _, key := range []string{name, name + "ID"} {
			if v, ok := attributes[key]; ok {
				given = fmt.Errorf("%q is refused", canonical(v))
				break
			}
		}
	}
	return &api.FieldError{Field: field, Err: given}
}
