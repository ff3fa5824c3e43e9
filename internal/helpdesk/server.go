package helpdesk

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// Mode names the server whose behavior is followed where Znuny and OTOBO differ.
type Mode = wire.Mode

// The modes; the zero Mode of [Options] is ModeZnuny.
const (
	ModeZnuny = wire.ModeZnuny
	ModeOTOBO = wire.ModeOTOBO
)

// DefaultPassword is printed in the documentation, so it protects nothing. It is not an ordinary word: otai masks passwords wherever
// they appear, and a word would be masked in logs and paths too.
const DefaultPassword = "try-otai-4711"

// Options configure a [Server]; the zero value is a good one.
type Options struct {
	Mode            Mode
	Login, Password string           // of the agent who may use the web service; by default "open_ticket_ai" and [DefaultPassword]
	Hosts           []string         // names that clients may call it by, besides addresses and "localhost"
	Webservice      string           // by default "OpenTicketAI"
	Now             func() time.Time // by default time.Now
	Logger          *slog.Logger     // gets one line per request at level debug; nil for none
}

// Server is a help desk in memory. It begins without tickets, with the queues, priorities, states and agents of the recorded
// servers. Its methods may be called at any time and from anywhere.
type Server struct {
	mode            Mode
	login, password string
	now             func() time.Time
	hosts           []string
	webservices     []webservice
	log             *slog.Logger
	injector        chaos.Injector

	mu     sync.Mutex
	system *operation.System
}

// New makes a help desk without tickets.
func New(o Options) *Server {
	mode := cmp.Or(o.Mode, ModeZnuny)
	now := o.Now
	if now == nil {
		now = time.Now
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		mode:        mode,
		login:       cmp.Or(o.Login, "open_ticket_ai"),
		password:    cmp.Or(o.Password, DefaultPassword),
		hosts:       o.Hosts,
		webservices: webservices(cmp.Or(o.Webservice, "OpenTicketAI")),
		log:         log,
		now:         now,
	}
	s.Reset()
	return s
}

// SetFaults makes the help desk misbehave from now on, and counts anew; the zero Faults end that.
func (s *Server) SetFaults(f chaos.Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.injector.Set(f)
	return nil
}

// Counters returns how many requests came, and how many of them each fault hit.
func (s *Server) Counters() chaos.Counters { return s.injector.Counters() }

// Reset brings the help desk back to its beginning: the catalog of [New], no tickets, no sessions, no faults, nothing counted.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system = operation.NewSystem(s.mode, s.login, store.New(s.now, store.NewCatalog(s.mode, s.login, s.password)))
	s.injector.Set(chaos.Faults{})
	s.injector.Reset()
}

// BasePath is the path of the web services of the chosen [Mode]; with the server's address in front of it, it is a client's
// base URL.
func (s *Server) BasePath() string { return "/" + string(s.mode) + script }

// Handler serves the GenericInterface below [Server.BasePath] and the page for people at "/".
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

// Serve answers on l until ctx ends, then lets running requests finish for at most three seconds. It closes l and returns nil
// when ctx ended it. Another Serve may follow, with the same tickets.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), lifeKey{}, ctx)
		},
		ConnContext: withConnection,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the help desk on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		server.Close() // cuts off what is still running
	}
	<-ended
	return nil
}
