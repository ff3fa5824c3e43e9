package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// deskPassword is the one that the help desk has unless it is given another.
const deskPassword = "try-otai-4711"

// startHelpdesk runs the help desk that otai brings along, as a process of its
// own, with its 30 tickets, and returns the service for it.
func startHelpdesk(t testing.TB, otai, mode string) (s *TicketSystem, password func(string) *TicketSystem) {
	desk := exec.CommandContext(t.Context(), otai, "helpdesk", "--listen", "127.0.0.1:0", "--mode", mode, "--demo-tickets")
	desk.Cancel = func() error { return desk.Process.Signal(os.Interrupt) }
	desk.Env = append(os.Environ(), "HOME="+t.TempDir())
	var log strings.Builder
	desk.Stderr = &log
	out, err := desk.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = desk.Process.Signal(os.Interrupt)
		_ = desk.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the help desk printed no address: %v\n%s", err, log.String())
	}
	connect := func(password string) *TicketSystem {
		s, err := newTicketSystem(Params{BaseURL: address, Password: password}, api.Host{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return connect(deskPassword), connect
}

func buildInto(path string) error {
	out, err := exec.Command("go", "build", "-C", filepath.Join("..", ".."), "-trimpath", "-o", path, "./cmd/otai").CombinedOutput()
	if err != nil {
		return fmt.Errorf("otai can't be built: %w\n%s", err, out)
	}
	return nil
}

func TestTheServiceWorksAgainstTheRealHelpDesk(t *testing.T) {
	otai := buildOtai(t)
	for _, mode := range []string{"znuny", "otobo"} {
		t.Run(mode, func(t *testing.T) {
			s, connect := startHelpdesk(t, otai, mode)
			if err := s.CheckHealth(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := connect("wrong").CheckHealth(t.Context()); !errors.Is(err, api.ErrDenied) {
				t.Errorf("a wrong password: %v", err)
			}

			base, _, _ := strings.Cut(s.client.URL(), "/Webservice")
			bySession, err := newTicketSystem(Params{BaseURL: base, Password: deskPassword, UseSession: true}, api.Host{})
			if err != nil {
				t.Fatal(err)
			}
			defer bySession.Close()
			if one, err := bySession.FindTickets(t.Context(), api.SearchCriteria{Limit: 1}); err != nil || len(one) != 1 {
				t.Errorf("by a session: %v, %v", one, err)
			}

			found, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 4})
			if err != nil || len(found) != 4 || found[0].Body == "" || found[0].Queue == nil {
				t.Fatalf("found %d: %+v, %v", len(found), found, err)
			}
			second, err := s.FindTickets(t.Context(), api.SearchCriteria{Limit: 2, Offset: 2})
			if err != nil || len(second) != 2 || second[0].ID != found[2].ID || second[1].ID != found[3].ID {
				t.Errorf("with an offset of 2 found %+v, %v", second, err)
			}
			all, err := s.FindTickets(t.Context(), api.SearchCriteria{Queue: found[0].Queue, Limit: 1000})
			if err != nil || len(all) != 30 {
				t.Errorf("found %d of 30, %v", len(all), err)
			}

			ticket := found[0]
			title := "Grüße 😀 <&>"
			err = s.UpdateTicket(t.Context(), ticket.ID, api.TicketUpdate{
				Subject: &title, Priority: &api.Entity{ID: "5"}, State: &api.Entity{Name: "open"},
				Notes: []api.Note{{Subject: "one", Body: "Zeile 1\nÄÖÜ 😀"}, {Subject: "two", Body: "b", VisibleToCustomer: true}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.AddNote(t.Context(), ticket.ID, api.Note{Subject: "three", Body: "<p>c</p>", ContentType: "text/html"}); err != nil {
				t.Fatal(err)
			}
			got, err := s.GetTicket(t.Context(), ticket.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != title || got.Priority.ID != "5" || got.State.Name != "open" || !reflect.DeepEqual(got.Queue, ticket.Queue) {
				t.Errorf("ticket is %+v", got)
			}
			notes := got.Notes[len(ticket.Notes):]
			if len(notes) != 3 || notes[0].Body != "Zeile 1\nÄÖÜ 😀" || notes[0].VisibleToCustomer || !notes[1].VisibleToCustomer || notes[2].VisibleToCustomer {
				t.Errorf("notes are %+v", notes)
			}

			var field *api.FieldError
			err = s.UpdateTicket(t.Context(), ticket.ID, api.TicketUpdate{Queue: &api.Entity{Name: "No such queue"}})
			if !errors.Is(err, api.ErrInvalid) || !errors.As(err, &field) || field.Field != "queue" {
				t.Errorf("an unknown queue: %v", err)
			}
			if _, err := s.GetTicket(t.Context(), "99999999"); !errors.Is(err, api.ErrNotFound) {
				t.Errorf("an unknown ticket: %v", err)
			}

			id, err := s.CreateTicket(t.Context(), api.Ticket{
				Subject: "Neu", Body: "Text", Queue: ticket.Queue, Customer: ticket.Customer, Notes: []api.Note{{Subject: "n", Body: "b"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			created, err := s.GetTicket(t.Context(), id)
			if err != nil || created.Body != "Text" || created.State.Name != "new" || len(created.Notes) != 2 {
				t.Errorf("created %+v, %v", created, err)
			}
		})
	}
}
