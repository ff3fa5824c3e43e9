package doors

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/open-ticket-ai/otai/internal/supervise"
)

// pair writes a certificate that ends then, and its key.
func pair(t *testing.T, cert, key string, serial int64, ends time.Time) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: ends, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	made, err := x509.CreateCertificate(rand.Reader, of, of, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: made}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// withTLS is a door with a certificate of its own.
func withTLS(t *testing.T) (to supervise.Doors) {
	t.Helper()
	dir := t.TempDir()
	to = supervise.Doors{Token: token, MetricsOpen: true, Cert: filepath.Join(dir, "c.pem"), Key: filepath.Join(dir, "k.pem")}
	pair(t, to.Cert, to.Key, 1, time.Now().Add(time.Hour))
	return to
}

func anyCertificate() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}
}

// What becomes of the files while the door is open: the pair that was good goes on until there is
// another good one, and what is wrong is said once, and in the status.
func TestWhatBecomesOfACertificate(t *testing.T) {
	later := time.Now().Add(time.Hour)
	for name, row := range map[string]struct {
		change func(cert, key string)
		serial int64  // that others see then
		why    string // in the status
		logged string
	}{
		"nothing":        {func(string, string) {}, 1, "", ""},
		"renewed":        {func(cert, key string) { pair(t, cert, key, 2, later) }, 2, "", ""},
		"ended":          {func(cert, key string) { pair(t, cert, key, 3, time.Now().Add(-time.Hour)) }, 3, "ended on", ""},
		"half renewed":   {func(cert, key string) { pair(t, cert, key+".new", 4, later) }, 1, "don't belong together", "level=ERROR"},
		"no certificate": {func(cert, _ string) { _ = os.Remove(cert) }, 1, "can't be read", "level=ERROR"},
		"no key":         {func(_, key string) { _ = os.Remove(key) }, 1, "can't be read", "level=ERROR"},
		"an empty file":  {func(cert, _ string) { _ = os.WriteFile(cert, nil, 0o600) }, 1, "don't belong together", "level=ERROR"},
		"not PEM":        {func(cert, _ string) { _ = os.WriteFile(cert, []byte("hello\x00"), 0o600) }, 1, "don't belong together", "level=ERROR"},
		"exchanged": {func(cert, key string) {
			_ = os.Rename(cert, cert+"1")
			_ = os.Rename(key, cert)
			_ = os.Rename(cert+"1", key)
		}, 1, "don't belong together", "level=ERROR"},
		"a folder":        {func(_, key string) { _ = os.Remove(key); _ = os.Mkdir(key, 0o700) }, 1, "can't be read", "level=ERROR"},
		"a huge file":     {func(cert, _ string) { _ = os.Truncate(cert, 10<<20) }, 1, "can't be read", "level=ERROR"},
		"readable by all": {func(_, key string) { _ = os.Chmod(key, 0o644) }, 1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			to := withTLS(t)
			var log bytes.Buffer
			c := &certificate{cert: to.Cert, key: to.Key, logger: func() *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }}
			if _, err := c.get(nil); err != nil {
				t.Fatal(err)
			}
			row.change(to.Cert, to.Key)
			for range 3 { // a minute has passed each time
				c.looked = time.Time{}
				got, err := c.get(nil)
				if err != nil || got.Leaf.SerialNumber.Int64() != row.serial {
					t.Fatalf("%v, %v", got, err)
				}
			}
			if why, do := c.trouble(time.Now()); row.why == "" && why != "" || !strings.Contains(why, row.why) || (why == "") != (do == "") {
				t.Errorf("%q, %q", why, do)
			}
			if n := strings.Count(log.String(), "level="); row.logged == "" && n > 0 || row.logged != "" && (n != 1 || !strings.Contains(log.String(), row.logged)) {
				t.Errorf("logged: %s", log.String())
			}
			_ = os.RemoveAll(to.Key)
			pair(t, to.Cert, to.Key, 9, later)
			c.looked = time.Time{}
			if got, err := c.get(nil); err != nil || got.Leaf.SerialNumber.Int64() != 9 {
				t.Errorf("once it is right again: %v, %v", got, err)
			}
			if why, _ := c.trouble(time.Now()); why != "" {
				t.Errorf("once it is right again: %s", why)
			}
		})
	}
}

// A key that every user may read is a warning; so is nothing else.
func TestAKeyThatAllMayRead(t *testing.T) {
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o644: 1} {
		to := withTLS(t)
		if err := os.Chmod(to.Key, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		c := &certificate{cert: to.Cert, key: to.Key, logger: func() *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }}
		for range 3 {
			if _, err := c.get(nil); err != nil {
				t.Fatal(err)
			}
			c.looked = time.Time{}
		}
		if n := strings.Count(log.String(), "level=WARN"); n != want || strings.Count(log.String(), "level=") != want {
			t.Errorf("%o: %s", mode, log.String())
		}
	}
}

