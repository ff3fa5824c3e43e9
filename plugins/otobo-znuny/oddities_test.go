package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// What was never recorded but other versions, languages and set-ups send.

// answering is a service whose server gives f's answer to everything.
func answering(t *testing.T, f http.HandlerFunc, change ...func(*Params)) *TicketSystem {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	p := Params{BaseURL: server.URL + "/otobo/nph-genericinterface.pl", Password: "geheim-4711"}
	for _, c := range change {
		c(&p)
	}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 10 * time.Millisecond}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAddressesAreTakenAsPeopleWriteThem(t *testing.T) {
	for given, want := range map[string]string{
		"http://d/otobo/nph-genericinterface.pl":     "http://d/otobo/nph-genericinterface.pl",
		" http://d/otobo/nph-genericinterface.pl// ": "http://d/otobo/nph-genericinterface.pl",
		"https://d/znuny":                            "https://d/znuny/nph-genericinterface.pl",
		"https://d:8443/otobo/":                      "https://d:8443/otobo/nph-genericinterface.pl",
		"https://d/otrs/index.pl":                    "https://d/otrs/nph-genericinterface.pl",
		"http://[::1]:80/otobo/customer.pl":          "http://[::1]:80/otobo/nph-genericinterface.pl",
		"https://d/support/nph-genericinterface.pl":  "https://d/support/nph-genericinterface.pl",
		"https://api.d/otobo-api":                    "https://api.d/otobo-api", // a proxy may lead there
		"https://d":                                  "https://d",
	} {
		p := Params{BaseURL: given}.withDefaults()
		if err := p.Validate(); err != nil || p.BaseURL != want {
			t.Errorf("%q is %q, %v", given, p.BaseURL, err)
		}
	}
	p := Params{BaseURL: "https://d/otobo/nph-genericinterface.pl/Webservice/OpenTicketAI/ticket-search", TimeZone: "UTC"}
	if err := p.Validate(); err == nil || !strings.Contains(err.Error(), "webservice_name") {
		t.Errorf("error is %v", err)
	}
	var asked string
	s := answering(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.EscapedPath()
		_, _ = w.Write([]byte("{}"))
	}, func(p *Params) {
		p.WebserviceName, p.OperationURLs.TicketSearch = "Öffentlich & Büro", "/Suche/Alle Tickets"
	})
	if _, err := s.searchIDs(t.Context(), wire.Message{}, 1); err != nil || asked != "/otobo/nph-genericinterface.pl/Webservice/%C3%96ffentlich%20&%20B%C3%BCro/Suche/Alle%20Tickets" {
		t.Errorf("asked for %s, %v", asked, err)
	}
	if s.client.WebService() != "Öffentlich & Büro" {
		t.Errorf("it is called %q", s.client.WebService())
	}
}

// A ticket that can't be read, or is too large, must not stand in the way of others.
func TestATicketThatCantBeReadMakesRoomForTheNext(t *testing.T) {
	d := newDesk(t)
	for id := 4; id <= 9; id++ {
		d.addTicket(strconv.Itoa(id))
	}
	d.tickets["1"]["Locked"] = true
	d.tickets["3"]["Article"] = append(d.tickets["3"]["Article"].([]any), map[string]any{"ArticleID": 99, "Body": strings.Repeat("x", 2<<20)})
	s := d.service(func(p *Params) { p.MaxResponseMB = 1 })
	for _, c := range []struct {
		limit, offset int
		want          []string
	}{
		{1, 0, []string{"2"}}, {2, 0, []string{"2", "4"}}, {3, 1, []string{"2", "4", "5"}}, {3, 3, []string{"4", "5", "6"}}, {50, 0, []string{"2", "4", "5", "6", "7", "8", "9"}}, {5, 20, nil},
	} {
		found, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: c.limit, Offset: c.offset})
		var got []string
		for _, f := range found {
			got = append(got, f.ID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("limit %d, offset %d: %q, %v", c.limit, c.offset, got, err)
		}
	}
}

