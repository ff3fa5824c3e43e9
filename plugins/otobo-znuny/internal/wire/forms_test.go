package wire

import (
	"compress/gzip"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestATicketIsReadInEveryForm(t *testing.T) {
	const first = `{"ArticleID":7,"Subject":"s","Body":"Hallo","IsVisibleForCustomer":1,"CreateTime":"2026-11-22 15:20:39"}`
	for name, c := range map[string]struct {
		body    string
		text    string
		notes   int
		created string
	}{
		"one ticket alone":            {`{"Ticket":{"TicketID":1,"Article":` + first + `}}`, "Hallo", 1, ""},
		"ids as texts":                {`{"Ticket":[{"TicketID":"1","Article":[` + strings.Replace(first, "7", `"7"`, 1) + `]}]}`, "Hallo", 1, ""},
		"articles in any order":       {`{"Ticket":[{"TicketID":1,"Article":[{"ArticleID":"12","Body":"later"},{"ArticleID":9,"Body":"then"},` + first + `]}]}`, "Hallo", 3, ""},
		"no articles":                 {`{"Ticket":[{"TicketID":1}]}`, "", 0, ""},
		"null for articles":           {`{"Ticket":[{"TicketID":1,"Article":null,"DynamicField":null}]}`, "", 0, ""},
		"an empty text for articles":  {`{"Ticket":[{"TicketID":1,"Article":"","DynamicField":""}]}`, "", 0, ""},
		"an empty list of articles":   {`{"Ticket":[{"TicketID":1,"Article":[]}]}`, "", 0, ""},
		"files alone":                 {`{"Ticket":[{"TicketID":1,"Article":[{"ArticleID":7,"Attachment":[{"Filename":"a.pdf","FilesizeRaw":"3"}]}]}]}`, "", 1, ""},
		"an article without its text": {`{"Ticket":[{"TicketID":1,"Article":[{"ArticleID":7,"SenderType":"agent"}]}]}`, "", 1, ""},
		"a chat": {`{"Ticket":[{"TicketID":1,"Article":[{"ArticleID":7,"CommunicationChannel":"Chat","ChatMessageList":[` +
			`{"ChatterName":"Käthe","MessageText":"Hallo?"},{"ChatterType":"User","MessageText":"Ja?"}]}]}]}`, "Käthe: Hallo?\nUser: Ja?", 1, ""},
		"a byte order mark":      {"\ufeff" + `{"Ticket":[{"TicketID":1,"Article":` + first + `}]}` + "\r\n", "Hallo", 1, ""},
		"bytes of Latin-1":       {"{\"Ticket\":[{\"TicketID\":1,\"Article\":{\"ArticleID\":7,\"Body\":\"Gr\xfc\xdfe, Käthe\"}}]}", "Grüße, Käthe", 1, ""},
		"the same key twice":     {`{"Ticket":[{"TicketID":1,"Title":"a","Title":"b","Article":` + first + `}]}`, "Hallo", 1, ""},
		"a time with its zone":   {`{"Ticket":[{"TicketID":1,"Created":"2026-11-22T15:20:39+01:00"}]}`, "", 0, "2026-11-22T14:20:39Z"},
		"a time without seconds": {`{"Ticket":[{"TicketID":1,"Created":"2026-11-22 15:20"}]}`, "", 0, "2026-11-22T15:20:00Z"},
		"numbers for names":      {`{"Ticket":[{"TicketID":1,"Title":12345,"Queue":7,"QueueID":"3","Article":` + first + `}]}`, "Hallo", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readTicket(t, answerWith(c.body))
			if err != nil || got.ID != "1" || got.Body != c.text || len(got.Notes) != c.notes {
				t.Fatalf("%+v, %v", got, err)
			}
			if c.created != "" && got.Created.UTC().Format(time.RFC3339) != c.created {
				t.Errorf("created %v", got.Created)
			}
		})
	}
}

