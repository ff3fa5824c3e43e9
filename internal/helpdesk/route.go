package helpdesk

import (
	"errors"
	"net/http"
	"slices"
	"strings"
)

// webservice is a web service definition: what of OpenTicketAI.yml matters here.
type webservice struct {
	name, id  string
	maxLength int64 // of a request's body, in bytes
	routes    map[string]operation
}

// operation is one thing that a web service can do.
type operation struct {
	name string // as it stands before errors: "TicketGet"
	// allow refuses a sender who has not proved to be the agent.
	allow func(s *Server, in fields) error
	// run does it; a stop ends a write between two of its steps.
	run func(s *store, in fields, at *stop) (object, error)
}

// openTicketAI is the definition that Open Ticket AI delivers: four routes, each with every method.
func openTicketAI(name string) webservice {
	return webservice{
		name: name, id: "1", maxLength: 10_000_000,
		routes: map[string]operation{
			"/ticket-search": {"TicketSearch", allowReader("TicketSearch"), reading((*store).search)},
			"/ticket-get":    {"TicketGet", allowReader("TicketGet"), reading((*store).get)},
			"/ticket-update": {"TicketUpdate", allowWriter("TicketUpdate"), (*store).update},
			"/ticket-create": {"TicketCreate", allowWriter("TicketCreate"), (*store).create},
		},
	}
}

// reading is an operation that has no steps.
func reading(run func(*store, fields) (object, error)) func(*store, fields, *stop) (object, error) {
	return func(s *store, in fields, _ *stop) (object, error) { return run(s, in) }
}

// routeNames are the names by which rules and counters know the operations.
var routeNames = []string{"ticket-search", "ticket-get", "ticket-update", "ticket-create"}

// routeName is one of routeNames, or "unknown".
func routeName(route string) string {
	if name := strings.TrimPrefix(route, "/"); slices.Contains(routeNames, name) {
		return name
	}
	return "unknown"
}

// script is the path of the program that serves all web services, below the prefix of the installation.
const script = "/nph-genericinterface.pl"

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if path, ok := s.interfacePath(r.URL.Path); ok {
		s.serveInterface(w, r, path)
		s.countAnswer(w, r)
		return
	}
	if !s.serveControl(w, r) && !s.servePage(w, r) {
		notFound(w)
	}
}

// interfacePath returns what follows the script. An OTOBO has nothing at /znuny; a Znuny may have been given the other's
// prefix by its administrator, and here it has.
func (s *Server) interfacePath(path string) (string, bool) {
	prefixes := []Mode{s.mode}
	if s.mode == ModeZnuny {
		prefixes = append(prefixes, ModeOTOBO)
	}
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(path, "/"+string(prefix)+script); ok && (rest == "" || rest[0] == '/') {
			return rest, true
		}
	}
	return "", false
}

func (s *Server) serveInterface(w http.ResponseWriter, r *http.Request, path string) {
	route, ok := s.webservice.route(path)
	if !ok {
		s.log.Debug("unknown web service", "path", r.URL.Path)
		s.refuseService(w)
		return
	}
	if t, troubled := s.chance.next(routeName(route)); troubled {
		s.misbehave(w, r, route, t)
		return
	}
	status, contentType, body := s.answer(r, route, nil)
	s.log.Debug("request", "method", r.Method, "route", route, "status", status, "bytes", len(body))
	writeAnswer(w, s.mode, status, contentType, body)
}

// answer runs one request; the store sees one at a time.
func (s *Server) answer(r *http.Request, route string, at *stop) (status int, contentType string, body []byte) {
	result, err := s.perform(r, route, at)
	if err == nil {
		return http.StatusOK, "application/json; charset=UTF-8", encode(result)
	}
	var failed *failure
	if !errors.As(err, &failed) {
		failed = &failure{status: http.StatusInternalServerError, text: err.Error()}
	}
	s.log.Debug("refused", "route", route, "error", failed)
	return failed.answer()
}

func (s *Server) perform(r *http.Request, route string, at *stop) (object, error) {
	op, ok := s.webservice.routes[route]
	if !ok || !knownMethod(r.Method) {
		return nil, sentence("HTTP::REST Error while determine Operation for request URI '" + route + "'.")
	}
	in, err := readRequest(r, s.mode, s.webservice.maxLength)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := op.allow(s, in); err != nil {
		return nil, err
	}
	return op.run(&s.store, in, at)
}

func knownMethod(method string) bool {
	switch method {
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace:
		return true
	}
	return false
}

// route returns the part of the path that the web service maps to an operation, if the path is one of this web service.
func (ws webservice) route(path string) (string, bool) {
	for _, own := range []string{"/Webservice/" + ws.name, "/WebserviceID/" + ws.id} {
		if route, ok := strings.CutPrefix(path, own); ok && strings.HasPrefix(route, "/") {
			return route, true
		}
	}
	return "", false
}

// refuseService ends a request to a web service that isn't there: Znuny closes the connection without a byte (after
// Apache's KeepAliveTimeout, for which nobody needs to wait here), OTOBO answers 500 and nothing else.
func (s *Server) refuseService(w http.ResponseWriter) {
	if s.mode == ModeZnuny {
		cutOff(w)
		return
	}
	w.Header().Set("Connection", "close")
	writeAnswer(w, ModeOTOBO, http.StatusInternalServerError, "", nil)
}
