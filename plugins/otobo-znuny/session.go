package main

import (
	"context"
	"errors"
	"sync"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// login is how requests prove who they are: by the password, or by the id of a
// session, which the servers check three times as fast. A session ends after two
// hours without use and 16 hours in all, and is bound to the client's address; its
// end is answered like a wrong password.
type login struct {
	user, password string
	useSession     bool
	redact         func(secret string)

	mu      sync.Mutex // held while a session is made, so that many callers make one
	session string
}

// forget ends the use of a session, unless it has been replaced meanwhile.
func (l *login) forget(session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == session {
		l.session = ""
	}
}

// credentials are what a request carries, and the session's id where there is one.
func (c *client) credentials(ctx context.Context) (m message, session string, err error) {
	l := &c.login
	byPassword := message{"UserLogin": l.user, "Password": l.password}
	if !l.useSession {
		return byPassword, "", nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session == "" {
		a, err := c.send(ctx, opSession, "", byPassword, nil)
		if err != nil {
			return nil, "", err
		}
		if a.SessionID == "" {
			return nil, "", &fault{
				op: opSession, kinds: []error{api.ErrInvalid, ErrProtocol}, cause: errors.New("the answer holds no session id"),
				advice: "check that operation_urls.session leads to an operation SessionCreate, or set use_session: false",
			}
		}
		l.redact(a.SessionID)
		l.session = a.SessionID
	}
	return message{"SessionID": l.session}, l.session, nil
}
