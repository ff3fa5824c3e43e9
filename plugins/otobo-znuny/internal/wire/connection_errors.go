package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// connectionError describes a request that got no whole response.
func (c *Client) connectionError(ctx context.Context, op Operation, x httpResult) error {
	err := x.err
	// net/http's own wrapping repeats the address and the method.
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	err = c.withoutSecrets(err)
	e := &RequestError{Kinds: []error{api.ErrTemporary, ErrUnavailable}, Effect: Unknown, Cause: err}
	var certificate *tls.CertificateVerificationError
	var other *net.OpError
	var refused *refusedError
	switch {
	case errors.As(err, &refused):
		e.Kinds, e.Effect = nil, NoEffect
	case c.explainPeer(e, err):
	case ctx.Err() != nil:
		// The caller gave up, which says nothing about the help desk.
		e.Kinds, e.Effect, e.Cause = nil, Unknown, ctx.Err()
	case errors.As(err, &certificate):
		e.Kinds, e.Effect = []error{api.ErrInvalid, ErrUnavailable}, NoEffect
		e.Advice = "check that base_url names the host of the certificate, and that this machine trusts its issuer, or give the issuer's certificate as tls.ca_file"
	case errors.Is(err, errNotSent), errors.Is(err, errTimeout) && x.connected && !x.begun:
		e.Cause = fmt.Errorf("%w (%v)", errNotSent, c.timeouts[op])
		e.Advice = "this machine was suspended, or it or the database of the runs has too much to do: if this lasts, give it more CPU"
	case errors.Is(err, errTimeout):
		e.Effect = Unknown
		e.Cause = fmt.Errorf("%w (%v)", err, c.timeouts[op])
		e.Advice = "the help desk is slow or hangs; the param timeout can be raised"
	case x.status != 0:
		e.Cause = fmt.Errorf("the answer broke off: %w", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Cause = fmt.Errorf("%w (%w)", errEmptyAnswer, err)
		// On a reused connection it is usually the connection's ordinary end.
		if x.reused {
			e.Advice = "the help desk's web server ended the connection; if this lasts, check its log"
			break
		}
		e.Kinds = append(e.Kinds, ErrUnknownWebService)
		e.Advice = c.adviseService()
	case errors.As(err, &other) && other.Op == "remote error": // crypto/tls's name for an alert of the peer
		e.Advice = "the other side refuses the secured connection: check tls.cert_file and tls.key_file, if it wants a client's certificate"
	case x.answering && !isConnectionError(err): // whatever net/http says quotes a piece of it
		e.Cause = errors.New("the answer is not HTTP")
		fallthrough
	case x.connected:
		e.Advice = "if this lasts, check http or https and the port in base_url, and the web server's log"
	}
	if !x.begun {
		e.Effect = NoEffect
		if !x.connected && e.Advice == "" && ctx.Err() == nil {
			e.Advice = "can't be reached: check base_url and that the help desk is up"
		}
	}
	return e
}

// explainPeer completes e if a server or a proxy has said why it doesn't do what was
// asked.
func (c *Client) explainPeer(e *RequestError, err error) bool {
	var moved *redirectError
	var busy *tooManyRequestsError
	var proxy *proxyError
	switch {
	case errors.As(err, &moved):
		e.Kinds, e.Effect = []error{api.ErrInvalid, ErrProtocol}, NoEffect
		e.Advice = moved.advice(c)
	case errors.As(err, &proxy) && proxy.status == http.StatusProxyAuthRequired:
		e.Kinds, e.Advice = []error{api.ErrDenied, ErrUnavailable}, adviseProxyLogin
	case proxy != nil:
		e.Advice = "check the proxy, or set the param proxy to another or to none"
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kinds, e.Advice = []error{api.ErrInvalid, ErrUnavailable}, "write http in base_url"
	case errors.As(err, &busy):
		e.Effect = NoEffect
		if busy.after > 0 {
			e.Cause = &api.RetryError{After: busy.after, Err: busy}
		}
	default:
		return false
	}
	return true
}

// isConnectionError reports whether the network ended a request, rather than what
// came over it.
func isConnectionError(err error) bool {
	var network net.Error
	return errors.As(err, &network)
}

// redactedError is an error with its text replaced.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// withoutSecrets redacts an error that may quote what the peer sent.
func (c *Client) withoutSecrets(err error) error {
	if isConnectionError(err) {
		return err
	}
	return &redactedError{text: c.redact(err.Error()), err: err}
}
