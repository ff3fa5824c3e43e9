package helpdesk

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestNoRouteAnswersToAForeignName(t *testing.T) {
	s := New(Options{Hosts: []string{"Desk"}})
	id := s.AddTicket(NewTicket{Title: "confidential"})
	service := s.BasePath() + "/Webservice/OpenTicketAI"
	for _, path := range []string{"/", "/tickets/1", ControlPath, ControlPath + "/tickets", service + "/ticket-get", "/nothing"} {
		for host, known := range map[string]bool{
			"127.0.0.1:8080": true, "127.0.0.1": true, "[::1]:80": true, "[::1]": true, "192.0.2.7:8080": true,
			"localhost:8080": true, "LOCALHOST": true, "localhost.": true, "desk:8080": true, "": true,
			"desk.example.org": false, "desk.example.org:8080": false, "127.0.0.1.example.org": false, "localhost.example.org": false, "mylocalhost": false, "desk.": true,
		} {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr, r.Host = "127.0.0.1:9", host
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if got := w.Code != http.StatusForbidden; got != known {
				t.Errorf("%s as %q: %d", path, host, w.Code)
			}
			if body := w.Body.String(); !known && (strings.Contains(body, "confidential") || !strings.Contains(body, "--host")) {
				t.Errorf("%s as %q: %s", path, host, body)
			}
		}
	}
	if len(s.Tickets()) != 1 || id != 1 {
		t.Fatal("the ticket is not there")
	}
}

func TestAForeignPageCanSendNothing(t *testing.T) {
	s := New(Options{})
	s.AddTicket(NewTicket{Title: "confidential"})
	login := `{"UserLogin": "x", "Password": "` + DefaultPassword + `", `
	service := s.BasePath() + "/Webservice/OpenTicketAI"
	for path, body := range map[string]string{
		ControlPath + "/reset":     "",
		service + "/ticket-update": login + `"TicketID": 1, "Ticket": {"Title": "changed"}}`,
	} {
		for name, header := range map[string][2]string{"Origin": {"Origin", "https://example.org"}, "Sec-Fetch-Site": {"Sec-Fetch-Site", "cross-site"}} {
			r := httptest.NewRequest("POST", path, strings.NewReader(body))
			r.RemoteAddr, r.Host = "127.0.0.1:9", "127.0.0.1:8080"
			r.Header.Set(header[0], header[1])
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != http.StatusForbidden {
				t.Errorf("%s with %s: %d %s", path, name, w.Code, w.Body)
			}
		}
	}
	if tickets := s.Tickets(); len(tickets) != 1 || tickets[0].Title != "confidential" {
		t.Errorf("%+v", tickets)
	}
}
