package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// recording is an answer of a real server; status 0 is a connection that was
// closed without a byte.
type recording struct {
	Server, Name, Route string
	Status              int
	ContentType         string `json:"content_type"`
	Body                string
}

func recordings(t testing.TB) map[string]recording {
	f, err := os.Open("testdata/recorded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := make(map[string]recording)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all[r.Server+"/"+r.Name] = r
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return all
}

// replay is a service whose server gives one recorded answer to everything.
func replay(t *testing.T, r recording, change ...func(*Params)) *TicketSystem {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if r.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", r.ContentType)
		w.WriteHeader(r.Status)
		_, _ = w.Write([]byte(r.Body))
	}))
	t.Cleanup(server.Close)
	p := Params{BaseURL: server.URL + "/nph-genericinterface.pl", Password: "geheim-4711"}
	for _, c := range change {
		c(&p)
	}
	s, err := newTicketSystem(p, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 10 * time.Millisecond}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestRecordedRefusalsAreTypedAndSayWhatToCheck(t *testing.T) {
	type want struct {
		op     Operation
		is     []error
		effect Effect
		says   string
	}
	all := recordings(t)
	for name, w := range map[string]want{
		"znuny/get-missing":                  {TicketGet, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right ro"},
		"otobo/get-missing":                  {TicketGet, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right ro"},
		"znuny/get-batch-one-missing":        {TicketGet, []error{api.ErrNotFound}, NoEffect, ""},
		"znuny/get-not-a-number":             {TicketGet, []error{api.ErrInvalid}, NoEffect, ""},
		"otobo/get-not-a-number":             {TicketGet, []error{api.ErrNotFound}, NoEffect, ""},
		"znuny/get-id-zero":                  {TicketGet, []error{api.ErrInvalid}, NoEffect, ""},
		"znuny/get-wrong-password":           {TicketGet, []error{api.ErrDenied}, NoEffect, PasswordVariable},
		"otobo/get-wrong-password":           {TicketGet, []error{api.ErrDenied}, NoEffect, `"open_ticket_ai"`},
		"znuny/update-wrong-password":        {TicketUpdate, []error{api.ErrDenied}, NoEffect, "password"},
		"znuny/update-missing-ticket":        {TicketUpdate, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right rw"},
		"znuny/update-invalid-queue":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "queue: "},
		"otobo/update-invalid-queue":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "queue: "},
		"znuny/update-invalid-priority":      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "priority: "},
		"znuny/update-owner-unknown":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "owner: "},
		"znuny/update-dynfield-unknown":      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "dynamic field"},
		"znuny/update-note-no-subject":       {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "note.subject"},
		"znuny/update-state-pending-no-time": {TicketUpdate, []error{api.ErrInvalid}, Answered, "PendingTime"},
		"znuny/update-to-secret-queue":       {TicketUpdate, []error{api.ErrDenied}, Answered, "move_into"},
		"otobo/update-secret-queue":          {TicketUpdate, []error{api.ErrDenied}, Answered, "move_into"},
		"otobo/update-note-array":            {TicketUpdate, []error{api.ErrInvalid}, NoEffect, ""},
		"znuny/long-subject":                 {TicketUpdate, []error{api.ErrTemporary}, Answered, "Article could not be created"},
		"znuny/long-title":                   {TicketUpdate, []error{api.ErrTemporary}, Answered, "System Log"},
		"znuny/create-no-customer":           {TicketCreate, []error{api.ErrInvalid}, NoEffect, "customer: is missing"},
		"znuny/create-secret-queue":          {TicketCreate, []error{api.ErrDenied}, NoEffect, "right create"},
		"znuny/bad-json":                     {TicketGet, []error{api.ErrInvalid}, NoEffect, "decoding"},
		"znuny/invalid-utf8":                 {TicketSearch, []error{api.ErrInvalid}, NoEffect, "input data"},
		"znuny/empty-object":                 {TicketGet, []error{api.ErrInvalid}, NoEffect, "structure"},
		"znuny/unknown-route":                {TicketGet, []error{api.ErrInvalid}, NoEffect, "operation_urls"},
		"otobo/unknown-route":                {TicketGet, []error{api.ErrInvalid}, NoEffect, "operation_urls"},
		"znuny/maxlength-exceeded":           {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "MaxLength"},
		"otobo/too-big":                      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "MaxLength"},
		"otobo/wrong-path":                   {TicketGet, []error{api.ErrInvalid}, NoEffect, "base_url"},
		"znuny/unknown-webservice":           {TicketGet, []error{api.ErrTemporary}, Disconnected, "webservice_name"},
		"otobo/unknown-webservice":           {TicketGet, []error{api.ErrTemporary}, Answered, "webservice_name"},
	} {
		t.Run(name, func(t *testing.T) {
			r, ok := all[name]
			if !ok {
				t.Fatal("is not recorded")
			}
			_, err := replay(t, r).client.Call(t.Context(), w.op, "63", Message{})
			for _, kind := range []error{api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain} {
				wanted := false
				for _, k := range w.is {
					wanted = wanted || k == kind
				}
				if name == "znuny/get-batch-one-missing" || name == "otobo/get-not-a-number" {
					wanted = wanted || kind == api.ErrDenied
				}
				if errors.Is(err, kind) != wanted {
					t.Errorf("is %v: %v", kind, !wanted)
				}
			}
			if EffectOf(err) != w.effect {
				t.Errorf("effect is %d, want %d", EffectOf(err), w.effect)
			}
			if err == nil || !strings.Contains(err.Error(), w.says) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("error is %v, want one that says %q", err, w.says)
			}
		})
	}
}

