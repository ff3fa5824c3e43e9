package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// intent is a host's store with one intent.
type hostIntent struct {
	text    []byte
	refused error // the answer to save
	saves   int
}

func (h *hostIntent) load(context.Context) ([]byte, error) { return h.text, nil }

func (h *hostIntent) save(_ context.Context, text []byte) error {
	h.saves++
	if h.refused != nil {
		return h.refused
	}
	h.text = text
	return nil
}

func (d *desk) stored(h *hostIntent, change ...func(*Params)) *TicketSystem {
	s := d.service(change...)
	s.UseStore(h.load, h.save)
	return s
}

// Whatever happens to the first request, the ticket ends right with one note each, and
// no request carries again what was written. An update whose request may have arrived is looked at once and not sent again by the
// same call; the next call, of this process or another, sends what is missing.
func TestAnUpdateOfUnknownOutcomeIsFinishedByTheNextCall(t *testing.T) {
	for name, c := range map[string]struct {
		plan      []trouble
		uncertain bool // after the first call
		requests  int  // in all
	}{
		"nothing":                              {nil, false, 2},
		"connection closed after it was done":  {[]trouble{closeDone}, false, 2},
		"connection closed before it was read": {[]trouble{closeUnread}, true, 3},
		"the second note's request is lost":    {[]trouble{noTrouble, closeUnread}, true, 3},
		"the second note's answer is lost":     {[]trouble{noTrouble, closeDone}, false, 2},
		"status 500 after the title":           {[]trouble{failHalfway}, false, 3},
		"status 500 after everything":          {[]trouble{failDone}, false, 2},
		"status 504 after everything":          {[]trouble{gatewayDone}, false, 2},
		"half an answer":                       {[]trouble{halfAnswer}, false, 2},
		"status 503":                           {[]trouble{unavailable}, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			d, h := newDesk(t), &hostIntent{}
			d.will("ticket-update", c.plan...)
			u := move()
			u.Notes = append(u.Notes, api.Note{Subject: "second", Body: "b"})
			err := d.stored(h).UpdateTicket(t.Context(), "1", u)
			if errors.Is(err, api.ErrUncertain) != c.uncertain || errors.Is(err, api.ErrTemporary) {
				t.Fatalf("error is %v", err)
			}
			if h.text == nil {
				t.Fatal("nothing is kept")
			}
			if strings.Contains(string(h.text), "Automatic") || len(h.text) > 100 {
				t.Errorf("kept is %s", h.text)
			}
			d.will("ticket-update")
			for range 2 { // a call too many changes nothing
				if err := d.stored(h).UpdateTicket(t.Context(), "1", u); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.notes("1"); !slices.Equal(got, []string{"Automatic", "second"}) {
				t.Errorf("notes are %q", got)
			}
			if d.field("1", "Title") != "Drucker im 2. OG" || d.field("1", "Queue") != "IT" {
				t.Errorf("ticket is %v", d.tickets["1"])
			}
			if n := len(d.sent("ticket-update")); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
			if len(c.plan) > 0 && c.plan[0] == failHalfway {
				if second := d.sent("ticket-update")[1]["Ticket"].(map[string]any); second["Title"] != nil {
					t.Errorf("the title was sent again: %v", second)
				}
			}
		})
	}
}