func TestASearchIsReadInEveryForm(t *testing.T) {
	for body, want := range map[string][]string{
		`{"TicketID":["3","1"]}`: {"3", "1"}, `{"TicketID":[3,1]}`: {"3", "1"}, `{"TicketID":"3"}`: {"3"}, `{"TicketID":3}`: {"3"},
		`{}`: nil, `{"TicketID":[]}`: nil, `{"TicketID":null}`: nil, `{"TicketID":""}`: nil, "\ufeff{}\n": nil,
	} {
		got, err := searchIDs(t, answerWith(body))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
	for _, body := range []string{`{"status":"ok"}`, `{"Ticket":[]}`, `[]`, `"x"`, `{} {}`, `{"TicketID":["3"]}x`, "ok"} {
		if got, err := searchIDs(t, answerWith(body)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s was taken for an answer: %q, %v", body, got, err)
		}
	}
}

func TestAnswersComeInEveryEncodingOfHTTP(t *testing.T) {
	const body = `{"Ticket":[{"TicketID":1,"Title":"Grüße"}]}`
	for name, f := range map[string]http.HandlerFunc{
		"compressed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write([]byte(body))
			_ = z.Close()
		},
		"in chunks": func(w http.ResponseWriter, _ *http.Request) {
			for i := range len(body) {
				_, _ = w.Write([]byte{body[i]})
				w.(http.Flusher).Flush()
			}
		},
		"as plain text": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = w.Write([]byte(body))
		},
	} {
		if got, err := readTicket(t, f); err != nil || got.Subject != "Grüße" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("\x1f\x8b\x08\x00"))
	}
	if _, err := readTicket(t, http.HandlerFunc(half)); !errors.Is(err, api.ErrTemporary) {
		t.Errorf("half of it: %v", err)
	}
}

func answerWith(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

func searchIDs(t *testing.T, server http.Handler) ([]string, error) {
	a, err := connectToAnswer(t, server).Read(t.Context(), TicketSearch, "", Message{"Limit": 5})
	return a.TicketID, err
}

func readTicket(t *testing.T, server http.Handler) (api.Ticket, error) {
	a, err := connectToAnswer(t, server).Read(t.Context(), TicketGet, "1", Message{"TicketID": "1"})
	if err != nil || len(a.Tickets) != 1 {
		return api.Ticket{}, err
	}
	return a.Tickets[0].Ticket(time.UTC, ReadOptions{}), nil
}

func TestAttachmentsAreReadAsFarAsTheyAreWanted(t *testing.T) {
	a, err := connectToRecorded(t, "otobo/get").Read(t.Context(), TicketGet, "2", Message{})
	if err != nil || len(a.Tickets) != 1 {
		t.Fatal(a, err)
	}
	record := a.Tickets[0]
	article := record.Articles()[0]
	article["Attachment"] = []any{
		map[string]any{"Filename": "file-2", "ContentType": "text/html; charset=utf-8", "Disposition": "inline", "Content": "PGI+eDwvYj4="},
		map[string]any{"Filename": "a.txt", "ContentType": "text/plain", "Disposition": "attachment", "Content": "YQ==", "FilesizeRaw": "1"},
	}
	for _, c := range []struct {
		what          ReadOptions
		files, text   bool
		html          any
		getContent    any
		articleLimits any
	}{
		{ReadOptions{}, false, false, nil, nil, nil},
		{ReadOptions{Attachments: AttachmentsNone, FirstArticle: true}, false, false, nil, nil, 1},
		{ReadOptions{Attachments: AttachmentsNames}, true, false, nil, 0, nil},
		{ReadOptions{Attachments: AttachmentsContents, HTML: true}, true, true, "<b>x</b>", 1, nil},
	} {
		m := c.what.Message()
		if m["GetAttachmentContents"] != c.getContent || m["ArticleLimit"] != c.articleLimits {
			t.Errorf("%+v asks for %v", c.what, m)
		}
		fields := record.Ticket(time.UTC, c.what).Notes[0].Fields
		files, _ := fields["Attachments"].([]any)
		if (len(files) == 1) != c.files || fields["HTML"] != c.html {
			t.Errorf("%+v: %v", c.what, fields)
		}
		if c.files && (files[0].(map[string]any)["Content"] == "YQ==") != c.text {
			t.Errorf("%+v: %v", c.what, files)
		}
	}
}
