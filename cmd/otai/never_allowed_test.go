package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestValidateFindsWritesThatAreNeverAllowed compares what validate says of each write with what the
// gate does: upper and lower case, what is below a queue, and the form of a value count.
func TestValidateFindsWritesThatAreNeverAllowed(t *testing.T) {
	t.Parallel()
	writes := []struct {
		step string
		hint string // "": it may be allowed
	}{
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: IT } } }`, ""},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: HR } } }`, "list it"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: it } } }`, "upper and lower case"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: "IT::VPN" } } }`, "below it"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { id: 7 } } }`, ""},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { id: 8 } } }`, "list it"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: IT, id: 8 } } }`, "forms that are listed"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: "{{ 'HR' }}" } } }`, ""},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { priority: { name: 5 very high } } }`, ""}, // not bounded
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { state: { name: open } } }`, "allow lists ids"},
		{`use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { notes: [{ subject: a, body: b }, { subject: a, body: b, visible_to_customer: true }] } }`, "list it"},
		{`use: "base:AddNotePipe", params: { ticket_id: "1", note: { subject: a, body: b } }`, ""},
		{`use: "base:AddNotePipe", params: { ticket_id: "1", note: { subject: a, body: b, visible_to_customer: true } }`, "list it"},
		{`use: "base:DecisionPipe", params: { ticket_id: "1", from: label, map: { A: { queue: IT }, B: { queue: HR } } }`, "list it"},
		{`use: "base:DecisionPipe", params: { ticket_id: "1", from: label, map: { A: { queue: " IT " } }, otherwise: { queue: Finance } }`, "list it"},
	}
	config := `services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "https://desk.example.org" }
    allow: { queues: [IT, { id: 7 }], states: [{ id: 4 }], notes: internal }
  free: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: "https://desk.example.org" } }
  models: { use: hf-local:HFClassificationService }
orchestrator:
  runners:
    - id: all
      on: { use: base:IntervalTrigger, params: { interval: PT1M } }
      run:
        use: base:CompositePipe
        params:
          steps:
            - { id: label, use: "base:ClassificationPipe", injects: { classification_service: models }, params: { text: x, model_name: "{{ get_env('MODEL') }}" } }
`
	first := strings.Count(config, "\n") + 1
	for i, w := range writes {
		config += fmt.Sprintf("            - { id: w%d, injects: { ticket_system: desk }, %s }\n", i, w.step)
	}
	config += `            - { id: free, injects: { ticket_system: free }, use: "base:UpdateTicketPipe", params: { ticket_id: "1", updated_ticket: { queue: { name: HR } } } }` + "\n"
	cmd := newCommand(product.otai, "validate", "--json", "-c", writeFile(t, config))
	cmd.Env = environment(t, "MODEL=m")
	out, err := cmd.Output()
	var answer struct {
		Valid       bool
		Diagnostics []struct {
			Code, Message, Hint string
			Line, Column        int
		} `json:"problems"`
	}
	if json.Unmarshal(out, &answer) != nil || !answer.Valid {
		t.Fatalf("%v: %s", err, out)
	}
	said := make(map[int]string)
	for _, d := range answer.Diagnostics {
		if d.Code == "never-allowed" {
			said[d.Line] += d.Message + " (" + d.Hint + ")"
			if d.Column < 20 {
				t.Errorf("line %d, column %d isn't the value", d.Line, d.Column)
			}
		}
	}
	for i, w := range writes {
		got := said[first+i]
		if (w.hint == "") != (got == "") || !strings.Contains(got, w.hint) {
			t.Errorf("%s: %q, want %q", w.step, got, w.hint)
		}
	}
	if got := said[first+len(writes)]; got != "" {
		t.Errorf("a service without bounds: %q", got)
	}
}
