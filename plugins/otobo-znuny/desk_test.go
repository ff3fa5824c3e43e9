package main

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// trouble is what the test desk does with a request instead of answering it.
type trouble int

const (
	noTrouble       trouble = iota
	closeUnread             // closes the connection and does nothing
	closeDone               // does it, then closes the connection
	failHalfway             // writes the title only, then status 500
	failDone                // does it, then status 500
	gatewayDone             // does it, then status 504
	hang                    // neither does it nor answers, until the desk closes
	hangThenDo              // does it when the test says so, after the client has gone
	unavailable             // status 503, nothing done
	halfAnswer              // does it, then sends half of the answer
	refuseAndFinish         // status 200 with an error
	denied                  // the same for a right that is missing
)

// desk is a GenericInterface in memory that misbehaves on request. It checks
// what every request must have, whatever the test is about.
type desk struct {
	*httptest.Server
	t *testing.T

	mu       sync.Mutex
	tickets  map[string]map[string]any
	articles int
	requests []deskRequest
	plan     map[string][]trouble // by route: the first requests' troubles
	release  chan struct{}        // a hangThenDo waits for it
	late     chan struct{}        // closed when a hangThenDo is done
	stop     chan struct{}
}

type deskRequest struct {
	route string
	body  map[string]any
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, tickets: map[string]map[string]any{}, plan: map[string][]trouble{}, release: make(chan struct{}), late: make(chan struct{}), stop: make(chan struct{}), articles: 100}
	d.Server = httptest.NewServer(d)
	t.Cleanup(func() { close(d.stop); d.Server.Close() })
	for id := 1; id <= 3; id++ {
		d.addTicket(strconv.Itoa(id))
	}
	return d
}

func (d *desk) addTicket(id string) {
	d.articles++
	d.tickets[id] = map[string]any{
		"TicketID": id, "TicketNumber": "20260000" + id, "Title": "Drucker", "Queue": "Incoming", "QueueID": 6,
		"Priority": "3 normal", "PriorityID": 3, "State": "new", "StateID": 1, "Owner": "root@localhost", "OwnerID": 1,
		"CustomerUserID": "kunde1", "Created": "2026-11-22 15:20:39", "Changed": "2026-11-22 15:20:41",
		"DynamicField": []any{map[string]any{"Name": "OtaiText", "Value": nil}},
		"Article": []any{map[string]any{
			"ArticleID": d.articles, "Subject": "Drucker", "Body": "druckt nicht", "SenderType": "customer", "IsVisibleForCustomer": "1",
		}},
	}
}

// service is a client of the desk that doesn't wait long.
func (d *desk) service(change ...func(*Params)) *TicketSystem {
	p := Params{BaseURL: d.URL + "/znuny/nph-genericinterface.pl/", Password: "geheim-4711"}
	for _, f := range change {
		f(&p)
	}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		d.t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: 2 * time.Millisecond, MaxElapsed: 2 * time.Second}
	d.t.Cleanup(func() { _ = s.Close() })
	return s
}

// will plans what happens to the next requests of a route.
func (d *desk) will(route string, list ...trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan[route] = list
}

// sent are the bodies that a route got.
func (d *desk) sent(route string) []map[string]any {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []map[string]any
	for _, r := range d.requests {
		if r.route == route {
			list = append(list, r.body)
		}
	}
	return list
}

// notes are the subjects of a ticket's articles after the first.
func (d *desk) notes(id string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := []string{}
	for _, a := range d.tickets[id]["Article"].([]any)[1:] {
		list = append(list, a.(map[string]any)["Subject"].(string))
	}
	return list
}

