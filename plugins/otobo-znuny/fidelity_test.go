package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/recorded"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// oddTexts are what mails bring along.
var oddTexts = map[string]string{
	"umlauts":           "Grüße aus Köln – „schön“ € ß",
	"emoji":             "👩🏽‍💻 🖨️ 🇩🇪 😀",
	"other scripts":     "Привет こんにちは مرحبا שלום ไทย",
	"JSON and markup":   `{"a":"\"b\""} <b>&amp;</b> \u00fc \n %s {{ x }} '`,
	"lines":             "Zeile 1\n  eingerückt\n\n\tTab\nEnde",
	"combining":         "e\u0301 a\u0308",
	"line separators":   "a\u2028b\u2029c\u0085d",
	"replacement":       "\ufffd\ufeff",
	"numeric":           "12345",
	"private use, high": "\U0010fffd \ue000",
	"a megabyte":        strings.Repeat("Zeile äöü 0123456789\n", 50_000)[:1_000_000] + "x",
}

func TestTextsPassUnchangedBothWays(t *testing.T) {
	otai := buildOtai(t)
	t.Parallel()
	for _, mode := range []string{"znuny", "otobo"} {
		s, _ := startHelpdesk(t, otai, mode)
		for name, text := range oddTexts {
			title := oneLine(text, 200)
			id, err := s.CreateTicket(t.Context(), api.Ticket{
				Subject: title, Body: text, Queue: &api.Entity{Name: "Incoming"}, Customer: &api.Entity{Name: "kunde1"},
				Notes: []api.Note{{Subject: title, Body: text}},
			})
			if err != nil {
				t.Fatalf("%s: %s: %v", mode, name, err)
			}
			got, err := s.GetTicket(t.Context(), id)
			if err != nil {
				t.Fatalf("%s: %s: %v", mode, name, err)
			}
			if got.Subject != title || got.Body != text || len(got.Notes) != 2 || got.Notes[1].Body != text || got.Notes[1].Subject != title {
				t.Errorf("%s: %s: is not what was sent: title %.60q, body %.60q (%d of %d bytes)", mode, name, got.Subject, got.Body, len(got.Body), len(text))
			}
		}
	}
}

func TestAttachmentsAndHTMLAreReadWhenAskedFor(t *testing.T) {
	r := recorded.Answers(t)
	body := `{"Ticket":[{"TicketID":65,"Title":null,"Article":[{"ArticleID":65,"Subject":"","Body":"\nHallo\n","Attachment":[` +
		`{"Content":"` + base64.StdEncoding.EncodeToString([]byte("<p>Hallo</p>")) + `","ContentType":"text/html; charset=\"utf-8\"","Disposition":"inline","FileID":"1","Filename":"file-2","FilesizeRaw":"12"},` +
		`{"Content":"QW5oYW5nIMOkw7bDvA==","ContentType":"text/plain; charset=utf-8","Disposition":"attachment","FileID":"2","Filename":"notiz-ä.txt","FilesizeRaw":"13"}]}]}]}`
	answer := recorded.Answer{Status: 200, ContentType: r["otobo/get"].ContentType, Body: body}
	for what, c := range map[string]struct {
		attachments string
		html        bool
		want        map[string]any
	}{
		"nothing": {wire.AttachmentsNone, false, map[string]any{}},
		"names": {wire.AttachmentsNames, false, map[string]any{"Attachments": []any{map[string]any{
			"Filename": "notiz-ä.txt", "ContentType": "text/plain; charset=utf-8", "Size": int64(13), "Disposition": "attachment", "ContentID": "",
		}}}},
		"contents": {wire.AttachmentsContents, false, map[string]any{"Attachments": []any{map[string]any{
			"Filename": "notiz-ä.txt", "ContentType": "text/plain; charset=utf-8", "Size": int64(13), "Disposition": "attachment", "ContentID": "",
			"Content": "QW5oYW5nIMOkw7bDvA==",
		}}}},
		"HTML": {wire.AttachmentsNone, true, map[string]any{"HTML": "<p>Hallo</p>"}},
	} {
		s := replay(t, answer)
		s.reading = wire.ReadOptions{Attachments: c.attachments, HTML: c.html}
		got, err := s.GetTicket(t.Context(), "65")
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != "" || got.Body != "\nHallo\n" || !reflect.DeepEqual(got.Notes[0].Fields, c.want) {
			t.Errorf("%s: %+v, want %v", what, got.Notes[0], c.want)
		}
	}
	asked := wire.ReadOptions{Attachments: wire.AttachmentsNone, HTML: true}.Message()
	if want := (wire.Message{"AllArticles": 1, "DynamicFields": 1, "Attachments": 1, "GetAttachmentContents": 1, "HTMLBodyAsAttachment": 1}); !reflect.DeepEqual(asked, want) {
		t.Errorf("asked for %v", asked)
	}
	if asked := (wire.ReadOptions{Attachments: wire.AttachmentsNames}).Message(); asked["GetAttachmentContents"] != 0 {
		t.Errorf("asked for %v", asked)
	}
}

