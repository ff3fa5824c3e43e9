package main

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// TestEveryFilterFindsWhatItSays, and nothing else, in both kinds of help desk.
func TestEveryFilterFindsWhatItSays(t *testing.T) {
	otai := buildOtai(t)
	for _, mode := range []string{"znuny", "otobo"} {
		t.Run(mode, func(t *testing.T) {
			s, _ := startHelpdesk(t, otai, mode)
			control(t, s, "reset", "")
			control(t, s, "queues", `{"Hardware::Drucker & Köpfe": "full", "Hardware": "full", "VPN": "full", "Other": "full"}`)
			control(t, s, "dynamicfields", `[{"name":"Label","kind":"dropdown","values":["it","hr"]},{"name":"Seen","kind":"checkbox"},{"name":"Text","kind":"text"}]`)
			start := time.Now().UTC().Truncate(time.Second)
			ids := map[string]string{}
			names := map[string]string{}
			add := func(name string, ticket api.Ticket) {
				ticket.Subject, ticket.Body = name, "Text"
				if ticket.Customer == nil {
					ticket.Customer = &api.Entity{Name: "kunde1"}
				}
				id, err := s.CreateTicket(t.Context(), ticket)
				if err != nil {
					t.Fatal(name, err)
				}
				ids[name], names[id] = id, name
			}
			hardware, vpn := &api.Entity{Name: "Hardware::Drucker & Köpfe"}, &api.Entity{Name: "VPN"}
			other := &api.Entity{Name: "Other"}
			add("a Drucker", api.Ticket{Queue: hardware})
			add("b Größe", api.Ticket{Queue: hardware, Priority: &api.Entity{Name: "5 very high"}, Fields: map[string]any{"DynamicField_Label": "it", "DynamicField_Text": "Änderung 7"}})
			add("c zu", api.Ticket{Queue: vpn, Customer: &api.Entity{Name: "someone@example.test"}, Fields: map[string]any{"DynamicField_Seen": true}})
			add("d offen", api.Ticket{Queue: vpn, State: &api.Entity{Name: "open"}})
			for name, u := range map[string]api.TicketUpdate{
				"a Drucker": {Fields: map[string]any{"Lock": "lock"}},
				"b Größe":   {Owner: &api.Entity{Name: "otheragent"}},
				"c zu":      {State: &api.Entity{Name: "closed successful"}},
				"d offen":   {State: &api.Entity{Name: "pending reminder"}, Fields: map[string]any{"PendingTime": "36h", "Responsible": "otheragent"}},
			} {
				if err := s.UpdateTicket(t.Context(), ids[name], u); err != nil {
					t.Fatal(name, err)
				}
			}
			found := func(c api.SearchCriteria) string {
				t.Helper()
				list, err := s.FindTickets(t.Context(), c)
				if err != nil {
					t.Error(c, err)
				}
				var letters strings.Builder
				for _, f := range list {
					letters.WriteString(names[f.ID][:1])
				}
				return letters.String()
			}
			fields := func(pairs ...any) api.SearchCriteria {
				c := api.SearchCriteria{Fields: map[string]any{}}
				for i := 0; i < len(pairs); i += 2 {
					c.Fields[pairs[i].(string)] = pairs[i+1]
				}
				return c
			}
			queueID := func(name string) any {
				got, err := s.GetTicket(t.Context(), ids[name])
				if err != nil {
					t.Fatal(err)
				}
				return got.Queue.ID
			}
			for _, c := range []struct {
				criteria api.SearchCriteria
				want     string
			}{
				{api.SearchCriteria{}, "abcd"},
				{api.SearchCriteria{Limit: 2}, "ab"},
				{api.SearchCriteria{Limit: 2, Offset: 1}, "bc"},
				{api.SearchCriteria{Limit: 2, Offset: 3}, "d"},
				{api.SearchCriteria{Offset: 9}, ""},
				{api.SearchCriteria{Queue: hardware}, "ab"},
				{api.SearchCriteria{Queue: &api.Entity{Name: "hardware"}}, ""},
				{api.SearchCriteria{Queue: &api.Entity{Name: "Hardware"}}, ""},
				{api.SearchCriteria{Queue: &api.Entity{Name: "Hardware"}, Fields: map[string]any{"UseSubQueues": true}}, "ab"},
				{fields("Queues", []any{"No such", "VPN", hardware.Name}), "abcd"},
				{fields("QueueIDs", []any{queueID("c zu"), queueID("a Drucker")}), "abcd"},
				{api.SearchCriteria{Priority: &api.Entity{Name: "5 very high"}}, "b"},
				{api.SearchCriteria{Priority: &api.Entity{ID: "3"}}, "acd"},
				{fields("Priorities", []any{"5 very high", "3 normal"}), "abcd"},
				{api.SearchCriteria{States: []api.Entity{{Name: "new"}, {Name: "closed successful"}}}, "abc"},
				{fields("StateType", "Open"), "abd"},
				{fields("StateType", []any{"Closed"}), "c"},
				{fields("StateType", "pending reminder"), "d"},
				{fields("Owners", "otheragent"), "b"},
				{fields("Owners", "open_ticket_ai"), "acd"},
				{fields("Responsibles", []any{"otheragent"}), "d"},
				{fields("Locks", "lock"), "a"},
				{fields("CustomerUserLogin", "kunde1"), "abd"},
				{fields("CustomerUserLogin", "someone*"), "c"},
				{fields("Title", "%Größe%"), "b"},
				{fields("Title", "%o%", "Locks", "unlock"), "d"},
				{fields("TicketCreateTimeNewerDate", start.Add(-time.Hour)), "abcd"},
				{fields("TicketCreateTimeOlderDate", start.Add(-time.Hour).Format(time.DateTime)), ""},
				{fields("TicketCreateTimeOlderMinutes", 60), ""},
				{fields("TicketChangeTimeNewerMinutes", "60"), "abcd"},
				{fields("TicketPendingTimeNewerDate", start.Add(35*time.Hour).Format(time.RFC3339)), "d"},
				{api.SearchCriteria{ChangedAfter: start.Add(-time.Minute)}, "abcd"},
				{fields("DynamicField_Label", "it"), "b"},
				{fields("DynamicField_Text", map[string]any{"Like": "änd*"}), "b"},
				{fields("DynamicField_Seen", true), "c"},
				{fields("DynamicField_Label", map[string]any{"Empty": true}), "acd"},
				{fields("DynamicField_Label", map[string]any{"Empty": 0}), "b"},
				{fields("DynamicField_Text", map[string]any{"GreaterThan": "a"}), "b"},
			} {
				if got := found(c.criteria); got != c.want {
					t.Errorf("%+v: %q, want %q", c.criteria, got, c.want)
				}
			}

			// Texts with what the servers take for operators.
			add(`e (neu) + "HP" AND more`, api.Ticket{Queue: other, Customer: &api.Entity{Name: "max+test@example.test"}, Fields: map[string]any{"CustomerID": `A+B (EU) & "Co"`, "DynamicField_Text": "C & D (E)"}})
			add("f", api.Ticket{Queue: other, Fields: map[string]any{"CustomerID": "A+B (EU) & Co"}})
			for _, c := range []struct {
				criteria api.SearchCriteria
				want     string
			}{
				{fields("Title", "e (neu) +*"), "e"},
				{fields("Title", "f && d"), ""},
				{fields("CustomerID", "A+B (EU) & Co"), "f"},
				{fields("CustomerID", "a+b (eu) & co"), "f"},
				{fields("CustomerID", []any{"A+B (EU) & Co", "nobody"}), "f"},
				{fields("CustomerID", "A+B (EU)*"), "ef"},
				{fields("CustomerID", `A+B (EU) & "Co"`), "e"},
				{fields("CustomerIDRaw", "A+B (EU) & Co"), "f"},
				{fields("CustomerUserLogin", "max+test@example.test"), "e"},
				{fields("DynamicField_Text", map[string]any{"Like": "c & d (*"}), "e"},
			} {
				if got := found(c.criteria); got != c.want {
					t.Errorf("%+v: %q, want %q", c.criteria, got, c.want)
				}
			}
			checkZero(t, s, ids["a Drucker"])
		})
	}
}