func (d *desk) field(id, key string) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tickets[id][key]
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		d.t.Errorf("body: %v", err)
	}
	if r.ContentLength != int64(len(raw)) || len(r.TransferEncoding) > 0 {
		d.t.Errorf("Content-Length is %d for %d bytes, Transfer-Encoding %v: the servers ignore a body without length", r.ContentLength, len(raw), r.TransferEncoding)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		d.t.Errorf("request: %v", err)
	}
	if body["UserLogin"] != "open_ticket_ai" || body["Password"] != "geheim-4711" {
		d.t.Errorf("login is %v", body["UserLogin"])
	}
	route, ok := strings.CutPrefix(r.URL.Path, "/znuny/nph-genericinterface.pl/Webservice/OpenTicketAI/")
	if !ok || r.Method != http.MethodPost {
		d.t.Errorf("%s %s", r.Method, r.URL.Path)
	}

	d.mu.Lock()
	d.requests = append(d.requests, deskRequest{route, body})
	what := noTrouble
	if plan := d.plan[route]; len(plan) > 0 {
		what, d.plan[route] = plan[0], plan[1:]
	}
	d.mu.Unlock()

	switch what {
	case closeUnread:
		panic(http.ErrAbortHandler)
	case hang:
		select {
		case <-d.stop:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case hangThenDo:
		<-r.Context().Done()
		<-d.release
		d.do(route, body)
		close(d.late)
		panic(http.ErrAbortHandler)
	case unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case failHalfway:
		if ticket, ok := body["Ticket"].(map[string]any); ok {
			d.do(route, map[string]any{"TicketID": body["TicketID"], "Ticket": map[string]any{"Title": ticket["Title"]}})
		}
		fail(w)
		return
	case refuseAndFinish:
		_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketUpdate.InvalidParameter","ErrorMessage":"TicketUpdate: Ticket->QueueID or Ticket->Queue parameter is invalid!"}}`)
		return
	}
	if what == denied {
		_, _ = io.WriteString(w, strings.ReplaceAll(deniedAnswer, "TicketGet", "TicketUpdate"))
		return
	}
	answer := d.do(route, body)
	switch what {
	case closeDone:
		panic(http.ErrAbortHandler)
	case failDone:
		fail(w)
	case gatewayDone:
		w.WriteHeader(http.StatusGatewayTimeout)
	case halfAnswer:
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer[:len(answer)/2])
		panic(http.ErrAbortHandler)
	default:
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		_, _ = w.Write(answer)
	}
}

func fail(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = io.WriteString(w, `{"faultcode":"Server","faultstring":"Ticket queue could not be updated, please contact system administrator!"}`)
}

// asked is a ticket with the articles that a get asks for.
func asked(ticket, body map[string]any) map[string]any {
	all, ok := ticket["Article"].([]any)
	limit, limited := body["ArticleLimit"].(float64)
	if !ok || !limited {
		return ticket
	}
	if kinds, chosen := body["ArticleSenderType"].([]any); chosen {
		all = slices.DeleteFunc(slices.Clone(all), func(a any) bool { return !slices.Contains(kinds, a.(map[string]any)["SenderType"]) })
	}
	if body["ArticleOrder"] == "DESC" {
		all = slices.Clone(all)
		slices.Reverse(all)
	}
	part := maps.Clone(ticket)
	part["Article"] = all[:min(int(limit), len(all))]
	return part
}

const deniedAnswer = `{"Error":{"ErrorCode":"TicketGet.AccessDenied","ErrorMessage":"TicketGet: User does not have access to the ticket!"}}`

// do executes a request as the real servers do.
func (d *desk) do(route string, body map[string]any) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	var answer any
	switch route {
	case "ticket-search":
		found := []string{}
		for id := range d.tickets {
			found = append(found, id)
		}
		slices.SortFunc(found, func(a, b string) int { x, _ := strconv.Atoi(a); y, _ := strconv.Atoi(b); return x - y })
		limit := int(body["Limit"].(float64))
		answer = map[string]any{"TicketID": found[:min(limit, len(found))]}
	case "ticket-get":
		var list []any
		wanted, many := body["TicketID"].([]any)
		if !many {
			wanted = []any{body["TicketID"]}
		}
		for _, id := range wanted {
			ticket, ok := d.tickets[id.(string)]
			if !ok || ticket["Locked"] != nil {
				return []byte(deniedAnswer)
			}
			list = append(list, asked(ticket, body))
		}
		answer = map[string]any{"Ticket": list}
	case "ticket-update":
		id := body["TicketID"].(string)
		ticket, ok := d.tickets[id]
		if !ok {
			return []byte(strings.ReplaceAll(deniedAnswer, "TicketGet", "TicketUpdate"))
		}
		reply := map[string]any{"TicketID": id, "TicketNumber": ticket["TicketNumber"]}
		if change, ok := body["Ticket"].(map[string]any); ok {
			for key, v := range change {
				if v != nil {
					ticket[key] = v
				}
			}
		}
		if fields, ok := body["DynamicField"].([]any); ok {
			ticket["DynamicField"] = fields
		}
		if a, ok := body["Article"].(map[string]any); ok {
			d.articles++
			a["ArticleID"] = d.articles
			a["Body"] = strings.TrimSpace(a["Body"].(string))
			ticket["Article"] = append(ticket["Article"].([]any), a)
			reply["ArticleID"] = d.articles
		}
		answer = reply
	case "ticket-create":
		answer = map[string]any{"ArticleID": "900", "TicketID": "9", "TicketNumber": "202600009"}
	default:
		d.t.Errorf("unknown route %q", route)
	}
	out, err := json.Marshal(answer)
	if err != nil {
		d.t.Error(err)
	}
	return out
}
