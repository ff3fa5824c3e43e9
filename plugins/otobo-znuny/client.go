package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// maxAnswer bounds a response. Fifty tickets with all articles as plain text are
// far below it; a batch above it is read in smaller parts.
const maxAnswer = 64 << 20

// client sends single requests to one web service. It repeats nothing.
type client struct {
	http            *http.Client
	service         string // URL of the web service, without trailing slash
	routes          map[operation]string
	login, password string
	timeout         time.Duration
	logger          *slog.Logger
}

func newClient(p Params, logger *slog.Logger) *client {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxConnsPerHost:     8,
		// An idle connection holds a worker of Apache, which closes it after 5 s or
		// more by itself: giving it back earlier also avoids sending into a closing one.
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     3 * time.Second,
	}
	return &client{
		http: &http.Client{
			Transport: transport,
			// Followed, a redirect would turn the POST into a GET without body or carry
			// the password to another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		service: p.BaseURL + "/Webservice/" + url.PathEscape(p.WebserviceName),
		routes: map[operation]string{
			opSearch: p.OperationURLs.Search,
			opGet:    p.OperationURLs.Get,
			opUpdate: p.OperationURLs.Update,
			opCreate: p.OperationURLs.Create,
		},
		login:    p.Username,
		password: p.Password,
		timeout:  p.Timeout,
		logger:   logger,
	}
}

// errTooLong is the cause when the client's own timeout ended a request.
var errTooLong = errors.New("no answer in time")

// call sends one request. Every error is a *fault, which knows whether the
// request can have had an effect. ticket is for the log and the error.
func (c *client) call(ctx context.Context, op operation, ticket string, m message) (answer, error) {
	body, err := c.encode(m)
	if err != nil {
		return answer{}, &fault{op: op, ticket: ticket, kinds: []error{api.ErrInvalid}, advice: "a value of the request can't be written as JSON", cause: err}
	}
	started := time.Now()
	status, received, sent, err := c.exchange(ctx, op, body)
	var a answer
	if err != nil {
		err = c.transportFault(ctx, sent, err)
	} else {
		a, err = c.read(op, status, received, m)
	}
	var f *fault
	if errors.As(err, &f) {
		f.op, f.ticket, f.status, f.took = op, ticket, status, time.Since(started)
	}
	c.log(ctx, op, ticket, status, time.Since(started), err)
	return a, err
}

// log tells of a request without its texts and without the login.
func (c *client) log(ctx context.Context, op operation, ticket string, status int, took time.Duration, err error) {
	attributes := []slog.Attr{slog.String("operation", op.String()), slog.Int("status", status), slog.Duration("duration", took)}
	if ticket != "" {
		attributes = append(attributes, slog.String("ticket", ticket))
	}
	if err != nil {
		attributes = append(attributes, slog.String("error", err.Error()))
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "help desk request", attributes...)
}

// encode adds the login and writes the body as one piece: the servers ignore a
// body that comes without Content-Length.
func (c *client) encode(m message) ([]byte, error) {
	full := message{"UserLogin": c.login, "Password": c.password}
	for k, v := range m {
		full[k] = v
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(full); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// exchange does the HTTP part. sent tells whether a connection was reached, that
// is, whether the server can have seen the request. On a reused connection that
// turns out to be closed net/http sends a POST again only if not a byte of it was
// written, so that it can't double a request by itself.
func (c *client) exchange(ctx context.Context, op operation, body []byte) (status int, received []byte, sent bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTooLong)
	defer cancel()
	var reached atomic.Bool
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, c.service+"/"+c.routes[op], bytes.NewReader(body))
	if err != nil {
		return 0, nil, false, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "otai-otobo-znuny/"+Version)
	resp, err := c.http.Do(req)
	if err != nil {
		if errors.Is(context.Cause(ctx), errTooLong) {
			err = errTooLong
		}
		return 0, nil, reached.Load(), err
	}
	defer resp.Body.Close()
	received, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errTooLong):
		err = errTooLong
	case err == nil && resp.StatusCode == http.StatusTooManyRequests:
		err = tooMany(resp.Header.Get("Retry-After"))
	case err == nil && resp.StatusCode/100 == 3:
		err = &movedError{to: resp.Header.Get("Location")}
	}
	return resp.StatusCode, received, true, err
}

// movedError is a redirect.
type movedError struct{ to string }

func (e *movedError) Error() string { return fmt.Sprintf("the server redirects to %q", e.to) }

// busyError is status 429.
type busyError struct{ after time.Duration }

func (e *busyError) Error() string { return "the server takes no more requests at the moment" }

func tooMany(retryAfter string) error {
	seconds, err := strconv.Atoi(retryAfter)
	if err != nil || seconds < 0 {
		return &busyError{}
	}
	return &busyError{after: time.Duration(seconds) * time.Second}
}
