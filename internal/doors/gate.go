package doors

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// While the supervisor executes itself anew, who asks has to wait for a moment and must not be turned away: the
// listeners stay, and what comes to them is taken by the next one.

// The names of what is passed on. The one of the second door has its address behind.
const (
	passedSocket = "socket"
	passedLock   = "lock"
	passedListen = "listen "
)

// passable is a listener of the operating system.
type passable interface {
	net.Listener
	File() (*os.File, error)
	SetDeadline(to time.Time) error
}

// gate is a listener that can be closed for a moment, without turning anybody away.
type gate struct {
	passable
	name string

	mu     sync.Mutex
	open   chan struct{} // closed while it is open
	closed bool          // for good
}

func newGate(name string, listener passable) *gate {
	g := &gate{passable: listener, name: name, open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.passable.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		g.mu.Lock()
		open := g.open
		g.mu.Unlock()
		<-open
	}
}

func (g *gate) Close() error {
	err := g.passable.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed = true; !g.isOpen() {
		close(g.open)
	}
	return err
}

func (g *gate) isOpen() bool {
	select {
	case <-g.open:
		return true
	default:
		return false
	}
}

// shut has it take nobody until reopen.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed && g.isOpen() {
		g.open = make(chan struct{})
		_ = g.SetDeadline(time.Now()) // one that is closed takes nobody either
	}
}

func (g *gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed && !g.isOpen() {
		_ = g.SetDeadline(time.Time{})
		close(g.open)
	}
}

// waiting counts those who have been let in and have no answer yet.
type waiting struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// watch is called by a server when a connection changes its state.
func (w *waiting) watch(conn net.Conn, state http.ConnState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state == http.StateNew || state == http.StateActive {
		if w.conns == nil {
			w.conns = make(map[net.Conn]struct{})
		}
		w.conns[conn] = struct{}{}
		return
	}
	delete(w.conns, conn)
}

func (w *waiting) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

const (
	yieldPatience = time.Second
	yieldLook     = 5 * time.Millisecond
)

// Yield gives up the listeners once nobody waits for an answer, or whoever does if force is set. ok is
// false, and all is as before, where somebody does for long. resume goes on with the listeners.
func (d *Doors) Yield(force bool) (listeners map[string]*os.File, resume func(), ok bool) {
	d.mu.Lock()
	gates, lock := append([]*gate(nil), d.gates...), d.lock
	d.mu.Unlock()
	for _, g := range gates {
		g.shut()
	}
	reopen := func() {
		for _, g := range gates {
			g.reopen()
		}
	}
	ctx, cancel := context.WithTimeout(d.ctx, yieldPatience)
	defer cancel()
	for d.waiting.count() > 0 && ctx.Err() == nil {
		time.Sleep(yieldLook)
	}
	if d.waiting.count() > 0 && !force {
		reopen()
		return nil, nil, false
	}
	listeners = make(map[string]*os.File)
	for _, g := range gates {
		if file, err := g.File(); err == nil { // one that was closed isn't passed on
			listeners[g.name] = file
		}
	}
	if lock != nil {
		listeners[passedLock] = lock
	}
	return listeners, func() {
		for name, file := range listeners {
			if name != passedLock {
				_ = file.Close()
			}
		}
		reopen()
	}, true
}

// passedOn is the listener that another process has had by this name; nil: none was passed on.
func (d *Doors) passedOn(name string) passable {
	if d.o.PassedOn == nil {
		return nil
	}
	file := d.o.PassedOn(name)
	if file == nil {
		return nil
	}
	defer file.Close()
	listener, err := net.FileListener(file)
	if err != nil {
		return nil
	}
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	same, ok := listener.(passable)
	if !ok {
		_ = listener.Close()
		return nil
	}
	return same
}

// takes has a listener yielded with the others, until the function that it returns is called.
func (d *Doors) takes(g *gate) (end func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gates = append(d.gates, g)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for n, other := range d.gates {
			if other == g {
				d.gates = append(d.gates[:n:n], d.gates[n+1:]...)
				return
			}
		}
	}
}
