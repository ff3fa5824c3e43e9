package doors

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/health"
	"github.com/open-ticket-ai/otai/internal/supervise"
)

// Options are what the answers are made of.
type Options struct {
	View    *supervise.View
	Version string
	Logger  func() *slog.Logger
	// Reload answers POST /reload on the socket; nil: nothing does.
	Reload http.Handler
	// PassedOn is a listener or a lock of the process whose place this one has taken, by its name; each is
	// returned once, and nil where there is none. nil: this one has taken nobody's place.
	PassedOn func(name string) *os.File
}

// Doors answer until Close.
type Doors struct {
	o    Options
	done sync.WaitGroup

	judged  lately[health.Report]
	counted lately[string]

	waiting waiting

	mu      sync.Mutex
	gates   []*gate
	lock    *os.File // of the socket
	folder  string
	outside *outside
	wrong   error           // why the second door isn't open
	ctx     context.Context //nolint:containedctx // ends with Close
	cancel  context.CancelFunc
}

// New returns doors that are closed until [Doors.Open].
func New(o Options) *Doors {
	ctx, cancel := context.WithCancel(context.Background())
	return &Doors{o: o, ctx: ctx, cancel: cancel}
}

// Open opens what isn't open yet, and doesn't wait for it.
func (d *Doors) Open(to supervise.Doors) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		return
	}
	d.reopen(to)
	if d.folder != "" || to.Folder == "" {
		return
	}
	d.folder = to.Folder
	listener, lock := d.passedSocket()
	d.done.Go(func() { d.serveSocket(to.Folder, listener, lock) })
}

// passedSocket is that of another process; nil: there is none.
func (d *Doors) passedSocket() (passable, *os.File) {
	listener := d.passedOn(passedSocket)
	if listener == nil {
		return nil, nil
	}
	return listener, d.o.PassedOn(passedLock)
}

// Close ends all answers.
func (d *Doors) Close() {
	d.mu.Lock()
	d.cancel()
	d.mu.Unlock()
	d.done.Wait()
}

// heldLook is how often it is looked whether the socket is free.
const heldLook = time.Second

// serveSocket answers at the socket. Where another otai has it, this one has not begun to work
// either: it waits for the same folder.
func (d *Doors) serveSocket(dir string, listener passable, lock *os.File) {
	server := d.newServer(d.inside(true))
	defer ending(d.ctx, server)()
	for said := false; ; {
		var err error
		if listener == nil {
			listener, lock, err = listen(dir)
		}
		if err == nil {
			d.keepLock(lock)
			began := time.Now()
			err = d.serve(server, dir, listener, lock)
			d.keepLock(nil)
			_ = lock.Close()
			listener, said = nil, false
			if d.ctx.Err() != nil {
				return
			}
			d.o.Logger().Warn("`otai status` could not ask this otai: its socket was removed or replaced, and is made anew", "folder", dir, "err", err)
			if time.Since(began) > heldLook {
				continue
			}
		}
		if err != nil && !errors.Is(err, errHeld) && !said {
			said = true
			d.o.Logger().Warn("`otai status` can't ask this otai; it is tried again", "err", err)
		}
		select {
		case <-d.ctx.Done():
			return
		case <-time.After(heldLook):
		}
	}
}

const (
	headerPatience = 5 * time.Second
	idlePatience   = 30 * time.Second
	maxHeader      = 8 << 10 // bytes
	closePatience  = time.Second
)

func (d *Doors) keepLock(lock *os.File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lock = lock
}

// serve answers at a listener until the end, or until nobody who looks for the socket finds it there:
// then who was let in still gets an answer, and the caller listens anew.
func (d *Doors) serve(server *http.Server, dir string, listener passable, lock *os.File) error {
	g := newGate(passedSocket, listener)
	defer d.takes(g)()
	at := pathsOf(dir, lock)
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		look := time.NewTicker(heldLook)
		defer look.Stop()
		for at.there() {
			select {
			case <-over:
				return
			case <-look.C:
			}
		}
		_ = g.Close()
	}()
	err := server.Serve(g)
	close(over)
	<-watched
	_ = g.Close()
	at.remove()
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// closedFor notes why the second door isn't open.
func (d *Doors) closedFor(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = err
}

// inside is what answers those who are let in; same is true of the same user.
func (d *Doors) inside(same bool) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", d.ready)
	mux.HandleFunc("GET /status", d.status)
	mux.HandleFunc("GET /metrics", d.metrics)
	mux.HandleFunc("GET /debug/pprof/", d.profile)
	if same && d.o.Reload != nil {
		mux.Handle("POST /reload", d.o.Reload)
	}
	return mux
}

// alive says no more than that somebody answers.
func alive(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "alive") }

// ready says whether otai does its work, and who may not know more doesn't learn why.
func (d *Doors) ready(w http.ResponseWriter, _ *http.Request) {
	if d.judged.get(func() health.Report { return d.Report(context.Background()) }).Ready {
		say(w, http.StatusOK, "ready")
		return
	}
	say(w, http.StatusServiceUnavailable, "not ready")
}

func (d *Doors) status(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(d.Report(r.Context())) // who asks has gone
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // who asks has gone
}
