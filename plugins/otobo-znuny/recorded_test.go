package main

import (
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/recorded"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// replay is a service whose server gives one recorded answer to everything.
func replay(t *testing.T, answer recorded.Answer) *TicketSystem {
	server := answer.Serve(t)
	p := Params{BaseURL: server.URL + "/nph-genericinterface.pl", Password: "geheim-4711"}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 10 * time.Millisecond}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAWrongPasswordIsDeniedAtEveryMethod(t *testing.T) {
	s := replay(t, recorded.Answers(t)["znuny/get-wrong-password"])
	_, find := s.FindTickets(t.Context(), api.SearchCriteria{})
	_, get := s.GetTicket(t.Context(), "1")
	_, create := s.CreateTicket(t.Context(), api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{ID: "1"}, Customer: &api.Entity{Name: "k"}})
	for name, err := range map[string]error{
		"find": find, "get": get, "create": create, "health": s.CheckHealth(t.Context()),
		"update": s.UpdateTicket(t.Context(), "1", move()), "note": s.AddNote(t.Context(), "1", api.Note{Body: "b"}),
	} {
		if !errors.Is(err, api.ErrDenied) || errors.Is(err, api.ErrTemporary) || !strings.Contains(err.Error(), "username") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnUnknownWebServiceIsNamed(t *testing.T) {
	for _, name := range []string{"znuny/unknown-webservice", "otobo/unknown-webservice"} {
		if err := replay(t, recorded.Answers(t)[name]).CheckHealth(t.Context()); !errors.Is(err, api.ErrTemporary) || !strings.Contains(err.Error(), `no valid web service "OpenTicketAI"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordedTicketsAreReadInAllTheirForms(t *testing.T) {
	all := recorded.Answers(t)
	znuny, err := replay(t, all["znuny/get-after-updates"]).GetTicket(t.Context(), "63")
	if err != nil {
		t.Fatal(err)
	}
	if znuny.ID != "63" || znuny.Number != "2026112210000621" || znuny.Subject != "Neuer Titel mit Leerzeichen" ||
		znuny.Body != "Grüße aus Köln 😀 € „quoted“" || *znuny.Queue != (api.Entity{ID: "4", Name: "Misc"}) ||
		*znuny.Owner != (api.Entity{ID: "4", Name: "otheragent"}) || znuny.Customer.Name != "kunde1" || znuny.Fields["CustomerID"] != "ACME" {
		t.Errorf("ticket is %+v", znuny)
	}
	if want := time.Date(2026, 11, 22, 15, 19, 3, 0, time.UTC); !znuny.Created.Equal(want) || !znuny.Notes[0].Created.Equal(want) {
		t.Errorf("created %v, first note %v", znuny.Created, znuny.Notes[0].Created)
	}
	for name, want := range map[string]any{
		"OtaiConfidence": "0.93", "OtaiSeen": int64(1), "OtaiTags": []any{"a", "b"}, "OtaiText": "with article",
	} {
		if got := znuny.Fields["DynamicField_"+name]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %#v, want %#v", name, got, want)
		}
	}
	if n := znuny.Notes[1]; n.ID != "66" || n.VisibleToCustomer || n.Author != "Open Ticket AI" || n.Fields["SenderType"] != "agent" {
		t.Errorf("note is %+v", n)
	}
	if !znuny.Notes[2].VisibleToCustomer {
		t.Error("a note without IsVisibleForCustomer is visible on the server")
	}

	otobo, err := replay(t, all["otobo/get"]).GetTicket(t.Context(), "2")
	if err != nil {
		t.Fatal(err)
	}
	if otobo.Subject != "Drucker größer 🖨️" || otobo.Body != "Grüße 😀" || len(otobo.Notes) != 1 {
		t.Errorf("ticket is %+v", otobo)
	}
	if v, there := otobo.Fields["DynamicField_ProcessManagementActivityID"]; !there || v != nil {
		t.Errorf("an empty dynamic field is %v", v)
	}

	html, err := replay(t, all["znuny/get-html"]).GetTicket(t.Context(), "65")
	if err != nil || !strings.Contains(html.Body, "Hallo Welt – Ümläut 🙂") {
		t.Errorf("body is %q, %v", html.Body, err)
	}
}

// What the servers make of a text must be recognized as that text.
func TestStoredNotesAreRecognisedAsTheOnesSent(t *testing.T) {
	all := recorded.Answers(t)
	for name, sent := range map[string]api.Note{
		"znuny/update-queue-and-note": {Subject: "AI classification", Body: "Zeile 1\n  eingerückt\n\nÄÖÜ 😀\n"},
		"znuny/update-note-html":      {Subject: "AI classification", Body: "<p>fett <b>x</b></p>", ContentType: "text/html"},
		"znuny/escaped-emoji":         {Subject: "esc 😀", Body: "ü 😀"},
		"otobo/update-note":           {Subject: "s", Body: "b"},
	} {
		a, err := (&TicketSystem{}).newNote("", sent)
		if err != nil {
			t.Fatal(err)
		}
		answered, err := replay(t, all[name]).client.Call(t.Context(), wire.TicketGet, "", wire.Message{})
		if err != nil {
			t.Fatal(err)
		}
		stored := answered.Tickets[0].Articles()
		if len(stored) != 1 || !sameNote(a, stored[0]) {
			t.Errorf("%s: %v is not recognized", name, stored)
		}
		a.Subject += "!"
		if sameNote(a, stored[0]) {
			t.Errorf("%s: any note is recognized", name)
		}
	}
}

func TestNoLogHoldsPasswordOrTexts(t *testing.T) {
	d := newDesk(t)
	var log strings.Builder
	s, err := newTicketSystem(Params{BaseURL: d.URL + "/znuny/nph-genericinterface.pl", Password: "geheim-4711"},
		api.NewHost(api.HostOptions{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"operation=update", "ticket=1", "status=200", "duration=", "level=INFO msg=\"ticket changed\" ticket=1 queue=IT"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s: %s", want, log.String())
		}
	}
	for _, secret := range []string{"geheim", "0.93", "Drucker"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %s: %s", secret, log.String())
		}
	}
}