func TestAttachmentsAreSentWithANote(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	note := api.Note{Subject: "s", Body: "b", Fields: map[string]any{
		"NoAgentNotify": true, "TimeUnit": 5, "DynamicField_Art": true,
		"Attachments": []any{
			map[string]any{"Filename": "../log ä.txt", "Text": "äöü"},
			map[string]any{"Filename": "x.bin", "ContentType": "application/x-thing", "Content": "AAEC"},
		},
	}}
	if err := s.AddNote(t.Context(), "1", note); err != nil {
		t.Fatal(err)
	}
	sent := d.sent("ticket-update")[0]
	want := []any{
		map[string]any{"Filename": "log ä.txt", "ContentType": "text/plain; charset=utf-8", "Content": "w6TDtsO8"},
		map[string]any{"Filename": "x.bin", "ContentType": "application/x-thing", "Content": "AAEC"},
	}
	if !reflect.DeepEqual(sent["Attachment"], want) {
		t.Errorf("Attachment is %v", sent["Attachment"])
	}
	if a := sent["Article"].(map[string]any); a["NoAgentNotify"] != 1.0 || a["TimeUnit"] != "5" || a["Once"] != nil || a["After"] != nil {
		t.Errorf("Article is %v", a)
	}
	if !reflect.DeepEqual(sent["DynamicField"], []any{map[string]any{"Name": "Art", "Value": "1"}}) {
		t.Errorf("DynamicField is %v", sent["DynamicField"])
	}
	for field, wrong := range map[string]map[string]any{
		"note.fields.Attachments[0]": {"Attachments": map[string]any{"Filename": "x"}},
		"note.fields.Attachments[1]": {"Attachments": []any{map[string]any{"Filename": "x", "Text": "t"}, map[string]any{"Filename": "y", "Content": "%"}}},
		"note.fields.Attachments[2]": {"Attachments": []any{map[string]any{"Filename": "x", "Text": "t"}, map[string]any{"Filename": "y", "Text": "t"}, map[string]any{"Filename": "z", "Text": ""}}},
		"note.fields.Titel":          {"Titel": "x"},
		"note.fields.Once":           {"Once": " "},
	} {
		err := s.AddNote(t.Context(), "1", api.Note{Body: "b", Fields: wrong})
		var f *api.FieldError
		if !errors.Is(err, api.ErrInvalid) || !errors.As(err, &f) || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestAnOversizedBodyIsCutWithAMark(t *testing.T) {
	d := newDesk(t)
	s := d.service(func(p *Params) { p.MaxNoteBytes = 1000 })
	if err := s.AddNote(t.Context(), "1", api.Note{Subject: "s", Body: strings.Repeat("ü", 1000)}); err != nil {
		t.Fatal(err)
	}
	body := d.sent("ticket-update")[0]["Article"].(map[string]any)["Body"].(string)
	if len(body) > 1000 || len(body) < 990 || !strings.HasSuffix(body, "ü\n[… cut by otai: the text has 2000 bytes]") {
		t.Errorf("body has %d bytes and ends in %q", len(body), body[len(body)-60:])
	}
}

func TestPendingTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]any{"Year": 2026, "Month": 12, "Day": 24, "Hour": 8, "Minute": 30}
	for given, want := range map[any]any{
		"2026-12-24 08:30":     at,
		"2026-12-24T07:30:00Z": at,
		"2026-12-24 08:30:00":  at,
		90:                     map[string]any{"Diff": int64(90)},
		"90":                   map[string]any{"Diff": int64(90)},
		"36h":                  map[string]any{"Diff": int64(36 * 60)},
		2 * time.Hour:          map[string]any{"Diff": int64(120)},
		time.Date(2026, 12, 24, 7, 30, 0, 0, time.UTC): at,
		"tomorrow": nil,
		-5:         nil,
	} {
		got, err := pendingTime(given, berlin)
		if (err != nil) != (want == nil) || err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, %v, want %v", given, got, err, want)
		}
	}
}

