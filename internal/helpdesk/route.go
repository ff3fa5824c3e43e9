package helpdesk

import (
	"net"
	"net/http"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// script is the path of the program that serves all web services, below the prefix of the installation.
const script = "/nph-genericinterface.pl"

func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.checkOrigin(r); err != nil {
		writeJSON(w, http.StatusForbidden, errorAnswer{err.Error()})
		return
	}
	if path, ok := s.interfacePath(r.URL.EscapedPath()); ok {
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

// target is the web service and the route that a request is for.
type target struct {
	webservice
	route
	found bool        // whether the web service has such a route
	path  string      // below the web service
	in    wire.Values // from the path
}

// name is what faults and counters call the request.
func (t target) name() string {
	if !t.found {
		return unknownOperation
	}
	return t.Kind
}

// target finds the web service and the route of a path; ok is false when there is no such web service.
func (s *Server) target(r *http.Request, path string) (t target, ok bool) {
	for _, ws := range s.webservices {
		rest, own := ws.rest(path)
		if !own {
			continue
		}
		t := target{webservice: ws, path: rest}
		t.route, t.in, t.found = ws.find(r.Method, rest)
		return t, true
	}
	return target{}, false
}

func (s *Server) serveInterface(w http.ResponseWriter, r *http.Request, path string) {
	t, ok := s.target(r, path)
	if !ok {
		s.log.Debug("unknown web service", "path", r.URL.Path)
		s.rejectService(w)
		return
	}
	if fault, hit := s.injector.Next(t.name()); hit {
		s.misbehave(w, r, t, fault)
		return
	}
	status, contentType, body := s.answer(r, t, nil)
	s.log.Debug("request", "method", r.Method, "route", t.path, "status", status, "bytes", len(body))
	wire.Write(w, s.mode, status, contentType, body)
}

// answer performs one request and returns its answer, of whatever kind.
func (s *Server) answer(r *http.Request, t target, stop operation.Stop) (status int, contentType string, body []byte) {
	result, err := s.perform(r, t, stop)
	if err == nil {
		return http.StatusOK, "application/json; charset=UTF-8", wire.Encode(result)
	}
	s.log.Debug("rejected", "route", t.path, "err", err)
	return wire.Answer(err)
}

// perform runs the operation of a request; the tickets see one request at a time.
func (s *Server) perform(r *http.Request, t target, stop operation.Stop) (wire.Object, error) {
	if !t.found {
		return nil, wire.TransportError("HTTP::REST Error while determine Operation for request URI '" + t.path + "'.")
	}
	in, err := wire.ReadRequest(r, t.in, s.mode, t.maxLength)
	if err != nil {
		return nil, err
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return t.Run(s.system, operation.Call{Values: in, OwnLogin: t.ownLogin, Address: address, Stop: stop, TicketData: t.ticketData})
}

// rejectService ends a request to a web service that isn't there: Znuny closes the connection without a byte (after
// Apache's KeepAliveTimeout, which nobody needs to wait for here), OTOBO answers 500 and nothing else.
func (s *Server) rejectService(w http.ResponseWriter) {
	if s.mode == ModeZnuny {
		cutOff(w)
		return
	}
	w.Header().Set("Connection", "close")
	wire.Write(w, ModeOTOBO, http.StatusInternalServerError, "", nil)
}
