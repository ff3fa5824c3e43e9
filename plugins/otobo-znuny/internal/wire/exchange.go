package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// errTimeout means that the client's own timeout ended a request.
var errTimeout = errors.New("no answer in time")

// httpResult is the outcome of one HTTP request.
type httpResult struct {
	status    int
	body      []byte
	connected bool // there was a connection
	begun     bool // a byte was sent: the server may have seen the request
	answering bool // the first byte of an answer arrived
	reused    bool // the connection had been used before
	err       error
}

// roundTrip does the HTTP part. On a reused connection that turns out to be closed,
// net/http sends a POST again only if not a byte of it was written, so it never
// doubles a request; the fence is then asked again.
//
// The timeout begins when there is a connection: otherwise a request that had to wait for
// one would be given up just after it was sent, and looked for too soon.
func (c *Client) roundTrip(ctx context.Context, op Operation, body []byte) (x httpResult) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timeout := c.timeoutFor(op, len(body))
	timer := time.AfterFunc(timeout, func() { cancel(errTimeout) })
	defer timer.Stop()
	d := &departure{}
	if op.writes() {
		d.fence = c.fence
	}
	var reached, reused, answering atomic.Bool
	trace := &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			reached.Store(true)
			reused.Store(i.Reused)
			deadline := time.Now().Add(timeout)
			timer.Reset(timeout)
			d.gotConnection(ctx, i.Conn, deadline)
		},
		GotFirstResponseByte: func() { answering.Store(true) },
	}
	defer func() {
		x.connected, x.reused, x.answering, x.begun = reached.Load(), reused.Load(), answering.Load(), d.begun.Load()
	}()
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, c.service+"/"+c.routes[op], bytes.NewReader(body))
	if err != nil {
		return httpResult{err: err}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	resp, err := c.http.Do(req)
	if err != nil {
		if d.refused != nil {
			return httpResult{err: &refusedError{d.refused}}
		}
		if errors.Is(context.Cause(ctx), errTimeout) {
			err = errTimeout
		}
		return httpResult{err: err}
	}
	defer resp.Body.Close()
	x.status = resp.StatusCode
	x.body, x.err = readBody(resp, c.maxAnswer)
	switch {
	case x.err != nil && errors.Is(context.Cause(ctx), errTimeout):
		x.err = errTimeout
	case x.err == nil && resp.StatusCode == http.StatusTooManyRequests:
		x.err = tooManyRequests(resp.Header.Get("Retry-After"))
	case x.err == nil && resp.StatusCode/100 == 3:
		x.err = c.redirect(resp.Header.Get("Location"))
	}
	return x
}

// refusedError means that the fence let a request not go.
type refusedError struct{ why error }

func (e *refusedError) Error() string { return "nothing was sent: " + e.why.Error() }
func (e *refusedError) Unwrap() error { return e.why }

// readBody reads at most one byte more than limit. A known length saves the copies
// that a growing buffer makes of tens of megabytes.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if n := resp.ContentLength; n > 0 {
		b.Grow(int(min(n, limit)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(resp.Body, limit+1))
	return b.Bytes(), err
}

// timeoutFor is an operation's timeout, plus 10 s per MB of body: a note of 1 MB took
// Znuny 3.4 s, one of 5 MB 22 s.
func (c *Client) timeoutFor(op Operation, size int) time.Duration {
	return c.timeouts[op] + time.Duration(size/100_000)*time.Second
}

// WriteTimeout is the timeout of a write without large texts.
func (c *Client) WriteTimeout() time.Duration {
	return max(c.timeouts[TicketUpdate], c.timeouts[TicketCreate])
}