func TestAWrongPasswordIsDeniedAtEveryMethod(t *testing.T) {
	s := replay(t, recordings(t)["znuny/get-wrong-password"])
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
		if err := replay(t, recordings(t)[name]).CheckHealth(t.Context()); !errors.Is(err, api.ErrTemporary) || !strings.Contains(err.Error(), `no valid web service "OpenTicketAI"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRecordedTicketsAreReadInAllTheirForms(t *testing.T) {
	all := recordings(t)
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

func TestRecordedAnswersOfUpdatesNameTicketAndArticles(t *testing.T) {
	for name, want := range map[string]Answer{
		"znuny/update-note":               {TicketID: IDs{"63"}, ArticleID: IDs{"66"}},
		"znuny/update-note-array":         {TicketID: IDs{"63"}, ArticleIDs: IDs{"68", "69"}},
		"znuny/title-number":              {TicketID: IDs{"68"}},
		"znuny/update-without-ticketdata": {TicketID: IDs{"68"}},
		"znuny/create":                    {TicketID: IDs{"63"}, ArticleID: IDs{"63"}},
		"otobo/create":                    {TicketID: IDs{"2"}, ArticleID: IDs{"2"}},
		"otobo/update-note":               {TicketID: IDs{"2"}, ArticleID: IDs{"7"}},
		"otobo/search":                    {TicketID: IDs{"2", "3", "4"}},
		"otobo/search-empty":              {},
		"znuny/search-limit-one-hit":      {TicketID: IDs{"62"}},
	} {
		got, err := replay(t, recordings(t)[name]).client.Call(t.Context(), TicketUpdate, "", Message{})

		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
		}
	}
}

// What the servers make of a text must be recognised as that text.
func TestStoredNotesAreRecognisedAsTheOnesSent(t *testing.T) {
	all := recordings(t)
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
		answered, err := replay(t, all[name]).client.Call(t.Context(), TicketGet, "", Message{})
		if err != nil {
			t.Fatal(err)
		}
		stored := answered.Tickets[0].Articles()
		if len(stored) != 1 || !sameNote(a, stored[0]) {
			t.Errorf("%s: %v is not recognised", name, stored)
		}
		a.Subject += "!"
		if sameNote(a, stored[0]) {
			t.Errorf("%s: any note is recognised", name)
		}
	}
}

// What comes from a web server or a proxy in front of the help desk.
func TestOtherAnswersAreTypedToo(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		is     error
		effect Effect
		says   string
	}{
		"a redirect":         {307, "", api.ErrInvalid, NoEffect, "base_url"},
		"a proxy's login":    {401, "<html>", api.ErrDenied, NoEffect, "access rules"},
		"too many requests":  {429, "", api.ErrTemporary, NoEffect, "no more requests"},
		"a broken backend":   {502, "<html>", api.ErrTemporary, Disconnected, "502"},
		"an overload":        {503, "<html>", api.ErrTemporary, Disconnected, "503"},
		"a slow backend":     {504, "<html>", api.ErrTemporary, StillRunning, "504"},
		"a web page":         {200, "<!DOCTYPE html><title>Login</title>", api.ErrInvalid, Answered, "web page"},
		"nothing":            {200, "", api.ErrTemporary, Answered, "webservice_name"},
		"half an object":     {200, `{"TicketID":`, api.ErrTemporary, Answered, "can't be read"},
		"a fault of the GI":  {500, `{"faultcode":"Server","faultstring":"Boom"}`, api.ErrTemporary, Answered, `"Boom"`},
		"a fault before it":  {500, "Internal Server Error", api.ErrTemporary, Answered, "Internal"},
		"a method forbidden": {405, "", api.ErrInvalid, NoEffect, "base_url"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			s, err := newTicketSystem(Params{BaseURL: server.URL, Password: "geheim-4711"}, api.Host{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.client.Call(t.Context(), TicketUpdate, "1", Message{})
			if !errors.Is(err, c.is) || EffectOf(err) != c.effect || !strings.Contains(err.Error(), c.says) || asked != 1 {
				t.Errorf("after %d requests: %v with effect %d", asked, err, EffectOf(err))
			}
			var wait *api.RetryError
			if errors.As(err, &wait) != (c.status == 429) || wait != nil && wait.After != 7*time.Second {
				t.Errorf("retry error is %+v", wait)
			}
		})
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

// FuzzAnswers: whatever a server sends is read or refused, never a panic, and what
// templates see is plain.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"znuny/get-after-updates", "otobo/get", "otobo/unknown-webservice", "znuny/update-note-array"} {
		r := recordings(f)[name]
		f.Add(r.Status, r.Body)
	}
	f.Add(200, `{"Ticket":[{"TicketID":true,"Article":{"ArticleID":1e99},"DynamicField":[{"Name":"x","Value":{"a":[1e400]}}]}],"TicketID":[[1],null]}`)
	c, err := New(Params{BaseURL: "http://x"}.withDefaults().clientConfig(api.Host{}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		a, err := c.read(TicketGet, status, []byte(body), Message{})
		if err != nil {
			_ = err.Error()
			return
		}
		for _, r := range a.Tickets {
			ticket := r.Ticket(time.UTC, ReadOptions{Attachments: AttachmentsContents, HTML: true})
			if _, err := json.Marshal(ticket.Fields); err != nil {
				t.Errorf("fields %v: %v", ticket.Fields, err)
			}
		}
	})
}