func TestWithoutARecordNothingIsSent(t *testing.T) {
	d, lost := newDesk(t), errors.New("the run belongs to another")
	s := d.stored(&hostIntent{refused: lost})
	for name, f := range map[string]func() error{
		"update": func() error { return s.UpdateTicket(t.Context(), "1", move()) },
		"note":   func() error { return s.AddNote(t.Context(), "1", move().Notes[0]) },
	} {
		if err := f(); !errors.Is(err, lost) || errors.Is(err, api.ErrUncertain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(d.sent("ticket-update")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What somebody has changed behind an update that was done isn't undone by its
// repetition, also if the update had been done only in part.
func TestARepetitionUndoesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		plan []trouble
		last bool // the second note was written
	}{
		"of an update that was done": {[]trouble{closeDone}, true},
		"of one that lacks a note":   {[]trouble{noTrouble, closeUnread}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, h := newDesk(t), &hostIntent{}
			u := move()
			if !c.last {
				u.Notes = append(u.Notes, api.Note{Subject: "second", Body: "b"})
			}
			d.will("ticket-update", c.plan...)
			_ = d.stored(h).UpdateTicket(t.Context(), "1", u)
			d.do("ticket-update", map[string]any{"TicketID": "1", "Ticket": map[string]any{"Queue": "HR"}})
			if err := d.stored(h).UpdateTicket(t.Context(), "1", u); err != nil {
				t.Fatal(err)
			}
			if d.field("1", "Queue") != "HR" || len(d.notes("1")) != len(u.Notes) {
				t.Errorf("it is in %v with %q", d.field("1", "Queue"), d.notes("1"))
			}
		})
	}
}

func TestANoteRefusedBehindTheMoveIsTyped(t *testing.T) {
	d, h := newDesk(t), &hostIntent{}
	u := move()
	u.Notes = append(u.Notes, api.Note{Subject: "second", Body: "b"})
	d.will("ticket-update", noTrouble, denied)
	for range 2 {
		err := d.stored(h).UpdateTicket(t.Context(), "1", u)
		var field *api.FieldError
		if !errors.Is(err, api.ErrDenied) || errors.Is(err, api.ErrNotFound) || !errors.As(err, &field) || field.Field != "note" || !strings.Contains(err.Error(), `rw on the group of the queue where it is now ("IT")`) {
			t.Fatalf("error is %v", err)
		}
		d.will("ticket-update", denied)
	}
	d.will("ticket-update")
	if err := d.stored(h).UpdateTicket(t.Context(), "1", u); err != nil || len(d.notes("1")) != 2 {
		t.Errorf("with the right: %v, %q", err, d.notes("1"))
	}
}

func TestTheFenceIsAskedBeforeEachWrite(t *testing.T) {
	d, h := newDesk(t), &hostIntent{}
	s := d.stored(h, func(p *Params) { p.Timeout = time.Minute })
	type key struct{}
	asked, gone := 0, errors.New("not any more")
	var answer error
	s.UseFence(func(ctx context.Context) error {
		asked++
		deadline, ok := ctx.Deadline()
		if left := time.Until(deadline); !ok || left > time.Minute || left < 50*time.Second || ctx.Value(key{}) != "run" {
			t.Errorf("its context has %v left and %v", left, ctx.Value(key{}))
		}
		return answer
	})
	ctx := context.WithValue(t.Context(), key{}, "run")
	u := move()
	u.Notes = append(u.Notes, api.Note{Subject: "second", Body: "b"})
	if _, err := s.FindTickets(ctx, api.SearchCriteria{}); err != nil || asked != 0 {
		t.Fatalf("a search: %v, asked %d times", err, asked)
	}
	if err := s.UpdateTicket(ctx, "1", u); err != nil || asked != 2 {
		t.Fatalf("%v, asked %d times", err, asked)
	}
	if _, err := s.CreateTicket(ctx, api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{Name: "IT"}, Customer: &api.Entity{ID: "c"}}); err != nil || asked != 3 {
		t.Fatalf("%v, asked %d times", err, asked)
	}
	answer = gone
	h.text = nil
	if err := s.UpdateTicket(ctx, "2", u); !errors.Is(err, gone) || errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrTemporary) {
		t.Errorf("refused: %v", err)
	}
	if n := len(d.sent("ticket-update")); n != 2 {
		t.Errorf("%d requests", n)
	}
	answer = nil
	if err := s.UpdateTicket(ctx, "2", u); err != nil || len(d.notes("2")) != 2 {
		t.Errorf("afterwards: %v, %q", err, d.notes("2"))
	}
}

