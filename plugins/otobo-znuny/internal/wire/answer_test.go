package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/recorded"
)

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
		got, err := connectToRecorded(t, name).Call(t.Context(), TicketUpdate, "", Message{})

		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, want)
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
		"a broken backend":   {502, "<html>", api.ErrTemporary, Unknown, "502"},
		"an overload":        {503, "<html>", api.ErrTemporary, Unknown, "503"},
		"a slow backend":     {504, "<html>", api.ErrTemporary, Unknown, "504"},
		"a web page":         {200, "<!DOCTYPE html><title>Login</title>", api.ErrInvalid, Unknown, "web page"},
		"nothing":            {200, "", api.ErrTemporary, Unknown, "webservice_name"},
		"half an object":     {200, `{"TicketID":`, api.ErrTemporary, Answered, "can't be read"},
		"an error of the GI": {500, `{"faultcode":"Server","faultstring":"Boom"}`, api.ErrTemporary, Answered, `"Boom"`},
		"an error before it": {500, "Internal Server Error", api.ErrTemporary, Unknown, "Internal"},
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
			_, err := connect(t, server.URL).Call(t.Context(), TicketUpdate, "1", Message{})
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

func TestWhatStandsBeforeTheHelpDeskIsNamed(t *testing.T) {
	page := func(status int, title string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<html><head><title>\n%s</title></head></html>", title)
		}
	}
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		}
	}
	for name, c := range map[string]struct {
		f      http.HandlerFunc
		is     error
		effect Effect
		says   []string
	}{
		"a login page":                    {page(200, "Anmelden &ndash; SSO"), ErrProtocol, Unknown, []string{`web page, "Anmelden – SSO"`, "base_url"}},
		"a redirect to a login":           {to("https://sso.example.org/login?state=g3heim"), ErrProtocol, NoEffect, []string{`"https://sso.example.org/login"`, "login page"}},
		"a redirect to https":             {to("https://desk.example.org/otobo/nph-genericinterface.pl/Webservice/OpenTicketAI/ticket-get"), ErrProtocol, NoEffect, []string{"write https in base_url"}},
		"a proxy that wants a login":      {page(407, "x"), api.ErrDenied, NoEffect, []string{"param proxy"}},
		"a broken backend":                {page(502, "502 Proxy Error"), ErrUnavailable, Unknown, []string{`status 502 Bad Gateway: the server answered with a web page, "502 Proxy Error"`}},
		"an overload, or a broken stream": {page(503, "x"), ErrUnavailable, Unknown, []string{"503"}},
		"a slow backend":                  {page(504, "x"), ErrUnavailable, Unknown, []string{"504"}},
		"a slow backend of Cloudflare":    {page(524, "x"), ErrUnavailable, Unknown, []string{"524"}},
		"a dead program":                  {page(500, "Internal Server Error"), ErrServerError, Unknown, []string{"web server"}},
		"a page that is not there":        {page(404, "Not Found"), ErrProtocol, NoEffect, []string{"base_url", "Not Found"}},
		"a door that wants TLS":           {page(400, "The plain HTTP request was sent to HTTPS port"), ErrProtocol, NoEffect, []string{"write https"}},
		"a request too large for a proxy": {page(413, "x"), ErrTooLarge, NoEffect, []string{"shorten"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connectToAnswer(t, c.f).Call(t.Context(), TicketUpdate, "1", Message{})
			if !errors.Is(err, c.is) || EffectOf(err) != c.effect {
				t.Errorf("effect %d: %v", EffectOf(err), err)
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "g3heim") {
				t.Errorf("%v holds a token", err)
			}
		})
	}
}

// OTOBO forgets the limit in a batch behind a ticket that has no article.
func TestATicketHasOneNoteEvenIfTheServerSendsMore(t *testing.T) {
	r := Record{"TicketID": "1", "Article": []any{
		map[string]any{"ArticleID": json.Number("8"), "Body": "second"}, map[string]any{"ArticleID": json.Number("7"), "Body": "first"},
	}}
	if got := r.Ticket(time.UTC, ReadOptions{FirstArticle: true}); len(got.Notes) != 1 || got.Body != "first" {
		t.Errorf("%+v", got)
	}
}

// FuzzAnswers: whatever a server sends is read or refused, never a panic, and what
// templates see is plain.
func FuzzAnswers(f *testing.F) {
	for _, name := range []string{"znuny/get-after-updates", "otobo/get", "otobo/unknown-webservice", "znuny/update-note-array"} {
		r := recorded.Answers(f)[name]
		f.Add(r.Status, r.Body)
	}
	f.Add(200, `{"Ticket":[{"TicketID":true,"Article":{"ArticleID":1e99},"DynamicField":[{"Name":"x","Value":{"a":[1e400]}}]}],"TicketID":[[1],null]}`)
	c := connect(f, "http://x")
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
