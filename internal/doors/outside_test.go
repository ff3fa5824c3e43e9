package doors

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise"
)

const token = "a-token-of-the-tests-4711"

// outsideAt opens the second door and returns its address.
func outsideAt(t *testing.T, to supervise.Doors) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to.Folder, to.Listen = t.TempDir(), free.Addr().String()
	_ = free.Close()
	open(t, to.Folder).Open(to)
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", to.Listen); err == nil {
			_ = c.Close()
			return to.Listen
		}
	}
	t.Fatal("nobody listens")
	return ""
}

type asked struct {
	method, path, host, origin, token, body string
	auth                                    string // the scheme; "" is Bearer

	tls  bool
	over *http.Transport // nil: one for this request
}

// wayTo is a transport over TLS that would speak HTTP/2, too.
func wayTo() *http.Transport {
	return &http.Transport{TLSClientConfig: anyCertificate(), ForceAttemptHTTP2: true}
}

func (a asked) scheme() string {
	if a.tls {
		return "https"
	}
	return "http"
}

func (a asked) status(t *testing.T, address string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), a.method, a.scheme()+"://"+address+a.path, strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	if a.body == "" {
		r.Body = http.NoBody
	}
	r.Host = a.host
	if a.origin != "" {
		r.Header.Set("Origin", a.origin)
	}
	if a.token != "" {
		r.Header.Set("Authorization", cmp.Or(a.auth, "Bearer")+" "+a.token)
	}
	transport := a.over
	if transport == nil {
		transport = wayTo()
		transport.DisableKeepAlives = true
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Errorf("%+v: %v", a, err)
		return 0
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	if response.ProtoMajor != 1 {
		t.Errorf("%+v: %s", a, response.Proto)
	}
	if strings.Contains(string(answer), token) {
		t.Errorf("%+v: the token is in the answer", a)
	}
	return response.StatusCode
}

// Without a token nothing but the three named paths answers, whatever host, origin or method.
func TestWithoutATokenOnlyThreePathsAnswer(t *testing.T) {
	over := wayTo()
	t.Cleanup(over.CloseIdleConnections)
	for n := range 3 {
		metricsOpen, overTLS := n > 0, n == 2
		to := supervise.Doors{Token: token, MetricsOpen: metricsOpen}
		if overTLS {
			to = withTLS(t)
		}
		address := outsideAt(t, to)
		open := map[string]int{"/healthz": 200, "/readyz": 503}
		if metricsOpen {
			open["/metrics"] = 200
		}
		paths := []string{"/", "/healthz", "/readyz", "/metrics", "/status", "/reload", "/debug/pprof/", "/debug/pprof/heap", "/healthz/", "/HEALTHZ", "//healthz", "/healthz/../status", "/status?token=" + token, "/%2e%2e/status", "/metrics/../status", "/none"}
		for _, path := range paths {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "OTHER"} {
				for _, host := range []string{"", "localhost:8484", "127.0.0.1", "[::1]:8484", "evil.example.org", "evil.example.org:8484", "127.0.0.1.evil.example.org"} {
					for _, origin := range []string{"", "http://evil.example.org", "null"} {
						a := asked{method: method, path: path, host: host, origin: origin, tls: overTLS, over: over}
						want := 401
						if answer := open[path]; answer != 0 && (method == "GET" || method == "HEAD") {
							want = answer
						}
						if origin != "" || strings.Contains(host, "evil") {
							want = 403
						}
						if got := a.status(t, address); got != want {
							t.Errorf("metrics open %v, %+v: %d, want %d", metricsOpen, a, got, want)
						}
					}
				}
			}
		}
	}
}

