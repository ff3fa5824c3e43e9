package pgtest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// NewPooler stands before the database with this URL as PgBouncer does in its mode
// "transaction": each transaction gets another connection. It returns the URL that leads
// to it.
func NewPooler(t testing.TB, database string) string {
	t.Helper()
	u, listener := before(t, database)
	p := &pooler{socket: u.Query().Get("host") + "/.s.PGSQL.5432", database: strings.TrimPrefix(u.Path, "/"), conns: make(map[net.Conn]bool)}
	const servers = 8
	p.free = make(chan net.Conn, servers)
	for range servers {
		if err := p.connect(); err != nil {
			t.Fatal(err)
		}
	}
	p.ends.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			p.track(client)
			p.ends.Go(func() {
				_ = p.serve(client)
				_ = client.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.ends.Wait()
	})
	return "postgres://postgres@" + listener.Addr().String() + "/" + p.database + "?sslmode=disable"
}

type pooler struct {
	socket, database string
	greeting         []byte // what a server says after the start of a connection
	free             chan net.Conn
	ends             sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (p *pooler) track(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
}

// connect adds a connection to the server.
func (p *pooler) connect() error {
	server, err := net.Dial("unix", p.socket)
	if err != nil {
		return err
	}
	p.track(server)
	start := binary.BigEndian.AppendUint32(nil, 196608) // protocol 3.0
	for _, word := range []string{"user", "postgres", "database", p.database, ""} {
		start = append(append(start, word...), 0)
	}
	if _, err := server.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(start)+4)), start...)); err != nil {
		return err
	}
	p.greeting = nil
	for {
		message, err := read(server)
		if err != nil {
			return err
		}
		p.greeting = append(p.greeting, message...)
		switch message[0] {
		case 'E':
			return errors.New("the pooler can't connect")
		case 'Z':
			p.free <- server
			return nil
		}
	}
}

// read reads one message, with its kind and length.
func read(from io.Reader) ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	message := append(head, make([]byte, binary.BigEndian.Uint32(head[1:])-4)...)
	_, err := io.ReadFull(from, message[5:])
	return message, err
}

func (p *pooler) serve(client net.Conn) error {
	length := make([]byte, 4)
	if _, err := io.ReadFull(client, length); err != nil {
		return err
	}
	start := make([]byte, binary.BigEndian.Uint32(length)-4)
	if _, err := io.ReadFull(client, start); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(start) != 196608 {
		return nil // a request to cancel: none are served
	}
	if _, err := client.Write(p.greeting); err != nil {
		return err
	}
	var server net.Conn
	defer func() {
		if server != nil {
			_ = server.Close() // in a transaction: nobody may get it
		}
	}()
	for {
		message, err := read(client)
		if err != nil || message[0] == 'X' {
			return err
		}
		if server == nil {
			server = <-p.free
		}
		if _, err := server.Write(message); err != nil {
			return err
		}
		if message[0] != 'Q' && message[0] != 'S' {
			continue
		}
		idle, err := answer(client, server)
		if err != nil {
			return err
		}
		if idle {
			p.free <- server
			server = nil
		}
	}
}

// answer passes on what the server says until it is ready again, and reports whether it
// is outside a transaction.
func answer(client io.Writer, server io.Reader) (bool, error) {
	for {
		message, err := read(server)
		if err != nil {
			return false, err
		}
		if _, err := client.Write(message); err != nil {
			return false, err
		}
		if message[0] == 'Z' {
			return message[5] == 'I', nil
		}
	}
}
