package helpdesk

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/helpdesk/operation"
	"github.com/open-ticket-ai/otai/internal/helpdesk/wire"
)

// webservice is a web service definition, as far as it matters here.
type webservice struct {
	name, id  string
	maxLength int64 // of a request's body, in bytes
	ownLogin  bool  // every login is taken for that of Open Ticket AI's agent
	routes    []route
}

// route maps requests to an operation.
type route struct {
	path    string   // ":TicketID" in it is a field of the request
	methods []string // nil for all
	operation.Operation
	ticketData bool // IncludeTicketData
}

// unknownOperation is what a request without a route is counted as.
const unknownOperation = "unknown"

// webservices returns the definitions of the recorded servers: the one of Open Ticket AI, with our session-create and
// session-remove; one with the routes of the servers' own REST example; and one that takes small requests only.
func webservices(name string) []webservice {
	return []webservice{
		{
			name: name, id: "1", maxLength: 10_000_000, ownLogin: true,
			routes: []route{
				{path: "/ticket-create", Operation: operation.Create},
				{path: "/ticket-get", Operation: operation.Get},
				{path: "/ticket-search", Operation: operation.Search},
				{path: "/ticket-update", Operation: operation.Update, ticketData: true},
				{path: "/session-create", methods: []string{http.MethodPost}, Operation: operation.SessionCreate},
				{path: "/session-remove", methods: []string{http.MethodPost}, Operation: operation.SessionRemove},
			},
		},
		{
			name: name + "Extra", id: "2", maxLength: 10_000_000,
			routes: []route{
				{path: "/Session", methods: []string{http.MethodPost}, Operation: operation.SessionCreate},
				{path: "/Session/:SessionID", methods: []string{http.MethodGet}, Operation: operation.SessionGet},
				{path: "/Session/:SessionID", methods: []string{http.MethodDelete}, Operation: operation.SessionRemove},
				{path: "/Ticket", methods: []string{http.MethodPost}, Operation: operation.Create, ticketData: true},
				{path: "/Ticket/:TicketID", methods: []string{http.MethodGet}, Operation: operation.Get},
				{path: "/Ticket/:TicketID", methods: []string{http.MethodPost, http.MethodPatch}, Operation: operation.Update},
				{path: "/TicketHistory", Operation: operation.History},
				{path: "/TicketSearch", Operation: operation.Search},
			},
		},
		{
			name: name + "Small", id: "3", maxLength: 2000,
			routes: []route{{path: "/TicketSearch", Operation: operation.Search}},
		},
	}
}

// find returns the route of a request, and the values in its path.
func (ws webservice) find(method, path string) (found route, in wire.Values, ok bool) {
	for _, r := range ws.routes {
		if r.methods == nil && !knownMethod(method) || r.methods != nil && !slices.Contains(r.methods, method) {
			continue
		}
		if in, ok := r.match(path); ok {
			return r, in, true
		}
	}
	return route{}, nil, false
}

// match returns the values in a path, and whether the path is one of the route.
func (r route) match(path string) (wire.Values, bool) {
	wanted, given := strings.Split(r.path, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return nil, false
	}
	in := wire.Values{}
	for i, part := range wanted {
		name, isField := strings.CutPrefix(part, ":")
		switch {
		case !isField && part != given[i] || isField && given[i] == "":
			return nil, false
		case isField:
			in[name] = given[i]
			if text, err := url.PathUnescape(given[i]); err == nil {
				in[name] = text
			}
		}
	}
	return in, true
}

func knownMethod(method string) bool {
	switch method {
	case http.MethodConnect, http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions,
		http.MethodPatch, http.MethodPost, http.MethodPut, http.MethodTrace:
		return true
	}
	return false
}

// rest returns what follows the web service in a path, if the path is one of this web service.
func (ws webservice) rest(path string) (string, bool) {
	for _, own := range []string{"/Webservice/" + ws.name, "/WebserviceID/" + ws.id} {
		if rest, ok := strings.CutPrefix(path, own); ok && strings.HasPrefix(rest, "/") {
			return rest, true
		}
	}
	return "", false
}