func TestEveryFieldOfATicketIsWritten(t *testing.T) {
	otai := buildOtai(t)
	for _, mode := range []string{"znuny", "otobo"} {
		t.Run(mode, func(t *testing.T) {
			s, _ := startHelpdesk(t, otai, mode)
			found, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			title := "Neu"
			err = s.UpdateTicket(t.Context(), found[0].ID, api.TicketUpdate{
				Subject: &title, Queue: &api.Entity{Name: "Misc"}, Priority: &api.Entity{Name: "5 very high"},
				State: &api.Entity{Name: "pending reminder"}, Owner: &api.Entity{Name: "root@localhost"}, Customer: &api.Entity{Name: "kunde1"},
				Fields: map[string]any{"PendingTime": "48h", "Lock": "lock", "Responsible": "root@localhost"},
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.GetTicket(t.Context(), found[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			for what, is := range map[string]bool{
				"title": got.Subject == "Neu", "queue": got.Queue.Name == "Misc", "priority": got.Priority.Name == "5 very high",
				"state": got.State.Name == "pending reminder", "owner": got.Owner.Name == "root@localhost", "customer": got.Customer.Name == "kunde1",
				"lock": got.Fields["Lock"] == "lock", "responsible": got.Fields["Responsible"] == "root@localhost",
			} {
				if !is {
					t.Errorf("%s is not as it was to be: %+v", what, got)
				}
			}
			if until, ok := got.Fields["UntilTime"].(int64); !ok || until < 47*3600 || until > 49*3600 {
				t.Errorf("pending for %v s", got.Fields["UntilTime"])
			}
			// A state type in the words of the search form, a list of queues with one that
			// doesn't exist, times, and a like.
			for name, fields := range map[string]map[string]any{
				"state type":     {"StateType": "Open"},
				"several queues": {"Queues": []any{"No such queue", "Misc"}},
				"title":          {"Title": "Ne%"},
				"lock":           {"Locks": []any{"lock"}},
				"created":        {"TicketCreateTimeOlderDate": time.Now().Add(time.Hour).Format(time.RFC3339), "Title": "Neu"},
				"customer":       {"CustomerUserLogin": "kunde1", "Title": "Neu"},
			} {
				found, err := s.FindTickets(t.Context(), api.SearchCriteria{Fields: fields, Limit: 100})
				has := false
				for _, ticket := range found {
					has = has || ticket.ID == got.ID
				}
				if err != nil || !has {
					t.Errorf("by %s: found %d, %v", name, len(found), err)
				}
			}
		})
	}
}

func TestCriteriaThatWouldBeIgnoredAreRefused(t *testing.T) {
	s := newDesk(t).service()
	for field, v := range map[string]any{
		"Title": "", "Queues": []any{}, "TicketCreateTimeNewerDate": "soon", "Attachments": "all", "Owner": "x", "Body": "x",
	} {
		_, err := s.FindTickets(t.Context(), api.SearchCriteria{Fields: map[string]any{field: v}})
		var f *api.FieldError
		if !errors.Is(err, api.ErrInvalid) || !errors.As(err, &f) || f.Field != "fields."+field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestSeveralQueuesAreSearchedOneByOneAndJoined(t *testing.T) {
	answers := map[string]string{"A": `{"TicketID":["9","101"]}`, "B": `{"TicketID":["20",9]}`, "Nope": `{}`}
	var mu sync.Mutex
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		_ = json.NewDecoder(r.Body).Decode(&m)
		mu.Lock()
		defer mu.Unlock()
		asked++
		queues := m["Queues"].([]any)
		if len(queues) != 1 || m["Limit"] != 3.0 {
			t.Errorf("asked for %v", m)
		}
		_, _ = io.WriteString(w, answers[queues[0].(string)])
	}))
	defer server.Close()
	s := quick(t, Params{BaseURL: server.URL})
	got, err := s.searchEach(t.Context(), wire.Message{"Queues": []any{"A", "Nope", "B"}}, 3)
	if err != nil || !reflect.DeepEqual(got, []string{"9", "20", "101"}) || asked != 3 {
		t.Errorf("found %v in %d requests, %v", got, asked, err)
	}
}

// TestNoSecretIsEverSaid goes through every recorded answer with a password and a session
// planted, logs at the lowest level, and searches all that was said.
func TestNoSecretIsEverSaid(t *testing.T) {
	t.Parallel()
	const session = "sitzung-0815-geheim"
	const secret = "paßwort \"geheim\" <4711>"
	forms := []string{secret, "geheim", session}
	var said bytes.Buffer
	var mu sync.Mutex
	logger := slog.New(slog.NewJSONHandler(writerFunc(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return said.Write(p)
	}), &slog.HandlerOptions{Level: slog.Level(-100), AddSource: true}))
	for name, r := range recorded.Answers(t) {
		for _, useSession := range []bool{false, true} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				_, _ = io.Copy(io.Discard, req.Body)
				if strings.HasSuffix(req.URL.Path, "/session-create") {
					_, _ = io.WriteString(w, `{"SessionID":"`+session+`"}`)
					return
				}
				if r.Status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(r.Status)
				_, _ = io.WriteString(w, r.Body)
			}))
			s, err := newTicketSystem(Params{BaseURL: server.URL, Password: secret, UseSession: useSession, NoteMarker: markerSubject},
				api.NewHost(api.HostOptions{Logger: logger}))
			if err != nil {
				t.Fatal(err)
			}
			s.client.Retry = wire.RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 5 * time.Millisecond}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			note := func(what string, err error) {
				mu.Lock()
				defer mu.Unlock()
				// What a careless caller would print, and what a dump of the error shows.
				var failed *wire.RequestError
				if errors.As(err, &failed) {
					fmt.Fprintf(&said, "%+v %#v\n", failed, failed)
				}
				fmt.Fprintf(&said, "%s %s: %v %+v\n", name, what, err, err)
			}
			_, err = s.FindTickets(ctx, api.SearchCriteria{})
			note("find", err)
			_, err = s.GetTicket(ctx, "63")
			note("get", err)
			note("update", s.UpdateTicket(ctx, "63", move()))
			note("note", s.AddNote(ctx, "63", api.Note{Body: "b"}))
			_, err = s.CreateTicket(ctx, api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{ID: "1"}, Customer: &api.Entity{Name: "k"}})
			note("create", err)
			s.Diagnose(ctx, map[string][]string{"queue": {"IT"}}, func(f map[string]string) { note("diagnose", fmt.Errorf("%v", f)) })
			// A dump of the service, as by a debugger or a careless %+v.
			mu.Lock()
			fmt.Fprintf(&said, "%v %+v %#v\n", s.client, s.client, s.client)
			mu.Unlock()
			cancel()
			_ = s.Close()
			server.Close()
		}
	}
	if said.Len() < 100_000 {
		t.Errorf("only %d bytes were said: the test doesn't test", said.Len())
	}
	for _, form := range forms {
		if at := strings.Index(said.String(), form); at >= 0 {
			text := said.String()
			t.Errorf("%q was said: %s", form, text[max(0, at-300):min(len(text), at+100)])
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
