package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

func quick(t *testing.T, p Params) *TicketSystem {
	t.Helper()
	if p.Password == "" {
		p.Password = "geheim-4711"
	}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 20 * time.Millisecond}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// closingListener closes each connection soon after its n-th answer, without
// having said so, as Apache does after MaxKeepAliveRequests.
func closingServer(t *testing.T, n int64, h http.Handler) (*httptest.Server, *atomic.Int64) {
	var connections atomic.Int64
	var mu sync.Mutex
	served := map[string]int64{}
	byAddress := map[string]net.Conn{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		served[r.RemoteAddr]++
		last := served[r.RemoteAddr] == n
		conn := byAddress[r.RemoteAddr]
		mu.Unlock()
		h.ServeHTTP(w, r)
		if last {
			if f, ok := w.(http.Flusher); ok {
				f.Flush()
			}
			time.AfterFunc(time.Millisecond, func() { _ = conn.Close() })
		}
	}))
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
			mu.Lock()
			byAddress[c.RemoteAddr().String()] = c
			mu.Unlock()
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, &connections
}

func TestConnectionsAreKeptAndTheirEndIsSurvived(t *testing.T) {
	d := newDesk(t)
	server, connections := closingServer(t, 10, d)
	s := quick(t, Params{BaseURL: server.URL + "/znuny/nph-genericinterface.pl"})
	const notes = 100
	for range notes {
		err := s.AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b"})
		if errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrTemporary) { // it is repeated for 20 ms only
			time.Sleep(25 * time.Millisecond) // the desk is at work for some ms after a connection broke
			err = s.AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := len(d.notes("1")); got != notes {
		t.Errorf("%d notes of %d", got, notes)
	}
	if n := connections.Load(); n > 40 {
		t.Errorf("%d connections for %d requests: they are not kept", n, notes)
	}
}

// Apache's own limit is never met: otherwise one update in a hundred would be of unknown outcome.
func TestNoConnectionIsUsedUntilApacheEndsIt(t *testing.T) {
	d := newDesk(t)
	server, connections := closingServer(t, 100, d)
	s := quick(t, Params{BaseURL: server.URL + "/znuny/nph-genericinterface.pl"})
	const notes = 250
	for range notes {
		if err := s.AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(d.notes("1")); got != notes {
		t.Errorf("%d notes of %d", got, notes)
	}
	if n := connections.Load(); n < 3 || n > 12 {
		t.Errorf("%d connections for %d notes", n, notes)
	}
}
