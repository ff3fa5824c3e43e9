package app

import (
	"context"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app/redactor"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/base"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
	"github.com/open-ticket-ai/otai/pkg/registry"
)

// paperDesk is a ticket system that keeps one ticket of any length.
type paperDesk struct {
	ticket api.Ticket
	update api.TicketUpdate
	note   api.Note
	text   string // that was classified
}

func (d *paperDesk) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) {
	return []api.Ticket{d.ticket}, nil
}
func (d *paperDesk) GetTicket(context.Context, string) (api.Ticket, error) { return d.ticket, nil }
func (d *paperDesk) UpdateTicket(_ context.Context, _ string, u api.TicketUpdate) error {
	d.update = u
	return nil
}

func (d *paperDesk) AddNote(_ context.Context, _ string, n api.Note) error { d.note = n; return nil }

func (d *paperDesk) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	d.text = r.Text
	return api.Classification{Label: r.Text, Confidence: 1}, nil
}

const subjectsConfig = `
services:
  desk: {use: "paper:Desk"}
orchestrator:
  use: base:CompositePipe
  params:
    steps:
      - id: fetch
        use: base:FetchTicketsPipe
        injects: {ticket_system: desk}
        params: {ticket_search_criteria: {limit: 1}}
      - id: ticket
        use: base:ExpressionPipe
        params: {expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] }}"}
      - id: label
        use: base:ClassificationPipe
        injects: {classification_service: desk}
        params: {text: "{{ get_pipe_result('ticket')['subject'] }}"}
      - use: base:UpdateTicketPipe
        injects: {ticket_system: desk}
        params:
          ticket_id: "{{ get_pipe_result('ticket').id }}"
          updated_ticket: {subject: "{{ get_pipe_result('ticket').subject }}", queue: {name: "{{ get_pipe_result('label', 'label') }}"}}
      - use: base:AddNotePipe
        injects: {ticket_system: desk}
        params:
          ticket_id: "{{ get_pipe_result('ticket').id }}"
          note: {subject: "{{ get_pipe_result('ticket').subject }}", body: "{{ get_pipe_result('ticket').subject }}"}
`

func TestASubjectOfAnyTextAndLengthIsHandedOnUnchanged(t *testing.T) {
	for name, subject := range map[string]string{
		"a number": "12345", "a list": "[1]", "None": "None", "quotes": "'q'", "a template": "{{ 7*7 }}", "spaces": " a  b\t ",
		"a megabyte": strings.Repeat("Drucker, Papier [1] {{ 7*7 }} ", 1<<20/30),
	} {
		t.Run(name, func(t *testing.T) {
			desk := &paperDesk{ticket: api.Ticket{ID: "1", Subject: subject}}
			r := registry.New(separator)
			if err := r.Register(base.Name, "base", api.AppConfig{}, base.New("1.0.0", base.Options{}).Injectables()); err != nil {
				t.Fatal(err)
			}
			offered := []api.Injectable{api.NewService("Desk", "A desk of paper.", func(struct{}, api.Host) (*paperDesk, error) { return desk, nil })}
			if err := r.Register("otai-paper", "paper", api.AppConfig{}, offered); err != nil {
				t.Fatal(err)
			}
			d, problems := config.Read(config.Options{Files: []config.Source{{Name: "config.yml", Data: []byte(subjectsConfig)}}})
			if d != nil {
				problems = problems.And(check.Check(d, &Catalog{Registry: r}))
			}
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			a := &Setup{Document: d, Catalog: &Catalog{Registry: r}, Redactor: &redactor.Redactor{}}
			engine, err := a.Engine(orchestrator.Options{Once: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := engine.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if desk.update.Subject == nil || desk.update.Queue == nil {
				t.Fatal("the ticket was not changed")
			}
			for place, got := range map[string]string{
				"text": desk.text, "subject": *desk.update.Subject, "queue": desk.update.Queue.Name, "note's subject": desk.note.Subject, "note's body": desk.note.Body,
			} {
				if got != subject {
					t.Errorf("the %s is %.60q, %d bytes", place, got, len(got))
				}
			}
		})
	}
}
