package wire

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// logOutTimeout bounds how long otai's own end is delayed by logging out.
const logOutTimeout = 3 * time.Second

// login authenticates requests: by the password, or by the id of a session, which the
// servers check three times as fast. A session ends after two hours without use or
// after 16 hours, and is bound to the client's address. The servers answer to an
// expired one as to a wrong password.
type login struct {
	user           string
	password       secret
	useSession     bool
	registerSecret func(secret string)

	mu      sync.Mutex // locked while a session is created, so that many callers create one
	session secret
	latest  atomic.Pointer[secret] // the last session, for redaction
}

// redact removes the login from what a server sent.
func (c *Client) redact(said string) string {
	secrets := []secret{c.login.password, c.proxyPassword}
	if s := c.login.latest.Load(); s != nil {
		secrets = append(secrets, *s)
	}
	return redact(said, secrets...)
}

// dropSession stops using a session, unless it has been replaced already.
func (l *login) dropSession(session string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session.reveal() == session {
		l.session = secret{}
	}
}

func (l *login) byPassword() Message {
	return Message{"UserLogin": l.user, "Password": l.password.reveal()}
}

// TryLogOut ends a session that doesn't exist. That changes nothing, and shows whether
// the web service has the operation.
func (c *Client) TryLogOut(ctx context.Context) error {
	_, err := c.send(ctx, SessionRemove, "", c.login.byPassword(), Message{"SessionID": "none"})
	return err
}

// LogOut ends the session in the help desk, if there is one. Otherwise each start would
// leave another for two hours. Only Znuny has an operation for it, which wants the
// password again.
func (c *Client) LogOut(ctx context.Context) error {
	l := &c.login
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.session.reveal()
	if id == "" {
		return nil
	}
	l.session = secret{}
	ctx, cancel := context.WithTimeout(ctx, logOutTimeout) // it may have to wait for its turn, too
	defer cancel()
	_, err := c.send(ctx, SessionRemove, "", l.byPassword(), Message{"SessionID": id})
	return err
}

// credentials are the login's part of a request, and the session's id if it is by
// session.
func (c *Client) credentials(ctx context.Context) (m Message, session string, err error) {
	l := &c.login
	byPassword := l.byPassword()
	if !l.useSession {
		return byPassword, "", nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session.reveal() == "" {
		a, err := c.send(ctx, SessionCreate, "", byPassword, nil)
		if err != nil {
			return nil, "", err
		}
		if a.SessionID == "" {
			return nil, "", &RequestError{
				Operation: SessionCreate, Kinds: []error{api.ErrInvalid, ErrProtocol}, Cause: errors.New("the answer has no session id"),
				Advice: "check that operation_urls.session leads to an operation SessionCreate, or set use_session: false",
			}
		}
		l.registerSecret(a.SessionID)
		l.session = newSecret(a.SessionID)
		made := l.session
		l.latest.Store(&made)
	}
	session = l.session.reveal()
	return Message{"SessionID": session}, session, nil
}
