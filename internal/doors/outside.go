package doors

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/supervise"
)

// The second door is for other machines and users. Whoever has no token learns nothing there but
// whether otai lives and is ready; the same answer follows to whatever else they ask.

const (
	mostConnections = 128 // further ones are closed at once
	answerWithin    = 10 * time.Second
	listenAgain     = 10 * time.Second
	// Wrong tokens beyond these aren't looked at, so that none can be guessed.
	wrongAtOnce  = 20
	wrongASecond = 10
)

// outside is the second door as one configuration wants it.
type outside struct {
	to          supervise.Doors
	certificate *certificate // nil: without TLS
	stop        context.CancelFunc
	ended       chan struct{}
}

// reopen closes the second door where another one is wanted, and opens that.
func (d *Doors) reopen(to supervise.Doors) {
	if d.outside != nil {
		if d.outside.to == to {
			return
		}
		d.outside.stop()
	}
	before, passed := d.outside, d.passedOn(passedListen+to.Listen)
	ctx, stop := context.WithCancel(d.ctx)
	o := &outside{to: to, stop: stop, ended: make(chan struct{})}
	if to.Cert != "" {
		o.certificate = &certificate{cert: to.Cert, key: to.Key, logger: d.o.Logger}
	}
	d.outside = o
	d.done.Go(func() {
		defer close(o.ended)
		if before != nil {
			<-before.ended // its address may be the same
		}
		if to.Listen != "" {
			d.serveOutside(ctx, to, passed, o.certificate)
		}
		d.closedFor(nil)
	})
}

// serveOutside listens, again and again where it can't.
func (d *Doors) serveOutside(ctx context.Context, to supervise.Doors, passed passable, c *certificate) {
	for said := false; ; {
		g, listener, err := listenAt(ctx, to.Listen, passed, c)
		passed = nil
		if err == nil {
			d.closedFor(nil)
			d.o.Logger().Info("others can ask otai how it is", "listen", listener.Addr().String(), "tls", to.Cert != "")
			server := d.newServer(d.guarded(to))
			server.WriteTimeout = answerWithin
			end := d.takes(g)
			err = serve(ctx, server, listener)
			end()
			said = false
		}
		if ctx.Err() != nil {
			return
		}
		if d.closedFor(err); !said {
			said = true
			d.o.Logger().Error("nobody can ask otai at infrastructure.admin.listen; it is tried again", "listen", to.Listen, "err", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenAgain):
		}
	}
}

// listenAt listens, unless another process has passed its listener on.
func listenAt(ctx context.Context, address string, passed passable, c *certificate) (*gate, net.Listener, error) {
	if passed == nil {
		raw, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, nil, err
		}
		passed = raw.(*net.TCPListener) // as "tcp" says
	}
	g := newGate(passedListen+address, passed)
	listener := &bounded{Listener: g, free: make(chan struct{}, mostConnections)}
	if c == nil {
		return g, listener, nil
	}
	if _, err := c.get(nil); err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return g, tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}}), nil
}

// bounded closes connections at once where there are too many.
type bounded struct {
	net.Listener
	free chan struct{}
}

func (b *bounded) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.free <- struct{}{}:
			return &counted{Conn: conn, end: sync.OnceFunc(func() { <-b.free })}, nil
		default:
			_ = conn.Close()
		}
	}
}

type counted struct {
	net.Conn
	end func()
}

func (c *counted) Close() error {
	defer c.end()
	return c.Conn.Close()
}

// guarded answers what is asked at the second door.
func (d *Doors) guarded(to supervise.Doors) http.Handler {
	inside := d.inside(false)
	want, wrong := sha256.Sum256([]byte(to.Token)), newBucket(wrongAtOnce, wrongASecond)
	open := map[string]http.HandlerFunc{"/healthz": alive, "/readyz": d.ready}
	if to.MetricsOpen {
		open["/metrics"] = d.metrics
	}
	host, _, _ := net.SplitHostPort(to.Listen)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close") // nothing here reads what is sent
			say(w, http.StatusRequestEntityTooLarge, "send no body")
			return
		}
		if !fromHere(r, host) {
			say(w, http.StatusForbidden, "not from there")
			return
		}
		scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if strings.EqualFold(scheme, "Bearer") && to.Token != "" { // RFC 9110, 11.1
			got := sha256.Sum256([]byte(given))
			if subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
				inside.ServeHTTP(w, r)
				return
			}
			if !wrong.take() {
				say(w, http.StatusTooManyRequests, "too many wrong tokens")
				return
			}
		}
		answer := open[r.URL.Path]
		if answer == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("WWW-Authenticate", "Bearer")
			say(w, http.StatusUnauthorized, "a token is needed")
			return
		}
		answer(w, r)
	})
}

// fromHere is false of what a page in somebody's browser asks for: of another origin, or of a name
// that was made to point at this machine.
func fromHere(r *http.Request, listen string) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if origin := r.Header.Get("Origin"); origin != "" {
		from, err := url.Parse(origin)
		if err != nil || from.Host != r.Host {
			return false
		}
	}
	if !loopback(listen) {
		return true // by which name others reach it, only they know
	}
	own, _ := os.Hostname()
	return loopback(host) || host == own && own != ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// bucket lets a number through at once, and then a number a second.
type bucket struct {
	mu     sync.Mutex
	most   float64
	second float64
	left   float64
	at     time.Time
}

func newBucket(most, second float64) *bucket {
	return &bucket{most: most, second: second, left: most, at: time.Now()}
}

func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.left = min(b.most, b.left+b.second*now.Sub(b.at).Seconds())
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func (d *Doors) newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ConnState: d.waiting.watch, ReadHeaderTimeout: headerPatience, ReadTimeout: headerPatience, IdleTimeout: idlePatience, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// serve ends with ctx.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	defer ending(ctx, server)()
	return server.Serve(listener)
}

// ending has a server end with ctx, until the function that it returns is called.
func ending(ctx context.Context, server *http.Server) (stop func()) {
	end := context.AfterFunc(ctx, func() {
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close()
		}
	})
	return func() { end() }
}