func TestATextOfZeroIsKept(t *testing.T) {
	zero := "0"
	d := newDesk(t)
	s := d.service()
	d.will("ticket-update", closeDone)
	if err := s.UpdateTicket(t.Context(), "1", api.TicketUpdate{Subject: &zero, Notes: []api.Note{{Subject: "0", Body: " 0\n"}}}); err != nil {
		t.Fatal(err)
	}
	sent := d.sent("ticket-update")
	article := sent[0]["Article"].(map[string]any)
	// Perl takes "0" for nothing, and \s of Perl, which trims it first, is not U+200B.
	if len(sent) != 1 || article["Subject"] != "0\u200b" || article["Body"] != "0\u200b" || d.field("1", "Title") != "0\u200b" {
		t.Errorf("sent %v", sent)
	}
	if err := s.AddNote(t.Context(), "1", api.Note{Subject: "00", Body: "0.0"}); err != nil {
		t.Fatal(err)
	}
	if a := d.sent("ticket-update")[1]["Article"].(map[string]any); a["Subject"] != "00" || a["Body"] != "0.0" {
		t.Errorf("sent %v", a)
	}
}

func TestOwnersAreFoundByTheirLogin(t *testing.T) {
	d := newDesk(t)
	d.tickets["2"]["Owner"], d.tickets["2"]["OwnerID"] = "anna", 17
	d.tickets["3"]["Responsible"], d.tickets["3"]["ResponsibleID"] = "bernd", "18"
	s := d.service()
	_, err := s.FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{"Owners": []any{"anna", "root@localhost"}, "Responsibles": "bernd"}})
	if err != nil {
		t.Fatal(err)
	}
	sent := d.sent("ticket-search")
	if last := sent[len(sent)-1]; len(sent) != 2 || fmt.Sprint(last["OwnerIDs"], last["ResponsibleIDs"], last["Owners"]) != "[17 1] [18] <nil>" {
		t.Errorf("searched for %v", sent)
	}
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{"Owners": "anna"}}); err != nil || len(d.sent("ticket-search")) != 3 {
		t.Errorf("it is not remembered: %v", err)
	}
	_, err = s.FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{"Owners": "nobody"}})
	if !errors.Is(err, api.ErrInvalid) || !strings.Contains(err.Error(), `"nobody"`) || !strings.Contains(err.Error(), "OwnerIDs") {
		t.Errorf("error is %v", err)
	}
}

func TestConditionsThatWouldBeIgnoredAreRefused(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	for name, c := range map[string]api.SearchCriteria{
		"an operator that isn't there": {Fields: map[string]any{"DynamicField_X": map[string]any{"Equal": "a"}}},
		"an empty value":               {Fields: map[string]any{"DynamicField_X": ""}},
		"no value":                     {Fields: map[string]any{"DynamicField_X": nil}},
		"nothing in the operator":      {Fields: map[string]any{"DynamicField_X": map[string]any{"Like": ""}}},
		"no operator":                  {Fields: map[string]any{"DynamicField_X": map[string]any{}}},
		"the queue twice":              {Queue: &api.Entity{Name: "IT"}, Fields: map[string]any{"Queues": []any{"HR"}}},
		"states twice":                 {States: []api.Entity{{Name: "new"}}, Fields: map[string]any{"StateIDs": []any{1}}},
		"owners twice":                 {Fields: map[string]any{"Owners": "root@localhost", "OwnerIDs": 1}},
	} {
		if _, err := s.FindTickets(t.Context(), c); !errors.Is(err, api.ErrInvalid) || len(d.sent("ticket-search")) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := s.FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{
		"DynamicField_A": map[string]any{"Empty": true}, "DynamicField_B": true, "DynamicField_C": map[string]any{"Empty": "0", "GreaterThan": 5},
	}})
	m := d.sent("ticket-search")[0]
	if err != nil || fmt.Sprint(m["DynamicField_A"], m["DynamicField_B"], m["DynamicField_C"]) != "map[Empty:1] map[Equals:1] map[Empty:0 GreaterThan:5]" {
		t.Errorf("%v, %v", m, err)
	}
}
