package pgtest

import (
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Proxy is a way to a cluster that can be cut.
type Proxy struct {
	to       string
	listener net.Listener
	ends     sync.WaitGroup

	mu    sync.Mutex
	cut   bool
	mute  bool
	conns map[net.Conn]bool
}

// before listens for what stands before the cluster of a database, whose URL it reads.
func before(t testing.TB, database string) (*url.URL, net.Listener) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return u, listener
}

// NewProxy makes a way to the cluster of the database with this URL.
func NewProxy(t testing.TB, database string) *Proxy {
	t.Helper()
	u, listener := before(t, database)
	p := &Proxy{to: u.Query().Get("host") + "/.s.PGSQL.5432", listener: listener, conns: make(map[net.Conn]bool)}
	p.ends.Go(p.accept)
	t.Cleanup(func() {
		p.Cut()
		_ = listener.Close()
		p.ends.Wait()
	})
	return p
}

// URL is that of the database by the proxy.
func (p *Proxy) URL(database string) string {
	u, _, _ := strings.Cut(strings.TrimPrefix(database, "postgres:///"), "?")
	return "postgres://postgres@" + p.listener.Addr().String() + "/" + u + "?sslmode=disable"
}

// Cut closes all connections and refuses new ones until Join.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

// Mute lets nothing through any more, as a network that drops packets: no connection
// ends, nothing arrives, until Cut.
func (p *Proxy) Mute() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = true
}

// Join lets new connections through again.
func (p *Proxy) Join() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.mute = false, false
}

func (p *Proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("unix", p.to)
		if err != nil || !p.add(from, to) {
			_ = from.Close()
			if to != nil {
				_ = to.Close()
			}
			continue
		}
		p.ends.Go(func() { p.copy(to, from) })
		p.ends.Go(func() { p.copy(from, to) })
	}
}

func (p *Proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, c := range conns {
		p.conns[c] = true
	}
	return true
}

func (p *Proxy) copy(to, from net.Conn) {
	_, _ = io.Copy(&muted{to, p}, from)
	_ = to.Close()
	_ = from.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, from)
	delete(p.conns, to)
}

// muted writes nothing while the proxy is mute.
type muted struct {
	net.Conn
	p *Proxy
}

func (m *muted) Write(b []byte) (int, error) {
	m.p.mu.Lock()
	mute := m.p.mute
	m.p.mu.Unlock()
	if mute {
		return len(b), nil
	}
	return m.Conn.Write(b)
}