// checkZero: the servers refuse a text of 0, and the client has one that they take.
func checkZero(t *testing.T, s *TicketSystem, id string) {
	t.Helper()
	raw := wire.Message{"TicketID": id, "Article": wire.Message{"Subject": "s", "Body": "\n0\n", "ContentType": "text/plain; charset=utf-8"}}
	if _, err := s.client.Call(t.Context(), wire.TicketUpdate, id, raw); err == nil || !strings.Contains(err.Error(), "Article->Body") {
		t.Errorf("a body of 0: %v", err)
	}
	zero := "0"
	if err := s.UpdateTicket(t.Context(), id, api.TicketUpdate{Subject: &zero, Notes: []api.Note{{Subject: "0", Body: "0"}}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.GetTicket(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	last := got.Notes[len(got.Notes)-1]
	if texts := []string{got.Subject, last.Subject, last.Body}; !slices.Equal(texts, []string{"0\u200b", "0\u200b", "0\u200b"}) {
		t.Errorf("texts are %q", texts)
	}
}

// control steers the help desk that a service is connected to.
func control(t *testing.T, s *TicketSystem, what, body string) {
	t.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(s.client.URL(), "http://"), "/")
	resp, err := http.Post("http://"+address+"/_control/"+what, "application/json", bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", what, resp.StatusCode)
	}
}