func TestWhatATokenOpens(t *testing.T) {
	address := outsideAt(t, supervise.Doors{Token: token})
	for name, c := range map[string]struct {
		a    asked
		want int
	}{
		"the status":                      {asked{path: "/status", token: token}, 200},
		"the scheme in lower case":        {asked{path: "/status", token: token, auth: "bearer"}, 200},
		"another scheme":                  {asked{path: "/status", token: token, auth: "Basic"}, 401},
		"metrics":                         {asked{path: "/metrics", token: token}, 200},
		"a profile, without a worker":     {asked{path: "/debug/pprof/heap", token: token}, 503},
		"reload is for the same user":     {asked{method: "POST", path: "/reload", token: token}, 404},
		"another token":                   {asked{path: "/status", token: token + "x"}, 401},
		"the beginning of the token":      {asked{path: "/status", token: token[:5]}, 401},
		"with the token, from elsewhere":  {asked{path: "/status", token: token, origin: "http://evil.example.org"}, 403},
		"with the token, by another name": {asked{path: "/status", token: token, host: "evil.example.org"}, 403},
		"a body":                          {asked{method: "POST", path: "/status", token: token, body: "x"}, 413},
		"no such path":                    {asked{path: "/none", token: token}, 404},
	} {
		if got := c.a.status(t, address); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	none := outsideAt(t, supervise.Doors{})
	if got := (asked{path: "/status", token: ""}).status(t, none); got != 401 {
		t.Errorf("where no token is configured: %d", got)
	}
	// Guesses are bounded, and bound nobody who has the right one.
	last := 0
	for range 3 * wrongAtOnce {
		last = asked{path: "/status", token: "wrong-wrong-wrong-wrong"}.status(t, address)
	}
	if last != 429 {
		t.Errorf("after many wrong tokens: %d", last)
	}
	if got := (asked{path: "/status", token: token}).status(t, address); got != 200 {
		t.Errorf("with the right one then: %d", got)
	}
}

// Ten thousand hostile requests, by size, path, rate and slowness: the door answers afterward, and
// nothing of them is left.
func TestHostileRequestsLeaveNothing(t *testing.T) {
	address := outsideAt(t, supervise.Doors{Token: token, MetricsOpen: true})
	kinds := []func(c net.Conn){
		func(c net.Conn) {
			fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n", strings.Repeat("x", 100_000))
		},
		func(c net.Conn) {
			fmt.Fprintf(c, "GET /status HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n", strings.Repeat("y", 100_000))
		},
		func(c net.Conn) {
			fmt.Fprintf(c, "POST /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n%s", strings.Repeat("z", 50_000))
		},
		func(c net.Conn) {
			fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		},
		func(c net.Conn) { fmt.Fprint(c, "GET /readyz HTTP/1.1\r\nHost: local") }, // and no more
		func(c net.Conn) { fmt.Fprint(c, "\x16\x03\x01\x00\xa5 no HTTP at all\r\n\r\n") },
		func(c net.Conn) {
			fmt.Fprint(c, "POST /reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n")
		},
		func(c net.Conn) {
			fmt.Fprintf(c, "GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %d\r\nConnection: close\r\n\r\n", time.Now().UnixNano())
		},
	}
	leavesNothing(t, address, 2_000, kinds)
	if got := (asked{path: "/status", token: token}).status(t, address); got != 200 {
		t.Errorf("afterward: %d", got)
	}
}

// leavesNothing has a door met by n hostile clients, kind by kind: ten thousand of them with
// OTAI_TEST_ALL. Afterward no goroutine and no memory is left of them.
func leavesNothing(t *testing.T, address string, n int, kinds []func(net.Conn)) {
	t.Helper()
	if os.Getenv("OTAI_TEST_ALL") != "" {
		n = 10_000
	}
	goroutines := runtime.NumGoroutine()
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all sync.WaitGroup
	at := make(chan struct{}, 200)
	for i := range n {
		at <- struct{}{}
		all.Go(func() {
			defer func() { <-at }()
			c, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond)) // a slow one is given up
			kinds[i%len(kinds)](c)
			_, _ = io.Copy(io.Discard, c)
		})
	}
	all.Wait()
	for until := time.Now().Add(2 * headerPatience); runtime.NumGoroutine() > goroutines+5 && time.Now().Before(until); {
		time.Sleep(50 * time.Millisecond)
	}
	if left := runtime.NumGoroutine() - goroutines; left > 5 {
		t.Errorf("%d goroutines are left", left)
	}
	var after runtime.MemStats
	runtime.GC()
	runtime.GC() // what is kept for the next request goes with the second
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d KiB are left", grown>>10)
	}
}
