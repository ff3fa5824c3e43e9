package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
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
	s.client.Retry = RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 20 * time.Millisecond}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func emptyAnswer(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	_, _ = io.WriteString(w, "{}")
}

func writePEM(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "otai"}, NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	own, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := writePEM(t, "cert.pem", "CERTIFICATE", own), writePEM(t, "key.pem", "PRIVATE KEY", keyDER)

	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			asked.Add(1)
		}
		emptyAnswer(w, r)
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	defer server.Close()
	ca := writePEM(t, "ca.pem", "CERTIFICATE", server.Certificate().Raw)

	err = quick(t, Params{BaseURL: server.URL}).CheckHealth(t.Context())
	if !errors.Is(err, api.ErrInvalid) || !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "tls.ca_file") {
		t.Errorf("an unknown issuer: %v", err)
	}
	for name, c := range map[string]TLS{
		"the issuer's certificate":  {CAFile: ca},
		"any certificate":           {InsecureSkipVerify: true},
		"with a client certificate": {CAFile: ca, CertFile: certFile, KeyFile: keyFile},
	} {
		if err := quick(t, Params{BaseURL: server.URL, TLS: c}).CheckHealth(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("%d requests with a client certificate, want 1", asked.Load())
	}
	if err := quick(t, Params{BaseURL: server.URL, TLS: TLS{CAFile: ca, ServerName: "other.example.org"}}).CheckHealth(t.Context()); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("another name: %v", err)
	}

	for field, c := range map[string]Params{
		"tls.ca_file":   {TLS: TLS{CAFile: keyFile}},
		"tls.cert_file": {TLS: TLS{CertFile: certFile, KeyFile: certFile}},
		"tls":           {TLS: TLS{CertFile: certFile}},
		"proxy":         {Proxy: "proxy:3128"},
		"note_marker":   {NoteMarker: "Subject"},
	} {
		c.BaseURL, c.Password = server.URL, "geheim"
		_, err := newTicketSystem(c, api.Host{})
		var wrong *api.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAProxyIsUsedWhenItIsNamed(t *testing.T) {
	var through atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host == "desk.invalid" {
			through.Add(1)
		}
		emptyAnswer(w, r)
	}))
	defer proxy.Close()
	if err := quick(t, Params{BaseURL: "http://desk.invalid/x", Proxy: proxy.URL}).CheckHealth(t.Context()); err != nil || through.Load() != 1 {
		t.Errorf("%d requests, %v", through.Load(), err)
	}
	t.Setenv("HTTP_PROXY", proxy.URL)
	c := quick(t, Params{BaseURL: "http://desk.invalid/x", Proxy: "none"}).client.http.Transport.(*http.Transport)
	if c.Proxy != nil {
		u, _ := c.Proxy(&http.Request{URL: &url.URL{Scheme: "http", Host: "desk.invalid"}})
		t.Errorf("none goes through %v", u)
	}
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
	s.client.Retry = RetryPolicy{FirstPause: 25 * time.Millisecond, MaxElapsed: time.Second} // the desk is at work for some ms after a connection broke
	const notes = 100
	for range notes {
		if err := s.AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b"}); err != nil {
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

func TestConnectionsAreBounded(t *testing.T) {
	var now, most atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		emptyAnswer(w, r)
		now.Add(-1)
	}))
	defer server.Close()
	s := quick(t, Params{BaseURL: server.URL, MaxConnections: 2})
	inParallel(10, func(int) {
		if err := s.CheckHealth(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if most.Load() > 2 {
		t.Errorf("%d requests at once, want at most 2", most.Load())
	}
}

func TestTheRateIsLimited(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(emptyAnswer))
	defer server.Close()
	s := quick(t, Params{BaseURL: server.URL, RequestsPerSecond: 50})
	began := time.Now()
	for range 60 {
		if err := s.CheckHealth(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 150*time.Millisecond {
		t.Errorf("60 requests at 50 a second took %v", took)
	}
}

func TestTheBreakerPausesADeadHelpDeskAndLetsALiveOneBe(t *testing.T) {
	var asked atomic.Int64
	dead := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if dead {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketSearch.AuthFail","ErrorMessage":"x"}}`)
	}))
	defer server.Close()
	s := quick(t, Params{BaseURL: server.URL, BreakerFailures: 3})
	for range 10 {
		_, err := s.client.Call(t.Context(), TicketSearch, "", Message{})
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, api.ErrTemporary) {
			t.Fatal(err)
		}
	}
	var wait *api.RetryError
	_, err := s.client.Call(t.Context(), TicketSearch, "", Message{})
	if asked.Load() != 3 || !errors.As(err, &wait) || EffectOf(err) != NoEffect {
		t.Errorf("%d requests reached the dead help desk, %v", asked.Load(), err)
	}
	// Refusals are answers.
	dead = false
	s = quick(t, Params{BaseURL: server.URL, BreakerFailures: 3})
	asked.Store(0)
	for range 10 {
		if _, err := s.client.Call(t.Context(), TicketSearch, "", Message{}); !errors.Is(err, ErrAuthentication) {
			t.Fatal(err)
		}
	}
	if asked.Load() != 10 {
		t.Errorf("%d requests of 10", asked.Load())
	}
}

func TestAnAnswerIsBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"TicketID":["`+strings.Repeat("1", 2<<20)+`"]}`)
	}))
	defer server.Close()
	err := quick(t, Params{BaseURL: server.URL, MaxResponseMB: 1}).CheckHealth(t.Context())
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "max_response_mb") {
		t.Errorf("error is %v", err)
	}
}

func TestTimeoutsAreThoseOfTheOperation(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(stop)
	s := quick(t, Params{BaseURL: server.URL, Timeout: time.Minute, Timeouts: Timeouts{Search: 10 * time.Millisecond}})
	if err := s.CheckHealth(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "10ms") {
		t.Errorf("error is %v", err)
	}
	if d := s.client.timeoutFor(TicketUpdate, 1_000_000); d != 70*time.Second {
		t.Errorf("an update of 1 MB is given %v", d)
	}
}

// sessionServer is a help desk that wants a session, and ends each after three
// requests.
type sessionServer struct {
	mu       sync.Mutex
	made     int
	left     int
	current  string
	withPass int
	removed  int
	refuses  bool // knows no SessionRemove
	redacted []string
}

func (d *sessionServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/session-create"):
		d.made++
		d.left, d.current = 3, "sitzung-"+strings.Repeat("x", d.made)
		_, _ = io.WriteString(w, `{"SessionID":"`+d.current+`"}`)
	case strings.HasSuffix(r.URL.Path, "/session-remove"):
		if d.refuses {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Can't load operation backend module Kernel::GenericInterface::Operation::Session::SessionRemove!"}`)
			return
		}
		if strings.Contains(string(body), "Password") && strings.Contains(string(body), `"SessionID":"`+d.current+`"`) {
			d.removed++
		}
		_, _ = io.WriteString(w, `{"Success":1}`)
	case strings.Contains(string(body), "Password"):
		d.withPass++
		emptyAnswer(w, r)
	case d.left > 0 && strings.Contains(string(body), `"SessionID":"`+d.current+`"`):
		d.left--
		emptyAnswer(w, r)
	default:
		_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketSearch.AuthFail","ErrorMessage":"TicketSearch: Authorization failing!"}}`)
	}
}

func TestASessionIsMadeOnceAndRenewedWhenItEnds(t *testing.T) {
	d := &sessionServer{}
	server := httptest.NewServer(d)
	defer server.Close()
	host := api.NewHost(api.HostOptions{Redact: func(s string) { d.redacted = append(d.redacted, s) }})
	s, err := newTicketSystem(Params{BaseURL: server.URL, Password: "geheim-4711", UseSession: true}, host)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 7 {
		if err := s.CheckHealth(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if d.made != 3 || d.withPass != 0 {
		t.Errorf("%d sessions, %d requests with the password", d.made, d.withPass)
	}
	if len(d.redacted) != 4 || d.redacted[1] != "sitzung-x" {
		t.Errorf("redacted are %q", d.redacted)
	}
}

func TestASessionEndsWithTheServiceOrItSaysThatItCanNot(t *testing.T) {
	for name, c := range map[string]struct {
		refuses, used bool
		removed       int
		said          string
	}{
		"the server ends it": {used: true, removed: 1},
		"the server can't":   {used: true, refuses: true, said: "the session stays in the help desk until it has been idle for two hours"},
		"none was made":      {},
	} {
		t.Run(name, func(t *testing.T) {
			d := &sessionServer{refuses: c.refuses}
			server := httptest.NewServer(d)
			defer server.Close()
			var log strings.Builder
			host := api.NewHost(api.HostOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			s, err := newTicketSystem(Params{BaseURL: server.URL, Password: "geheim-4711", UseSession: true}, host)
			if err != nil {
				t.Fatal(err)
			}
			if c.used {
				if err := s.CheckHealth(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if d.removed != c.removed || c.said == "" != (log.String() == "") || !strings.Contains(log.String(), c.said) {
				t.Errorf("%d sessions were removed; the log says %q", d.removed, log.String())
			}
		})
	}
}

func TestSessionsThatAreNotOfferedAreNamed(t *testing.T) {
	bySession := func(p *Params) { p.UseSession = true }
	s := replay(t, recordings(t)["znuny/unknown-route"], bySession)
	if err := s.CheckHealth(t.Context()); err == nil || !strings.Contains(err.Error(), "log in") || !strings.Contains(err.Error(), "operation_urls") {
		t.Errorf("error is %v", err)
	}
	s = replay(t, recordings(t)["znuny/get-wrong-password"], bySession)
	if err := s.CheckHealth(t.Context()); !errors.Is(err, ErrAuthentication) {
		t.Errorf("error is %v", err)
	}
}
