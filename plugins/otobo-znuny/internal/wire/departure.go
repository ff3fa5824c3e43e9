package wire

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// errNotSent means that the time of a request was over before its first byte.
var errNotSent = errors.New("its time was over before the request was sent")

// departure decides, at the first byte of a request, whether it is sent. A process may
// be frozen for any time between a question and its next step: so the fence is asked
// when there is a connection, and the deadline once more when the byte is handed to it.
type departure struct {
	fence    func(context.Context) error // nil: none
	deadline time.Time
	refused  error // the fence's answer
	begun    atomic.Bool
}

// gotConnection asks the fence and watches the connection that the request will use.
// Of a connection that isn't ours everything counts as sent.
func (d *departure) gotConnection(ctx context.Context, c net.Conn, deadline time.Time) {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	d.deadline, _ = ctx.Deadline() // the caller's may be earlier
	conn := guarded(c)
	if conn != nil && conn.retire() {
		return // net/http takes another connection and is here again
	}
	if d.fence != nil && d.refused == nil {
		d.refused = d.fence(ctx)
	}
	if conn == nil {
		d.begun.Store(true)
		return
	}
	conn.next.Store(d)
}

// guarded is our connection beneath c, nil if there is none.
func guarded(c net.Conn) *guardedConn {
	for {
		switch inner := c.(type) {
		case *guardedConn:
			return inner
		case interface{ NetConn() net.Conn }: // TLS
			c = inner.NetConn()
		default:
			return nil
		}
	}
}

// leave is called with each write to the connection.
func (d *departure) leave() error {
	switch {
	case d.begun.Load():
		return nil
	case d.refused != nil:
		return d.refused
	case !time.Now().Before(d.deadline):
		return errNotSent
	}
	d.begun.Store(true)
	return nil
}

// requestsPerConnection is after how many requests a connection is given up. Apache
// ends one after 100, and a help desk's answer doesn't say so: a request that was sent
// meanwhile would get no answer, and nobody could know whether it was carried out.
const requestsPerConnection = 50

// guardedConn is a connection that asks the departure of the request that uses it.
type guardedConn struct {
	net.Conn
	next     atomic.Pointer[departure]
	requests atomic.Int64
}

// retire counts a request, and closes the connection if it has had its share. To
// net/http it is then one that the server closed before a byte was written.
func (c *guardedConn) retire() bool {
	if c.requests.Add(1) <= requestsPerConnection {
		return false
	}
	c.next.Store(nil) // what closing writes is of no request
	_ = c.Close()
	return true
}

func (c *guardedConn) Write(b []byte) (int, error) {
	d := c.next.Load()
	if d == nil {
		return c.Conn.Write(b)
	}
	first := !d.begun.Load()
	if err := d.leave(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	if first && n == 0 && err != nil {
		d.begun.Store(false) // the connection was closed already
	}
	return n, err
}

// dialGuarded connects as net/http does by default.
func dialGuarded(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: c}, nil
}
