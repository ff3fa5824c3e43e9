package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

// shelf is a ticket system that can be read.
type shelf struct {
	api.TicketSystem
	tickets []api.Ticket
	reads   int
}

func (s *shelf) FindTickets(_ context.Context, c api.SearchCriteria) ([]api.Ticket, error) {
	if c.Limit == 0 {
		return slices.Clone(s.tickets), nil
	}
	return slices.Clone(s.tickets[:min(c.Limit, len(s.tickets))]), nil
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
	dry := newDryRun(slog.New(slog.NewTextHandler(&log, nil)), nil).wrap(orchestrator.Service{Use: "acme:Desk"}, desk).(api.TicketSystem)
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

// idShelf finds ids without reading, as the bundled help desk's plugin does.
type idShelf struct{ shelf }

func (s *idShelf) FindTicketIDs(_ context.Context, c api.SearchCriteria) ([]string, error) {
	var ids []string
	for _, t := range s.tickets[:min(c.Limit, len(s.tickets))] {
		ids = append(ids, t.ID)
	}
	return ids, nil
}

func (s *idShelf) ReadTickets(ctx context.Context, ids []string, _ api.SearchCriteria) ([]api.Ticket, error) {
	var found []api.Ticket
	for _, id := range ids {
		t, err := s.GetTicket(ctx, id)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	return found, nil
}

func TestADryRunGoesOnToTheNextTicket(t *testing.T) {
	tickets := []api.Ticket{{ID: "1"}, {ID: "2"}, {ID: "3"}}
	for name, desk := range map[string]api.TicketSystem{
		"with ids alone": &idShelf{shelf{tickets: tickets}},
		"else":           &shelf{tickets: tickets},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDryRun(slog.New(slog.DiscardHandler), nil)
			system := orchestrator.Service{ID: "desk", Use: "acme:Desk"}
			dry, other := d.wrap(system, desk).(api.TicketSystem), d.wrap(system, desk).(api.TicketSystem) // of two pipes
			for _, want := range []string{"1", "2", "3", ""} {
				found, err := dry.FindTickets(t.Context(), api.SearchCriteria{Limit: 1})
				if err != nil {
					t.Fatal(err)
				}
				if want == "" {
					if len(found) > 0 {
						t.Errorf("all were shown, and %v is found", found)
					}
					return
				}
				if len(found) != 1 || found[0].ID != want {
					t.Fatalf("found %v, want %s", found, want)
				}
				if err := other.AddNote(t.Context(), want, api.Note{}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