// What the door speaks: TLS 1.2 and 1.3, and HTTP/1.1 inside.
func TestWhatTheTLSDoorSpeaks(t *testing.T) {
	address := outsideAt(t, withTLS(t))
	for name, row := range map[string]struct {
		client func(*tls.Config)
		refuse bool
	}{
		"TLS 1.3":       {func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }, false},
		"TLS 1.2":       {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, false},
		"TLS 1.1":       {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS11, tls.VersionTLS11 }, true},
		"TLS 1.0":       {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }, true},
		"HTTP/1.1 or 2": {func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }, false},
		"HTTP/2 alone":  {func(c *tls.Config) { c.NextProtos = []string{"h2"} }, true},
		"another name":  {func(c *tls.Config) { c.ServerName = "elsewhere.example.org" }, false}, // it is the client's to object
		"a cipher with RC4": {func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA}
		}, true},
	} {
		config := anyCertificate()
		row.client(config)
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", address, config)
		if err == nil && config.NextProtos != nil && c.ConnectionState().NegotiatedProtocol != "http/1.1" {
			t.Errorf("%s: it chose %q", name, c.ConnectionState().NegotiatedProtocol)
		}
		if (err != nil) != row.refuse {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}

// hello is the beginning of a handshake, as a client sends it.
func hello(t *testing.T) []byte {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		_ = tls.Client(theirs, anyCertificate()).HandshakeContext(t.Context())
		_ = theirs.Close()
	}()
	sent := make([]byte, 4096)
	n, err := ours.Read(sent)
	if err != nil {
		t.Fatal(err)
	}
	_ = ours.Close()
	return sent[:n]
}

// rapid are many requests of HTTP/2, each taken back at once.
func rapid(n int) []byte {
	var out bytes.Buffer
	out.WriteString(http2.ClientPreface)
	f := http2.NewFramer(&out, nil)
	_ = f.WriteSettings()
	for i := range uint32(n) {
		_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: 2*i + 1, BlockFragment: []byte{0x82, 0x84, 0x87}, EndHeaders: true, EndStream: true})
		_ = f.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
	}
	return out.Bytes()
}

// Hostile clients of the door with TLS: afterward it answers, and nothing of them is left.
func TestHostileClientsOfTheTLSDoor(t *testing.T) {
	to := withTLS(t)
	address := outsideAt(t, to)
	begins, again := hello(t), rapid(1000)
	// inside has something sent within a connection that is made as it should be.
	inside := func(what []byte) func(net.Conn) {
		return func(c net.Conn) {
			s := tls.Client(c, anyCertificate())
			if s.HandshakeContext(t.Context()) == nil {
				_, _ = s.Write(what)
				_, _ = io.Copy(io.Discard, s)
			}
		}
	}
	kinds := map[string]func(net.Conn){
		"nothing":              func(net.Conn) {},
		"half a hello":         func(c net.Conn) { _, _ = c.Write(begins[:len(begins)/2]) },
		"a hello, and no more": func(c net.Conn) { _, _ = c.Write(begins) },
		"a hello, very slowly": func(c net.Conn) { slowly(c, begins) },
		"the same hello twice": func(c net.Conn) { _, _ = c.Write(append(append([]byte{}, begins...), begins...)) },
		"a hello of 64 KB": func(c net.Conn) {
			fmt.Fprintf(c, "\x16\x03\x01\x40\x00\x01\x00\xff\xfc%s", strings.Repeat("x", 64<<10))
		},
		"HTTP without TLS":      func(c net.Conn) { fmt.Fprint(c, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n") },
		"bytes":                 func(c net.Conn) { _, _ = c.Write(bytes.Repeat([]byte{0, 0xff, 0x16}, 10_000)) },
		"an alert":              func(c net.Conn) { fmt.Fprint(c, "\x15\x03\x03\x00\x02\x02\x28") },
		"HTTP/2 inside":         inside(again),
		"a header of 100 KB":    inside([]byte("GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("y", 100_000) + "\r\n\r\n")),
		"half a request inside": inside([]byte("GET /readyz HTTP/1.1\r\nHost: local")),
		"a body of a gigabyte":  inside([]byte("POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n" + strings.Repeat("z", 50_000))),
		"nothing inside":        inside(nil),
	}
	leavesNothing(t, address, 1_000, slices.Collect(maps.Values(kinds)))
	if got := (asked{path: "/status", token: token, tls: true}).status(t, address); got != 200 {
		t.Errorf("afterward: %d", got)
	}
}

func slowly(c net.Conn, what []byte) {
	for _, b := range what {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Whoever only begins handshakes doesn't keep others out for longer than one may take.
func TestHandshakesThatDontEndAreEnded(t *testing.T) {
	address := outsideAt(t, withTLS(t))
	var open []net.Conn
	for range 2 * mostConnections {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		open = append(open, c)
	}
	began := time.Now()
	for _, c := range open {
		_ = c.SetReadDeadline(began.Add(3 * headerPatience))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatalf("one is open after %v: %v", time.Since(began), err)
		}
	}
	if got := (asked{path: "/readyz", tls: true}).status(t, address); got != 503 {
		t.Errorf("then: %d", got)
	}
}
