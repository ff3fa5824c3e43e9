package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// move is the usual update: title, queue, priority and a note at once.
func move() api.TicketUpdate {
	title := "Drucker im 2. OG"
	return api.TicketUpdate{
		Subject:  &title,
		Queue:    &api.Entity{Name: "IT", ID: "8"},
		Priority: &api.Entity{ID: "4"},
		Notes:    []api.Note{{Subject: "Automatic", Body: "IT, 0.93\n"}},
	}
}

func TestUpdateTravelsInOneRequestWithAnInternalNote(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	u := move()
	u.Fields = map[string]any{"DynamicField_OtaiText": "ja", "DynamicField_OtaiTags": []any{"a", "b"}, "DynamicField_OtaiOld": nil, "Lock": "lock"}
	if err := s.UpdateTicket(t.Context(), "1", u); err != nil {
		t.Fatal(err)
	}
	sent := d.sent("ticket-update")
	if len(sent) != 1 {
		t.Fatalf("%d requests", len(sent))
	}
	ticket, note := sent[0]["Ticket"].(map[string]any), sent[0]["Article"].(map[string]any)
	for key, want := range map[string]any{"Title": "Drucker im 2. OG", "Queue": "IT", "PriorityID": "4", "QueueID": nil, "Lock": "lock"} {
		if ticket[key] != want {
			t.Errorf("Ticket.%s is %v, want %v", key, ticket[key], want)
		}
	}
	for key, want := range map[string]any{
		"IsVisibleForCustomer": 0.0, "CommunicationChannel": "Internal", "SenderType": "agent",
		"Subject": "Automatic", "ContentType": "text/plain; charset=utf-8",
	} {
		if note[key] != want {
			t.Errorf("Article.%s is %v, want %v", key, note[key], want)
		}
	}
	dynamic := sent[0]["DynamicField"].([]any)
	if len(dynamic) != 3 || dynamic[0].(map[string]any)["Name"] != "OtaiOld" || dynamic[0].(map[string]any)["Value"] != "" {
		t.Errorf("DynamicField is %v; a nil value must clear, which the servers do for \"\"", dynamic)
	}
}

func TestAVisibleNoteIsVisible(t *testing.T) {
	d := newDesk(t)
	if err := d.service().AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b", VisibleToCustomer: true}); err != nil {
		t.Fatal(err)
	}
	if v := d.sent("ticket-update")[0]["Article"].(map[string]any)["IsVisibleForCustomer"]; v != 1.0 {
		t.Errorf("IsVisibleForCustomer is %v", v)
	}
}

func TestEveryNoteIsSentInItsOrder(t *testing.T) {
	d := newDesk(t)
	u := move()
	u.Notes = []api.Note{{Subject: "one", Body: "b"}, {Subject: "two", Body: "b"}, {Subject: "two", Body: "b"}}
	if err := d.service().UpdateTicket(t.Context(), "1", u); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"one", "two", "two"}) {
		t.Errorf("notes are %q", got)
	}
	for i, r := range d.sent("ticket-update") {
		if _, fields := r["Ticket"]; fields != (i == 0) {
			t.Errorf("request %d has fields: %v", i, fields)
		}
	}
}

func TestAnUpdateOfNothingIsNoRequest(t *testing.T) {
	d := newDesk(t)
	if err := d.service().UpdateTicket(t.Context(), "1", api.TicketUpdate{}); err != nil {
		t.Fatal(err)
	}
	if n := len(d.sent("ticket-update")); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAnEqualOlderNoteIsNotTakenForTheNewOne(t *testing.T) {
	for name, first := range map[string]func(*TicketSystem, context.Context) error{
		"written by this process": func(s *TicketSystem, ctx context.Context) error {
			return s.AddNote(ctx, "1", api.Note{Subject: "s", Body: "b"})
		},
		"seen when the ticket was found": func(s *TicketSystem, ctx context.Context) error {
			_, err := s.FindTickets(ctx, api.SearchCriteria{})
			return err
		},
		"not seen by a read of the first article": func(s *TicketSystem, ctx context.Context) error {
			_, err := s.FindTickets(ctx, api.SearchCriteria{Fields: map[string]any{"Articles": "first"}})
			return err
		},
		"never seen": func(*TicketSystem, context.Context) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			if err := d.service().AddNote(t.Context(), "1", api.Note{Subject: "s", Body: "b"}); err != nil {
				t.Fatal(err)
			}
			s := d.service()
			if err := first(s, t.Context()); err != nil {
				t.Fatal(err)
			}
			before := len(d.notes("1"))
			d.will("ticket-update", closeUnread)
			n := api.Note{Subject: "s", Body: "b"}
			if err := s.AddNote(t.Context(), "1", n); !errors.Is(err, api.ErrUncertain) || len(d.notes("1")) != before {
				t.Fatalf("%v, %d notes", err, len(d.notes("1")))
			}
			if err := s.AddNote(t.Context(), "1", n); err != nil {
				t.Fatal(err)
			}
			if got := len(d.notes("1")); got != before+1 {
				t.Errorf("%d notes, want %d", got, before+1)
			}
		})
	}
}

