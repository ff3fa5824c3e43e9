package main_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// handedOn fetches a ticket, classifies it, and writes its subject and its body
// back, into the ticket and into notes.
const handedOn = `
services:
  desk: { use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: { base_url: "${OTOBO_URL}" } }
  models: { use: "hf-local:HFClassificationService", params: { model_name: "${MODEL}" } }
orchestrator:
  params:
    steps:
      - use: base:CompositePipe
        params:
          steps:
            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: desk }
              params: { ticket_search_criteria: { queue: { name: Incoming }, limit: 1 } }
            - id: ticket
              use: base:ExpressionPipe
              params: { expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] }}" }
            - id: label
              use: base:ClassificationPipe
              injects: { classification_service: models }
              params: { text: "{{ get_pipe_result('ticket').subject }} {{ get_pipe_result('ticket').body }}" }
            - use: base:AddNotePipe
              injects: { ticket_system: desk }
              params:
                ticket_id: "{{ get_pipe_result('ticket')['id'] }}"
                note: { subject: note, body: "{{ get_pipe_result('ticket')['subject'] }}" }
            - use: base:UpdateTicketPipe
              injects: { ticket_system: desk }
              params:
                ticket_id: "{{ get_pipe_result('ticket')['id'] }}"
                updated_ticket:
                  subject: "{{ get_pipe_result('ticket')['subject'] }}"
                  queue: { name: "{{ get_pipe_result('label', 'label') }}" }
                  notes:
                    - { subject: update, body: "{{ get_pipe_result('ticket').body }}" }
`

// A customer decides what stands in a subject and in a body. It must neither be
// read as a number, a list or a template, nor stop the tickets behind it. A help
// desk of OTOBO's kind keeps 255 characters of a subject; internal/app has a test
// with longer ones.
func TestATicketsTextPassesThroughTheWholeChainUnchanged(t *testing.T) {
	for name, subject := range map[string]string{
		"a number":         "12345",
		"a list":           "[1]",
		"None":             "None",
		"a word in quotes": "'q'",
		"a template":       "{{ 7*7 }}",
		"a statement":      "{% for x in range(99) %}{{ x }}{% endfor %}",
		"a comment":        "{# nothing #}",
		"a reference":      "${OTOBO_URL} ${{ x }}",
		"a number with e":  "1e3",
		"a set":            "{[1]: 2}",
		"true":             "True",
		"backslashes":      `a \n "b" \`,
		"a megabyte":       strings.TrimSpace(strings.Repeat("Drucker und Papier ", 1<<20/19)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := helpdesk.New(helpdesk.Options{Password: password})
			server.AddQueue("Incoming", "IT::Accounts", "IT::Hardware", "IT::Network", "IT::Software", "HR", "Facilities")
			text := subject
			subject := text[:min(len(text), 200)]
			id := server.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: subject, Body: text, From: "customer@example.com"})
			web := httptest.NewServer(server.Handler())
			defer web.Close()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte(handedOn), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(product.otai, "run", "--once")
			cmd.Dir = dir
			cmd.Env = environment(t, "OTOBO_URL="+web.URL+"/otobo/nph-genericinterface.pl", "MODEL="+filepath.Join(product.root, "examples", "demo", "models", "queue"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			ticket, _ := server.Ticket(id)
			if ticket.Title != subject || ticket.Queue == "Incoming" {
				t.Errorf("the ticket is in %s with the subject %.100q (%d bytes)", ticket.Queue, ticket.Title, len(ticket.Title))
			}
			if n := internal(ticket); n != 2 {
				t.Fatalf("%d notes", n)
			}
			for i, want := range []string{subject, text} {
				if a := ticket.Articles[1+i]; a.Body != want {
					t.Errorf("the note %s says %.100q (%d bytes)", a.Subject, a.Body, len(a.Body))
				}
			}
		})
	}
}
