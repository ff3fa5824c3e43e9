package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// passing hands a ticket's subject and body on through every kind of pipe, by a
// string field and by an expression, and writes both back.
const passing = taking + `
                - id: subject
                  use: base:ExpressionPipe
                  params: { expression: "{{ get_pipe_result('ticket').subject }}" }
                - id: body
                  use: base:ExpressionPipe
                  params:
                    expression: |
                      {% set first = get_pipe_result('ticket').notes | first %}
                      {{ first.body }}
                - id: classify
                  use: base:ClassificationPipe
                  injects: { classification_service: model }
                  params:
                    text: "{{ get_pipe_result('subject') }} {{ get_pipe_result('body') }}"
                    model_name: MODEL
                - id: note
                  use: base:AddNotePipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "{{ get_pipe_result('ticket').id }}"
                    note:
                      subject: "{{ get_pipe_result('subject') }}"
                      body: "{{ get_pipe_result('body') }}"
                - id: move
                  use: base:UpdateTicketPipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "{{ get_pipe_result('ticket').id }}"
                    updated_ticket:
                      subject: "{{ get_pipe_result('subject') }}"
                      queue: { name: IT }
` + onDesk + `
  model:
    use: hf-local:HFClassificationService
`

// TestATicketsTextsAreNeverReadAsAnythingElse: whoever writes a ticket must not be
// able to change a type, drop a value or run a template by its words.
func TestATicketsTextsAreNeverReadAsAnythingElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	texts := []string{
		"12345", "[1]", "None", "'q'", "{{ 7*7 }}", "1.50", "0x10", "True", "()", "{'a': 1}", "1_000", "{% raw %}", "# no comment", "inf", "1,", "${HOME}", "{#",
		strings.Repeat("ä[1] ", 1<<20/6),
	}
	for _, text := range texts {
		title := text
		if len(title) > 200 {
			title = "long"
		}
		d.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: title, Body: text})
	}
	model := filepath.Join(product.root, "examples", "demo", "models", "queue")
	p := start(t, environment(t, "OTOBO_URL="+d.url()), "run", "-c", writeFile(t, strings.Replace(passing, "MODEL", model, 1)))
	eventually(t, "all tickets were moved", func() bool { return d.in("IT") == len(texts) })
	p.stop(t)
	for i, ticket := range d.Tickets() {
		want := texts[i]
		if ticket.Title != want && len(want) < 200 {
			t.Errorf("the subject %q became %q", want, ticket.Title)
		}
		note := ticket.Articles[len(ticket.Articles)-1]
		if len(ticket.Articles) != 2 || note.Subject != ticket.Title || note.Body != strings.TrimRight(want, " ") && note.Body != want {
			t.Errorf("%.20q: %d articles, the last with the subject %.20q and the body %.20q (%d bytes, want %d)",
				want, len(ticket.Articles), note.Subject, note.Body, len(note.Body), len(want))
		}
	}
	if strings.Contains(p.log.String(), `"level":"error"`) {
		t.Errorf("an error is logged:\n%s", p.log)
	}
}