func TestAfterATimeoutNothingIsSentAgainUntilTheCallerRepeats(t *testing.T) {
	d := newDesk(t)
	s := d.service(func(p *Params) { p.Timeouts.Update = 2 * time.Second }) // in which the desk hears of it, however busy the machine is
	d.will("ticket-update", hangThenDo)
	err := s.UpdateTicket(t.Context(), "1", move())
	if !errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrTemporary) {
		t.Fatalf("error is %v, want only %v", err, api.ErrUncertain)
	}
	if got := d.notes("1"); len(got) != 0 {
		t.Fatalf("notes are %q", got)
	}
	close(d.release)
	<-d.late
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) {
		t.Errorf("notes are %q: the repetition must find the late one", got)
	}
}

func TestARepeatedUpdateDoesNotRepeatTheNotesThatWereWritten(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	u := move()
	u.Notes = append(u.Notes, api.Note{Subject: "second", Body: "b"})
	d.will("ticket-update", noTrouble, failHalfway, failHalfway, failHalfway)
	if err := s.UpdateTicket(t.Context(), "1", u); !errors.Is(err, api.ErrDenied) {
		t.Fatalf("error is %v", err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic"}) {
		t.Fatalf("notes are %q", got)
	}
	d.will("ticket-update")
	if err := s.UpdateTicket(t.Context(), "1", u); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); !slices.Equal(got, []string{"Automatic", "second"}) {
		t.Errorf("notes are %q", got)
	}
	// What is settled is forgotten: the same note may be wanted again.
	if err := s.AddNote(t.Context(), "1", u.Notes[0]); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); len(got) != 3 {
		t.Errorf("notes are %q", got)
	}
}

func TestAnOutcomeThatCantBeLookedAtIsUncertain(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	if _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	d.will("ticket-update", closeDone)
	d.will("ticket-get", slices.Repeat([]trouble{unavailable}, 100)...)
	err := s.UpdateTicket(t.Context(), "1", move())
	if !errors.Is(err, api.ErrUncertain) || errors.Is(err, api.ErrTemporary) {
		t.Fatalf("error is %v", err)
	}
	if n := len(d.sent("ticket-update")); n != 1 {
		t.Errorf("%d updates were sent", n)
	}
	d.will("ticket-get")
	if err := s.UpdateTicket(t.Context(), "1", move()); err != nil {
		t.Fatal(err)
	}
	if got := d.notes("1"); len(got) != 1 {
		t.Errorf("notes are %q", got)
	}
	if n := len(d.sent("ticket-update")); n != 1 {
		t.Errorf("%d updates were sent, though all was there", n)
	}
}

