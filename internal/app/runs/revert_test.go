package runs

import (
	"context"
	"errors"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/runs/store"
)

// twoDesks is a store with records of tickets at two help desks.
type twoDesks struct {
	twoWait
	records []decisions.Record
}

func (s twoDesks) Decisions(_ context.Context, f store.DecisionFilter) (out []store.Decision, err error) {
	for _, r := range s.records {
		if f.After != nil || f.Ticket != "" && f.Ticket != r.Ticket {
			continue
		}
		body, err := r.Encode()
		if err != nil {
			return nil, err
		}
		out = append(out, store.Decision{System: r.System, Ticket: r.Ticket, Run: r.Run, Made: 1000, Body: body})
	}
	return out, nil
}

func TestATicketIsPutBackAtOneHelpDesk(t *testing.T) {
	d := &Desk{redactor: redactor.New(func(string) (string, bool) { return "", false }), store: twoDesks{records: []decisions.Record{
		{Run: "r1", System: "east", Ticket: "7", Number: "2026001"},
		{Run: "r2", System: "west", Ticket: "7", Number: "2026002"},
		{Run: "r3", System: "west", Ticket: "8", Number: "2026003"},
		{Run: "r4", System: "east", Ticket: "9", Number: "2026003"},
		{Run: "r5", System: "east", Ticket: "9"}, // not each record has the number
	}}}
	for name, c := range map[string]struct {
		options        RevertOptions
		system, ticket string
		code           app.Code
	}{
		"an id of one":           {RevertOptions{Ticket: "8"}, "west", "8", 0},
		"an id of two":           {RevertOptions{Ticket: "7"}, "", "", app.CodeUsage},
		"an id of two, in a run": {RevertOptions{Ticket: "7", Runs: []string{"r1"}}, "", "7", 0},
		"its number":             {RevertOptions{Ticket: "2026002"}, "west", "7", 0},
		"a number of two":        {RevertOptions{Ticket: "2026003"}, "", "", app.CodeUsage},
		"nobody knows it":        {RevertOptions{Ticket: "4711"}, "", "", app.CodeRun},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := d.oneTicket(t.Context(), c.options)
			var code app.Code
			if exit := (*app.ExitError)(nil); errors.As(err, &exit) {
				code = exit.Code
			}
			if at != (ticketAt{c.system, c.ticket}) || code != c.code {
				t.Errorf("it is %+v, %v with %d", at, err, code)
			}
		})
	}
}
