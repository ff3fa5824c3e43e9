package wire

import (
	"bufio"
	"context"
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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

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

	err = connect(t, server.URL).search(t)
	if !errors.Is(err, api.ErrInvalid) || !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "tls.ca_file") {
		t.Errorf("an unknown issuer: %v", err)
	}
	for name, c := range map[string]TLSConfig{
		"the issuer's certificate":  {CAFile: ca},
		"any certificate":           {InsecureSkipVerify: true},
		"with a client certificate": {CAFile: ca, CertFile: certFile, KeyFile: keyFile},
	} {
		if err := connect(t, server.URL, func(config *Config) { config.TLS = c }).search(t); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("%d requests with a client certificate, want 1", asked.Load())
	}
	if err := connect(t, server.URL, func(c *Config) { c.TLS = TLSConfig{CAFile: ca, ServerName: "other.example.org"} }).search(t); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("another name: %v", err)
	}

	for field, c := range map[string]TLSConfig{
		"tls.ca_file":   {CAFile: keyFile},
		"tls.cert_file": {CertFile: certFile, KeyFile: certFile},
	} {
		_, err := New(Config{TLS: c})
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
	if err := connect(t, "http://desk.invalid", func(c *Config) { c.Proxy = proxy.URL }).search(t); err != nil || through.Load() != 1 {
		t.Errorf("%d requests, %v", through.Load(), err)
	}
	t.Setenv("HTTP_PROXY", proxy.URL)
	c, err := newTransport(Config{Proxy: NoProxy})
	if err != nil {
		t.Fatal(err)
	}
	if c.Proxy != nil {
		u, _ := c.Proxy(&http.Request{URL: &url.URL{Scheme: "http", Host: "desk.invalid"}})
		t.Errorf("none goes through %v", u)
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
	s := connect(t, server.URL, func(c *Config) { c.MaxConnections = 2 })
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := s.search(t); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d requests at once, want at most 2", most.Load())
	}
}

// A request that waited for a connection was given up as soon as its timeout had passed
// since it began to wait, however short ago it had been sent: a help desk that was well
// within timeout and late carried it out after it had been sent again.
func TestWaitingForAConnectionIsNoPartOfTheTimeout(t *testing.T) {
	const timeout = 2 * time.Second
	first, waited := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			close(first)
			<-waited
		})
		emptyAnswer(w, r)
	}))
	defer server.Close()
	s := connect(t, server.URL, func(c *Config) {
		c.MaxConnections = 1
		c.Timeouts[TicketUpdate] = timeout
	})
	var left []time.Duration
	s.UseFence(func(ctx context.Context) error {
		until, _ := ctx.Deadline()
		left = append(left, time.Until(until))
		return nil
	})
	var wg sync.WaitGroup
	update := func() { _, _ = s.Call(t.Context(), TicketUpdate, "1", Message{}) }
	wg.Go(update)
	<-first
	wg.Go(update)
	time.Sleep(timeout / 2)
	close(waited)
	wg.Wait()
	if len(left) != 2 || left[1] < timeout*9/10 {
		t.Errorf("the requests had %v for their answers, want %v each", left, timeout)
	}
}

func TestTheRateIsLimited(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(emptyAnswer))
	defer server.Close()
	s := connect(t, server.URL, func(c *Config) { c.RequestsPerSecond = 50 })
	began := time.Now()
	for range 60 {
		if err := s.search(t); err != nil {
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
	s := connect(t, server.URL, func(c *Config) { c.BreakerFailures = 3 })
	for range 10 {
		_, err := s.Call(t.Context(), TicketSearch, "", Message{})
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, api.ErrTemporary) {
			t.Fatal(err)
		}
	}
	var wait *api.RetryError
	_, err := s.Call(t.Context(), TicketSearch, "", Message{})
	if asked.Load() != 3 || !errors.As(err, &wait) || EffectOf(err) != NoEffect {
		t.Errorf("%d requests reached the dead help desk, %v", asked.Load(), err)
	}
	// Rejections are answers.
	dead = false
	s = connect(t, server.URL, func(c *Config) { c.BreakerFailures = 3 })
	asked.Store(0)
	for range 10 {
		if _, err := s.Call(t.Context(), TicketSearch, "", Message{}); !errors.Is(err, ErrAuthentication) {
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
	err := connect(t, server.URL, func(c *Config) { c.MaxResponseMB = 1 }).search(t)
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
	s := connect(t, server.URL, func(c *Config) {
		c.Timeouts[TicketSearch], c.Timeouts[TicketUpdate] = 250*time.Millisecond, time.Minute
	})
	if err := s.search(t); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "250ms") {
		t.Errorf("error is %v", err)
	}
	if d := s.timeoutFor(TicketUpdate, 1_000_000); d != 70*time.Second {
		t.Errorf("an update of 1 MB is given %v", d)
	}
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

// rawServer answers each connection's first request with bytes.
func rawServer(t *testing.T, answer string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); connections.Wait() })
	connections.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connections.Go(func() {
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
					_, _ = io.WriteString(c, answer)
				}
			})
		}
	})
	return l.Addr().String()
}

func TestWhatIsNotHTTPIsNamedAndNotQuoted(t *testing.T) {
	for name, c := range map[string]struct{ answer, says string }{
		"another protocol":    {"220 mail geheim-4711 ESMTP\r\n", "the answer is not HTTP"},
		"a status of its own": {"HTTP/1.1 geheim-4711\r\n\r\n", "the answer is not HTTP"},
		"a wrong header":      {"HTTP/1.1 200 OK\r\ngeheim-4711\r\n\r\n", "the answer is not HTTP"},
		"a wrong length":      {"HTTP/1.1 200 OK\r\nContent-Length: geheim-4711\r\n\r\n", "the answer is not HTTP"},
		"half a header":       {"HTTP/1.1 200 OK\r\n", "the server answered nothing"},
		"nothing":             {"", "the server answered nothing"},
	} {
		err := connect(t, "http://"+rawServer(t, c.answer)).search(t)
		if !errors.Is(err, ErrUnavailable) || EffectOf(err) != Unknown || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s: %v", name, err)
		}
	}
	proxied := func(c *Config) {
		c.Proxy = "http://agent:geheim-0815@" + rawServer(t, "NONSENSE geheim-4711 geheim-0815\r\n\r\n")
	}
	if err := connect(t, "https://desk.invalid", proxied).search(t); !errors.Is(err, ErrUnavailable) || EffectOf(err) != NoEffect || strings.Contains(err.Error(), "4711") || strings.Contains(err.Error(), "0815") {
		t.Errorf("a proxy: %v", err)
	}
}

func TestTheProxysPasswordIsASecret(t *testing.T) {
	var secrets []string
	connect(t, "https://desk.invalid", func(c *Config) {
		c.Proxy, c.Redact = "http://agent:geheim-0815@proxy.invalid:3128", func(s string) { secrets = append(secrets, s) }
	})
	if !slices.Equal(secrets, []string{"geheim-0815"}) {
		t.Errorf("%q", secrets)
	}
}
