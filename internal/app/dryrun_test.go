package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/trial"
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
	d := dryRun{slog.New(slog.NewTextHandler(&log, nil))}
	dry := trial.New(trial.Options{Shown: d.shown, Ended: d.ended, Written: func(text string) bool { return text == "9" }}).Wrap(orchestrator.Service{ID: "desk", Use: "acme:Desk"}, desk).(api.TicketSystem)
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
	log.Reset()
	if _, err := dry.GetTicket(t.Context(), "8"); err != nil {
		t.Fatal(err)
	}
	if found, err := dry.FindTickets(t.Context(), api.SearchCriteria{Limit: 2}); err != nil || found[1].Queue.String() != "IT" {
		t.Errorf("a change that was shown isn't laid over the ticket: %v, %v", found, err)
	}
}

func TestADryRunSaysWhatIsNotTried(t *testing.T) {
	var log bytes.Buffer
	d := dryRun{slog.New(slog.NewTextHandler(&log, nil))}
	not := &orchestrator.NotTriedError{Use: "acme:Send"}
	p := trial.Prediction{}
	p.Ticket = "7"
	if err := d.ended(trial.End{Runner: "a", Err: not, Found: true, Predictions: []trial.Prediction{p}}); err != nil {
		t.Errorf("it is an error of the runner: %v", err)
	}
	if got := log.String(); !strings.Contains(got, "dry run: not tried") || !strings.Contains(got, "ticket=7 runner=a use=acme:Send") || !strings.Contains(got, "--run acme:Send") {
		t.Errorf("said was:\n%s", got)
	}
	if err := d.ended(trial.End{Runner: "a", Err: not}); !errors.Is(err, error(not)) {
		t.Errorf("a runner that can't begin goes on at once: %v", err)
	}
	other := errors.New("down")
	if err := d.ended(trial.End{Err: other}); !errors.Is(err, other) {
		t.Errorf("another error is %v", err)
	}
}
