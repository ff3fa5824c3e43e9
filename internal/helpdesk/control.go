package helpdesk

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// ControlPath is where tests and people control a running help desk; the real servers have nothing there.
const ControlPath = "/_control"

// serveControl answers requests to /_control, and only those of this machine; false means that the path is a different one.
func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != ControlPath && !strings.HasPrefix(r.URL.Path, ControlPath+"/") {
		return false
	}
	if err := fromThisMachine(r); err != nil {
		writeJSON(w, http.StatusForbidden, errorAnswer{err.Error()})
		return true
	}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*http.Request) (any, error){
		"GET " + ControlPath:                     s.controlState,
		"GET " + ControlPath + "/faults":         s.controlFaults,
		"PUT " + ControlPath + "/faults":         s.controlSetFaults,
		"DELETE " + ControlPath + "/faults":      s.controlClearFaults,
		"POST " + ControlPath + "/reset":         s.controlReset,
		"GET " + ControlPath + "/tickets":        s.controlTickets,
		"GET " + ControlPath + "/tickets/{id}":   s.controlTicket,
		"POST " + ControlPath + "/tickets":       s.controlAddTickets,
		"POST " + ControlPath + "/queues":        s.controlAddQueues,
		"POST " + ControlPath + "/dynamicfields": s.controlAddFields,
		"POST " + ControlPath + "/sessions":      s.controlAddSessions,
		"DELETE " + ControlPath + "/sessions":    s.controlEndSessions,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := handle(r)
			var missing notFoundError
			switch {
			case errors.As(err, &missing):
				writeJSON(w, http.StatusNotFound, errorAnswer{err.Error()})
			case err != nil:
				writeJSON(w, http.StatusBadRequest, errorAnswer{err.Error()})
			default:
				writeJSON(w, http.StatusOK, answer)
			}
		})
	}
	mux.ServeHTTP(w, r)
	return true
}

// errorAnswer is the answer to a request that fails.
type errorAnswer struct {
	Error string `json:"error"`
}

// notFoundError says that there is no such ticket.
type notFoundError struct{ error }

// fromThisMachine rejects the requests of other machines.
func fromThisMachine(r *http.Request) error {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return errors.New(ControlPath + " answers only on the loopback interface: call it from the help desk's machine, at 127.0.0.1")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the client may be gone
}

func readJSON(r *http.Request, v any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	return nil
}

// State is what GET /_control shows.
type State struct {
	Mode    Mode         `json:"mode"`
	Path    string       `json:"path"` // what follows the address in a client's base URL
	Tickets int          `json:"tickets"`
	Faults  chaos.Faults `json:"faults"`
	chaos.Counters
}

func (s *Server) controlState(*http.Request) (any, error) {
	s.mu.Lock()
	tickets := len(s.system.Tickets)
	s.mu.Unlock()
	return State{Mode: s.mode, Path: s.BasePath(), Tickets: tickets, Faults: s.injector.Faults(), Counters: s.Counters()}, nil
}

func (s *Server) controlFaults(*http.Request) (any, error) { return s.injector.Faults(), nil }

func (s *Server) controlSetFaults(r *http.Request) (any, error) {
	f, err := chaos.ReadFaults(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	s.injector.Set(f)
	return f, nil
}

func (s *Server) controlClearFaults(*http.Request) (any, error) {
	s.injector.Set(chaos.Faults{})
	return chaos.Faults{}, nil
}

func (s *Server) controlReset(r *http.Request) (any, error) {
	s.Reset()
	return s.controlState(r)
}

func (s *Server) controlTickets(*http.Request) (any, error) { return s.Tickets(), nil }

func (s *Server) controlTicket(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not the id of a ticket", r.PathValue("id"))
	}
	t, ok := s.Ticket(id)
	if !ok {
		return nil, notFoundError{fmt.Errorf("there is no ticket %d", id)}
	}
	return t, nil
}

// controlAddTickets takes a list of [NewTicket] and answers with their ids.
func (s *Server) controlAddTickets(r *http.Request) (any, error) {
	var list []NewTicket
	if err := readJSON(r, &list); err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, n := range list {
		ids[i] = s.AddTicket(n)
	}
	return ids, nil
}

// controlAddQueues takes what the agent may do in each queue: {"IT": "full", "HR": "read"}.
func (s *Server) controlAddQueues(r *http.Request) (any, error) {
	var queues map[string]store.Access
	if err := readJSON(r, &queues); err != nil {
		return nil, err
	}
	for name, access := range queues {
		s.SetAccess(name, access)
	}
	return queues, nil
}

func (s *Server) controlAddFields(r *http.Request) (any, error) {
	var list []store.DynamicField
	if err := readJSON(r, &list); err != nil {
		return nil, err
	}
	for _, f := range list {
		s.AddDynamicField(f)
	}
	return list, nil
}

func (s *Server) controlEndSessions(*http.Request) (any, error) {
	s.EndSessions()
	return 0, nil
}

// controlAddSessions takes a list of ids.
func (s *Server) controlAddSessions(r *http.Request) (any, error) {
	var ids []string
	if err := readJSON(r, &ids); err != nil {
		return nil, err
	}
	for _, id := range ids {
		s.AddSession(id)
	}
	return len(ids), nil
}
