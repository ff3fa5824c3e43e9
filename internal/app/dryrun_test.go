package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// shelf is a ticket system that can be read.
type shelf struct {
	api.TicketSystem
	tickets []api.Ticket
	reads   int
}

func (s *shelf) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) {
	return s.tickets, nil
}

func (s *shelf) GetTicket(_ context.Context, id string) (api.Ticket, error) {
	s.reads++
	for _, t := range s.tickets {
		if t.ID == id {
			return t, nil
		}
	}
	return api.Ticket{}, errors.New("there is none")
}

func TestADryRunShowsStateAndLockOfWhatWouldBeChanged(t *testing.T) {
	desk := &shelf{tickets: []api.Ticket{
		{ID: "7", State: &api.Entity{Name: "closed successful"}, Fields: map[string]any{"Lock": "lock"}},
		{ID: "8", State: &api.Entity{Name: "new"}}, // of a system that knows no locks
	}}
	var log bytes.Buffer
	dry := dryRun{logger: slog.New(slog.NewTextHandler(&log, nil))}.wrap("acme:Desk", desk).(api.TicketSystem)
	update := func(id string) string {
		t.Helper()
		log.Reset()
		u := api.TicketUpdate{Queue: &api.Entity{Name: "IT"}, Notes: []api.Note{{Subject: "s", Body: "b"}}}
		if err := dry.UpdateTicket(t.Context(), id, u); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(log.String(), "\n"); lines != 2 {
			t.Fatalf("%d lines, want one for the change and one for the note:\n%s", lines, &log)
		}
		return log.String()
	}

	if got := update("7"); strings.Count(got, `ticket=7 state_now="closed successful" lock_now=lock`) != 2 || desk.reads != 1 {
		t.Errorf("a ticket that no pipe has read, after %d reads:\n%s", desk.reads, got)
	}
	if _, err := dry.FindTickets(t.Context(), api.SearchCriteria{}); err != nil {
		t.Fatal(err)
	}
	if got := update("8"); strings.Count(got, "ticket=8 state_now=new ") != 2 || strings.Contains(got, "lock_now") || desk.reads != 1 {
		t.Errorf("a ticket that was found, after %d reads:\n%s", desk.reads, got)
	}
	if got := update("9"); strings.Contains(got, "state_now") || !strings.Contains(got, "ticket=9 ") {
		t.Errorf("a ticket that can't be read:\n%s", got)
	}
}
