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
)

// Mode names the server whose behaviour is followed where Znuny and OTOBO differ.
type Mode string

// The modes; the zero Mode is ModeZnuny.
const (
	ModeZnuny Mode = "znuny" // Znuny 6.5 behind Apache and mod_perl
	ModeOTOBO Mode = "otobo" // OTOBO 11.0 behind starman
)

// DefaultPassword is printed in the documentation, so it protects nothing. It is no word that logs and paths contain, because
// otai masks a password wherever it reads one.
const DefaultPassword = "try-otai-4711"

// Options are what a [Server] is made of; the zero value is a good one.
type Options struct {
	Mode            Mode
	Login, Password string           // of the one agent that may use the web service; "open_ticket_ai" and [DefaultPassword]
	Hosts           []string         // names by which clients call it; an address and "localhost" always count
	Webservice      string           // "OpenTicketAI"
	Now             func() time.Time // time.Now
	Logger          *slog.Logger     // gets one line per request at level debug; nil for none
}

// Server is a help desk. It begins with the queues, priorities, states and agents of the recorded servers and without tickets;
// what it holds is gone when it is. Its methods may be called at any time and from anywhere.
type Server struct {
	mode            Mode
	login, password string
	now             func() time.Time
	hosts           []string
	webservices     []webservice
	log             *slog.Logger
	chance          chance

	mu     sync.Mutex
	system *System
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

// SetFaults makes the help desk misbehave from now on, counting anew; the zero Faults end it.
func (s *Server) SetFaults(f Faults) error {
	if err := f.Validate(); err != nil {
		return err
	}
	s.chance.set(f)
	return nil
}

// Counters returns how many requests came and how many of them the rules of [Server.SetFaults] befell.
func (s *Server) Counters() Counters { return s.chance.counters() }

// Reset brings the help desk back to its beginning: the catalogue of [New], no tickets, no sessions, no faults, nothing counted.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system = newSystem(s.mode, s.login, newStore(s.now, newCatalog(s.mode, s.login, s.password)))
	s.chance.set(Faults{})
	s.chance.forget()
}

// BasePath is the path under which the web services of the chosen [Mode] stand: with the server's address before it, it is
// what a client calls its base URL.
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
		server.Close() // what is still running is cut off
	}
	<-ended
	return nil
}

// AddQueue adds queues; a name that is there already is left alone. The parent of "A::B" need not be there.
func (s *Server) AddQueue(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.system.catalog.addQueue(name)
	}
}

// SetAccess sets what the agent may do in a queue, which is added if it isn't there.
func (s *Server) SetAccess(queue string, access Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.catalog.queue(s.system.catalog.addQueue(queue)).access = access
}

// AddDynamicField adds a dynamic field to all tickets, or replaces the one of its name.
func (s *Server) AddDynamicField(f DynamicField) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.catalog.setField(f)
}

// AddAgent adds an agent who may do nothing yet, see [Server.SetAccessOf]. Its login counts in the web services beside the one
// of Open Ticket AI, which takes every login for its own agent's.
func (s *Server) AddAgent(login, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.catalog.addAgent(login, password)
}

// SetAccessOf sets what an agent may do in a queue; both are added if they aren't there.
func (s *Server) SetAccessOf(login, queue string, access Access) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.system.catalog
	id := c.addQueue(queue)
	if _, ok := byName(c.agents, login); !ok {
		c.addAgent(login, "")
	}
	for i := range c.agents {
		if a := &c.agents[i]; a.name == login {
			if a.access == nil {
				a.access = map[int64]Access{}
			}
			a.access[id] = access
		}
	}
}

// AddCustomer adds a customer user, or gives one a password. Customers see their own tickets and those of their company.
func (s *Server) AddCustomer(login, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.catalog.addCustomer(login, password)
}

// AddSession makes id a valid SessionID of the agent, as if another web service of the same system had handed it out.
func (s *Server) AddSession(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.addSession(id)
}

// EndSessions makes all SessionIDs invalid, as time does.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.system.endSessions()
}

// NewTicket is what a customer sends in.
type NewTicket struct {
	Title        string `json:"title,omitempty"` // cut to 255 characters
	Body         string `json:"body,omitempty"`
	Queue        string `json:"queue,omitempty"`         // "Incoming"
	Priority     string `json:"priority,omitempty"`      // "3 normal"
	State        string `json:"state,omitempty"`         // "new"
	Type         string `json:"type,omitempty"`          // "Unclassified"
	Lock         string `json:"lock,omitempty"`          // "unlock"
	CustomerUser string `json:"customer_user,omitempty"` // "kunde1"
	From         string `json:"from,omitempty"`          // the customer user's address
	To           string `json:"to,omitempty"`            // "support@example.test"
	ContentType  string `json:"content_type,omitempty"`  // "text/plain; charset=utf-8"; the body of "text/html" is shown as plain text, as on the real servers
}

// AddTicket stores a ticket as if it had come in by mail and returns its id. Empty fields have the values that [NewTicket]
// names; a queue, priority, state or type that isn't in the catalogue yet is added to it.
func (s *Server) AddTicket(n NewTicket) (id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.system.catalog
	t := s.system.open(firstCharacters(untilNUL(n.Title), maxTitle),
		c.addQueue(cmp.Or(n.Queue, "Incoming")),
		c.addPriority(cmp.Or(n.Priority, "3 normal")),
		c.addState(cmp.Or(n.State, "new")),
		c.addType(cmp.Or(n.Type, "Unclassified")),
		c.customer(cmp.Or(n.CustomerUser, "kunde1")), administratorID)
	if lock, known := byName(c.locks, n.Lock); known {
		t.lock = lock
	}
	sender, _ := byName(c.senders, "customer")
	channel, _ := byName(c.channels, "Email")
	mimeType, charset, ok := contentTypeParts(n.ContentType)
	if !ok {
		mimeType, charset = "text/plain", ""
	}
	d := draft{
		subject: firstCharacters(n.Title, maxSubject), body: n.Body,
		from: cmp.Or(n.From, c.customer(t.customer).address), to: cmp.Or(n.To, "support@example.test"),
		mimeType: mimeType, charset: cmp.Or(charset, "utf-8"), sender: sender, channel: channel, visible: true,
		event: "EmailCustomer", comment: firstCharacters(n.Title, 200),
	}
	d.tidy()
	s.system.addArticle(t, d, administratorID) // only a subject that is too long is an error
	return t.id
}

// Tickets returns all tickets, oldest first.
func (s *Server) Tickets() []Ticket {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Ticket, len(s.system.tickets))
	for i, t := range s.system.tickets {
		all[i] = snapshot(s.system.store, t)
	}
	return all
}

// Ticket returns the ticket with the id, and whether there is one.
func (s *Server) Ticket(id int64) (Ticket, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.system.find(id); t != nil {
		return snapshot(s.system.store, t), true
	}
	return Ticket{}, false
}
