package helpdesk

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
)

func (s *served) control(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	request, err := http.NewRequest(method, s.url+"/_control"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return response.StatusCode
}

func TestATestOfAnotherProgramSteersTheHelpDesk(t *testing.T) {
	s := serve(t, Options{Mode: ModeOTOBO})
	var ids []int64
	s.control(t, "POST", "/queues", `{"Q": "read", "Work": "full"}`, nil)
	s.control(t, "POST", "/dynamicfields", `[{"name": "Note", "kind": "text"}]`, nil)
	s.control(t, "POST", "/sessions", `["abc"]`, nil)
	if s.control(t, "POST", "/tickets", `[{"title": "one", "queue": "Work"}, {"title": "two", "queue": "Q", "body": "b"}]`, &ids) != 200 || len(ids) != 2 {
		t.Fatalf("added %v", ids)
	}
	var f chaos.Faults
	if s.control(t, "PUT", "/faults", `{"rules": [{"on": ["ticket-update"], "nth": [1], "fault": "close", "done": "all"}]}`, &f) != 200 || f.Rules[0].Nth[0] != 1 {
		t.Fatalf("faults %+v", f)
	}
	change := `"TicketID": 1, "Ticket": {"Priority": "5 very high"}, "DynamicField": {"Name": "Note", "Value": "x"}`
	if r := s.send("ticket-update", change); r.err == nil {
		t.Errorf("%+v", r)
	}
	if r := s.send("ticket-update", change); !strings.Contains(r.body, `"TicketID":1`) {
		t.Errorf("%+v", r)
	}
	if r := s.send("ticket-update", `"TicketID": 2, "Ticket": {"Priority": "5 very high"}`); !strings.Contains(r.body, "AccessDenied") {
		t.Errorf("a queue for reading: %+v", r)
	}

	inSession := func() string {
		response, err := http.Post(s.url+s.BasePath()+"/Webservice/OpenTicketAI/ticket-search", "application/json", strings.NewReader(`{"SessionID": "abc"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return string(body)
	}
	if got := inSession(); !strings.Contains(got, "TicketID") {
		t.Errorf("in a session: %s", got)
	}
	s.control(t, "DELETE", "/sessions", "", nil)
	if got := inSession(); !strings.Contains(got, "AuthFail") {
		t.Errorf("in a session that has ended: %s", got)
	}

	var ticket Ticket
	s.control(t, "GET", "/tickets/1", "", &ticket)
	if ticket.Priority != "5 very high" || ticket.DynamicFields["Note"] != "x" || ticket.Articles[0].Subject != "one" || ticket.History[0].Type != "NewTicket" {
		t.Errorf("ticket %+v", ticket)
	}
	var all []Ticket
	if s.control(t, "GET", "/tickets", "", &all); len(all) != 2 {
		t.Errorf("tickets %+v", all)
	}
	var state State
	s.control(t, "GET", "", "", &state)
	if state.Mode != ModeOTOBO || state.Path != s.BasePath() || state.Tickets != 2 || state.Requests["ticket-update"] != 3 ||
		state.Rules[0] != (chaos.FaultCounter{Seen: 3, Fired: 1}) || state.Faults.Rules[0].Kind != chaos.KindClose {
		t.Errorf("state %+v", state)
	}
	if s.control(t, "DELETE", "/faults", "", &f); len(s.Counters().Rules) != 0 {
		t.Error("the faults are still there")
	}
	state = State{}
	s.control(t, "POST", "/reset", "", &state)
	if state.Tickets != 0 || len(state.Requests) != 0 || len(s.Tickets()) != 0 {
		t.Errorf("after a reset %+v", state)
	}
}

func TestWhatCannotBeSteeredIsExplained(t *testing.T) {
	s := serve(t, Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/faults", `{"rules": [{"fault": "x"}]}`, 400, `rules[0].fault`},
		{"PUT", "/faults", `{`, 400, "unexpected EOF"},
		{"POST", "/tickets", `[{"titel": "x"}]`, 400, "titel"},
		{"POST", "/queues", `{"Q": "all"}`, 400, "not one of full, documented, read, none"},
		{"GET", "/tickets/7", "", 404, "no ticket 7"},
		{"GET", "/tickets/x", "", 400, "is not the id of a ticket"},
	} {
		var p errorAnswer
		if got := s.control(t, c.method, c.path, c.body, &p); got != c.status || !strings.Contains(p.Error, c.want) {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, got, p.Error, c.status, c.want)
		}
	}
	if got := s.control(t, "POST", "/faults", "{}", nil); got != http.StatusMethodNotAllowed {
		t.Errorf("a wrong method: %d", got)
	}
	if got := s.control(t, "GET", "/nothing", "", nil); got != http.StatusNotFound {
		t.Errorf("a wrong path: %d", got)
	}
}

func TestOnlyThisMachineSteers(t *testing.T) {
	s := New(Options{})
	for from, status := range map[string]int{"127.0.0.1:9": 200, "[::1]:9": 200, "[::ffff:127.0.0.1]:9": 200, "192.0.2.7:9": 403} {
		r := httptest.NewRequest(http.MethodGet, "/_control", nil)
		r.RemoteAddr, r.Host = from, "127.0.0.1:8080"
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%s: %d, want %d", from, w.Code, status)
		}
	}
}