// A process that was frozen between the fence's answer and the request sends nothing.
func TestARequestWhoseTimeIsOverIsNotSent(t *testing.T) {
	d := newDesk(t)
	s := d.stored(&hostIntent{}, func(p *Params) { p.Timeouts.Update = 50 * time.Millisecond })
	s.UseFence(func(context.Context) error { time.Sleep(60 * time.Millisecond); return nil })
	err := s.UpdateTicket(t.Context(), "1", move())
	if !errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain) || !strings.Contains(err.Error(), "this machine was suspended") {
		t.Errorf("error is %v", err)
	}
	if n := len(d.sent("ticket-update")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// What has arrived is distinguished from what has not.
func TestTheKindOfAnErrorSaysWhetherARequestMayHaveArrived(t *testing.T) {
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		uncertain bool
	}{
		"a gateway's 502":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, true},
		"a gateway's 503":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, true},
		"a gateway's 504":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) }, true},
		"a page with status 500": {page(http.StatusInternalServerError), true},
		"a page with status 200": {page(http.StatusOK), true},
		"an empty 500":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, true},
		"a text with status 500": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "upstream connect error")
		}, true},
		"a closed connection":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"too many requests":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, false},
		"the help desk's own 500": {func(w http.ResponseWriter, _ *http.Request) { fail(w) }, false},
		"its rejection": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"Error":{"ErrorCode":"TicketUpdate.AccessDenied","ErrorMessage":"TicketUpdate: User does not have access to the ticket!"}}`)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			var updates atomic.Int64
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "ticket-update") {
					updates.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					c.answer(w, r)
					return
				}
				d.ServeHTTP(w, r)
			}))
			defer front.Close()
			direct := d.Server.URL
			d.Server.URL = front.URL
			s := d.stored(&hostIntent{})
			d.Server.URL = direct
			err := s.UpdateTicket(t.Context(), "1", move())
			if err == nil || errors.Is(err, api.ErrUncertain) != c.uncertain {
				t.Errorf("error is %v", err)
			}
			if n := updates.Load(); c.uncertain && n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func page(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<html><title>Sorry</title></html>")
	}
}

// A search for ids has no bound but its own limit, and reading is in the order of the ids.
func TestIDsAreFoundAndReadSeparately(t *testing.T) {
	d := newDesk(t)
	for id := 4; id <= 1200; id++ {
		d.addTicket(fmt.Sprint(id))
	}
	s := d.service()
	found, err := s.FindTicketIDs(t.Context(), api.SearchCriteria{Limit: 5000, Offset: 1})
	if err != nil || len(found) != 1199 || found[0] != "2" {
		t.Fatalf("%d, %v", len(found), err)
	}
	if n := len(d.sent("ticket-get")); n != 0 {
		t.Errorf("%d reads", n)
	}
	if some, err := s.FindTicketIDs(t.Context(), api.SearchCriteria{}); err != nil || len(some) != defaultLimit {
		t.Errorf("without a limit %d, %v", len(some), err)
	}
	d.tickets["3"]["Locked"] = true
	tickets, err := s.ReadTickets(t.Context(), []string{"7", "3", "2", "99999"}, api.SearchCriteria{Limit: 1, Fields: map[string]any{"Articles": "first"}})
	if err != nil || len(tickets) != 2 || tickets[0].ID != "7" || tickets[1].ID != "2" {
		t.Errorf("read %v, %v", tickets, err)
	}
	if d.sent("ticket-get")[0]["ArticleLimit"] != 1.0 {
		t.Error("the criteria don't say what to read")
	}
	if _, err := s.ReadTickets(t.Context(), []string{"1,2"}, api.SearchCriteria{}); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("a list of ids: %v", err)
	}
	if none, err := s.ReadTickets(t.Context(), nil, api.SearchCriteria{}); err != nil || len(none) != 0 {
		t.Errorf("nothing: %v, %v", none, err)
	}
}

func TestTheSameHelpDeskHasTheSameName(t *testing.T) {
	name := func(p Params) string {
		p.Password = "x"
		s, err := newTicketSystem(p, api.Host{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.SystemID()
	}
	one := name(Params{BaseURL: "https://desk.example.org/otobo/nph-genericinterface.pl"})
	for _, p := range []Params{
		{BaseURL: "https://Desk.example.org:443/otobo/nph-genericinterface.pl/", Username: "somebody"},
		{BaseURL: "https://desk.example.org/otobo/index.pl"},
	} {
		if got := name(p); got != one {
			t.Errorf("%q is not %q", got, one)
		}
	}
	for _, p := range []Params{
		{BaseURL: "https://desk.example.org/otobo/nph-genericinterface.pl", WebserviceName: "Other"},
		{BaseURL: "https://desk.example.org:8443/otobo/nph-genericinterface.pl"},
	} {
		if got := name(p); got == one {
			t.Errorf("%+v has the same name", p)
		}
	}
}

func TestATicketIsCreatedOnceForOneIntent(t *testing.T) {
	d, h := newDesk(t), &hostIntent{}
	d.addTicket("9") // the one that the desk says it creates
	d.will("ticket-update", closeUnread)
	ticket := api.Ticket{Subject: "s", Body: "b", Queue: &api.Entity{Name: "IT"}, Customer: &api.Entity{ID: "c"}, Notes: []api.Note{{Subject: "n", Body: "b"}}}
	if id, err := d.stored(h).CreateTicket(t.Context(), ticket); id != "9" || !errors.Is(err, api.ErrUncertain) {
		t.Fatalf("%q, %v", id, err)
	}
	if id, err := d.stored(h).CreateTicket(t.Context(), ticket); id != "9" || err != nil {
		t.Fatalf("%q, %v", id, err)
	}
	if n := len(d.sent("ticket-create")); n != 1 || len(d.notes("9")) != 1 {
		t.Errorf("%d created, notes %q", n, d.notes("9"))
	}
}

// The name is the one that release 0.1.0 gave to the file.
func TestTheJournalOfTheReleaseBeforeIsFound(t *testing.T) {
	for dir, want := range map[string]string{"/state": "/state/updates-c3f1f4aa2faf.jsonl", "": ""} {
		s, err := newTicketSystem(Params{BaseURL: "https://desk.example.org/otobo/nph-genericinterface.pl", Password: "x"},
			api.NewHost(api.HostOptions{App: api.AppConfig{StateDir: dir}}))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if got := s.FormerJournal(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
