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
			r := httptest.NewRequest(http.MethodGet, path, nil)
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
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
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

func TestAForeignPageReadsNothing(t *testing.T) {
	s := New(Options{})
	s.AddTicket(NewTicket{Title: "confidential"})
	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"a script":             {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		"an image":             {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403},
		"a frame":              {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		"fetch":                {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Origin": "https://example.org"}, 403},
		"of another port":      {map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		"of an old browser":    {map[string]string{"Origin": "https://example.org"}, 403},
		"of a file":            {map[string]string{"Origin": "null"}, 403},
		"of another port, old": {map[string]string{"Origin": "http://127.0.0.1:9999"}, 403},
		"a link":               {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		"the address bar":      {map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		"the page itself":      {map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 200},
		"the page itself, old": {map[string]string{"Origin": "http://127.0.0.1:8080"}, 200},
		"not a browser, curl":  {nil, 200},
	} {
		for _, path := range []string{"/", "/tickets/1"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = "127.0.0.1:9", "127.0.0.1:8080"
			for key, value := range c.header {
				r.Header.Set(key, value)
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != c.status || (w.Code == 403) == strings.Contains(w.Body.String(), "confidential") {
				t.Errorf("%s, %s: %d %s", name, path, w.Code, w.Body)
			}
			if policy := w.Header().Get("Content-Security-Policy"); w.Code == 200 && !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("%s can be framed: %s", path, policy)
			}
		}
	}
}