func TestARefusedUpdateIsNotRepeatedAndNamesTheField(t *testing.T) {
	d := newDesk(t)
	d.will("ticket-update", refuseAndFinish)
	err := d.service().UpdateTicket(t.Context(), "1", move())
	var field *api.FieldError
	if !errors.Is(err, api.ErrInvalid) || !errors.As(err, &field) || field.Field != "queue" || !strings.Contains(err.Error(), `"IT"`) {
		t.Errorf("error is %v", err)
	}
	if n := len(d.sent("ticket-update")); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestAForbiddenQueueIsDeniedAfterOneRepetition(t *testing.T) {
	d := newDesk(t)
	d.will("ticket-update", slices.Repeat([]trouble{failHalfway}, 100)...)
	err := d.service().UpdateTicket(t.Context(), "1", move())
	if !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "move_into") {
		t.Errorf("error is %v", err)
	}
	if n := len(d.sent("ticket-update")); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestAHelpDeskThatIsDownIsTemporary(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	s, err := newTicketSystem(Params{BaseURL: "http://" + address + "/x", Password: "geheim-4711"}, api.Host{})
	if err != nil {
		t.Fatal(err)
	}
	s.client.Retry = wire.RetryPolicy{FirstPause: time.Millisecond, MaxElapsed: 20 * time.Millisecond}
	s.articles.add("1", 5)
	for name, f := range map[string]func() error{
		"read":   func() error { _, err := s.FindTickets(t.Context(), api.SearchCriteria{}); return err },
		"write":  func() error { return s.UpdateTicket(t.Context(), "1", move()) },
		"health": func() error { return s.CheckHealth(t.Context()) },
	} {
		if err := f(); !errors.Is(err, api.ErrTemporary) || errors.Is(err, api.ErrUncertain) || !strings.Contains(err.Error(), "base_url") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestAHangingHelpDeskIsLeftWhenTheCallerGivesUp(t *testing.T) {
	d := newDesk(t)
	s := d.service(func(p *Params) { p.Timeout = 5 * time.Minute })
	s.articles.add("1", 200)
	for _, route := range []string{"ticket-search", "ticket-update"} {
		d.will(route, hang)
	}
	for name, f := range map[string]func(context.Context) error{
		"read":  func(ctx context.Context) error { _, err := s.FindTickets(ctx, api.SearchCriteria{}); return err },
		"write": func(ctx context.Context) error { return s.UpdateTicket(ctx, "1", move()) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		started := time.Now()
		err := f(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) > time.Minute {
			t.Errorf("%s: %v after %v", name, err, time.Since(started))
		}
		if uncertain := errors.Is(err, api.ErrUncertain); uncertain != (name == "write") {
			t.Errorf("%s: uncertain is %v: %v", name, uncertain, err)
		}
	}
}

func TestWritersOfOneTicketWaitForEachOther(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	// Every other request of these is lost, before or after it is done.
	d.will("ticket-update", closeDone, noTrouble, closeUnread, noTrouble, failDone, noTrouble, halfAnswer, noTrouble, closeDone)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			err := api.ErrUncertain
			for errors.Is(err, api.ErrUncertain) {
				err = s.AddNote(t.Context(), "1", api.Note{Subject: "same", Body: "b"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := d.notes("1"); len(got) != 8 {
		t.Errorf("%d equal notes of 8", len(got))
	}
}

func TestWaitingForATicketEndsWithTheCaller(t *testing.T) {
	var l ticketLocks
	unlock, err := l.lock(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.lock(ctx, "1"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	unlock()
	if unlock, err = l.lock(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestWhatTheServersWouldIgnoreOrMisreadIsRefusedBeforeSending(t *testing.T) {
	empty := "  "
	for name, c := range map[string]struct {
		id    string
		u     api.TicketUpdate
		field string
	}{
		"a list of ids":        {"62,52", move(), "ticket_id"},
		"no id":                {"", move(), "ticket_id"},
		"an empty title":       {"1", api.TicketUpdate{Subject: &empty}, "subject"},
		"an empty queue":       {"1", api.TicketUpdate{Queue: &api.Entity{Name: " "}}, "queue"},
		"a note without text":  {"1", api.TicketUpdate{Notes: []api.Note{{Body: "b"}, {Subject: "s", Body: " \n\x00"}}}, "notes[1].body"},
		"an unknown field":     {"1", api.TicketUpdate{Fields: map[string]any{"Titel": "x"}}, "fields.Titel"},
		"a field to be empty":  {"1", api.TicketUpdate{Fields: map[string]any{"Lock": nil}}, "fields.Lock"},
		"a nameless dyn field": {"1", api.TicketUpdate{Fields: map[string]any{"DynamicField_": "x"}}, "fields.DynamicField_"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			err := d.service().UpdateTicket(t.Context(), c.id, c.u)
			var field *api.FieldError
			if !errors.Is(err, api.ErrInvalid) || !errors.As(err, &field) || field.Field != c.field {
				t.Errorf("error is %v, want one of field %s", err, c.field)
			}
			if len(d.requests) > 0 {
				t.Errorf("was sent: %v", d.requests)
			}
		})
	}
}

func TestTextsAreMadeToFit(t *testing.T) {
	a, err := (&TicketSystem{}).newNote("", api.Note{Subject: "a\r\nBcc: x@y.test\x00", Body: "a\x00b", ContentType: "text/html"})
	if err != nil {
		t.Fatal(err)
	}
	if a.Subject != "a Bcc: x@y.test" || a.Body != "ab" || a.ContentType != "text/html; charset=utf-8" {
		t.Errorf("article is %+v", a)
	}
	a, err = (&TicketSystem{}).newNote("", api.Note{Subject: strings.Repeat("ü", 5000), Body: "b"})
	if err != nil || len([]rune(a.Subject)) != maxSubject {
		t.Errorf("subject has %d characters, %v", len([]rune(a.Subject)), err)
	}
	a, err = (&TicketSystem{}).newNote("", api.Note{Body: "First line\nsecond"})
	if err != nil || a.Subject != "First line second" {
		t.Errorf("subject is %q, %v", a.Subject, err)
	}
	if got, err := title(strings.Repeat("x", 300)); err != nil || len([]rune(got)) != maxTitle {
		t.Errorf("title has %d characters, %v", len([]rune(got)), err)
	}
}

func TestANoteToBeWrittenOnceIsWrittenOnceByWhoeverRepeatsIt(t *testing.T) {
	d := newDesk(t)
	n := func(body string) api.Note {
		return api.Note{Subject: "Sorted", Body: body, Fields: map[string]any{"Once": "sorted"}}
	}
	for i, body := range []string{"first", "second", "third"} {
		s := d.service()
		if err := s.AddNote(t.Context(), "1", n(body)); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			if err := s.AddNote(t.Context(), "2", n(body)); err != nil { // another ticket
				t.Fatal(err)
			}
		}
	}
	if got := d.notes("1"); len(got) != 1 || !strings.HasPrefix(got[0], "Sorted "+markerPrefix) {
		t.Errorf("notes are %q", got)
	}
	if got := d.notes("2"); len(got) != 1 {
		t.Errorf("notes of the other are %q", got)
	}
}

func TestAMarkedNoteIsRecognizedByItsMark(t *testing.T) {
	for name, marker := range map[string]string{"subject": markerSubject, "dynamic field": "DynamicField_OtaiMark"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			s := d.service(func(p *Params) { p.NoteMarker = marker })
			d.will("ticket-update", closeDone)
			html := api.Note{Subject: "Sorted", Body: "<p>x</p>", ContentType: "text/html"}
			if err := s.AddNote(t.Context(), "1", html); err != nil {
				t.Fatal(err)
			}
			if got := d.notes("1"); len(got) != 1 || strings.Contains(got[0], markerPrefix) != (name == "subject") {
				t.Errorf("notes are %q", got)
			}
			sent := d.sent("ticket-update")
			if _, has := sent[0]["DynamicField"]; has != (name != "subject") {
				t.Errorf("sent %v", sent[0])
			}
		})
	}
}

func TestAPartialUpdateSaysWhatIsThereAndWhatIsMissing(t *testing.T) {
	d := newDesk(t)
	s := d.service()
	d.will("ticket-update", slices.Repeat([]trouble{failHalfway}, 100)...)
	err := s.UpdateTicket(t.Context(), "1", move())
	var partial *PartialError
	if !errors.As(err, &partial) || !slices.Equal(partial.Written, []string{"subject"}) || !slices.Equal(partial.Missing, []string{"priority", "queue", `note "Automatic"`}) {
		t.Fatalf("error is %v", err)
	}
	if !errors.Is(err, api.ErrDenied) || !strings.Contains(err.Error(), "written: subject; missing: priority, queue, note") {
		t.Errorf("error is %v", err)
	}
}
