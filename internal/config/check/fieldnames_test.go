package check_test

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog"
	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
)

// namedFields is a catalog whose ticket system says which fields it takes.
type namedFields struct{ catalogtest.Catalog }

func (c namedFields) Find(use string) (catalog.Component, bool) {
	component, ok := c.Catalog.Find(use)
	if use == "otobo-znuny:OTOBOZnunyTicketSystemService" {
		component.Labels = map[string]string{"search-fields": "Locks,Priorities,StateType,Dyn_*", "update-fields": "Lock,Dyn_*", "note-fields": "Once"}
	}
	return component, ok
}

const fieldsText = `services:
  a: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: http://127.0.0.1/a } }
orchestrator:
  params:
    steps:
      - use: base:FetchTicketsPipe
        injects: { ticket_system: a }
        params: { ticket_search_criteria: { fields: { StateTyp: new, Lock: unlock, Priority: high, Dyn_X: 1, dynx: 2, Nothing: 3 } } }
      - use: base:UpdateTicketPipe
        injects: { ticket_system: a }
        params:
          ticket_id: "1"
          updated_ticket: { fields: { Locks: lock }, notes: [{ body: "{{ 'x' }}", fields: { once: y, Once: z } }] }
      - use: base:AddNotePipe
        injects: { ticket_system: a }
        params: { ticket_id: "1", note: { body: x, fields: { Onse: y } } }
`

func TestAFieldThatTheTicketSystemDoesNotTakeIsFoundBeforeItRuns(t *testing.T) {
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "c", Data: []byte(fieldsText)}}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := []string{
		`c:8:55: …StateTyp: the ticket system takes no field "StateTyp" here (did you mean "StateType"?)`,
		`c:8:70: …Lock: the ticket system takes no field "Lock" here (did you mean "Locks"?)`,
		`c:8:84: …Priority: the ticket system takes no field "Priority" here (did you mean "Priorities"?)`,
		`c:8:110: …dynx: the ticket system takes no field "dynx" here (possible: Locks, Priorities, StateType, Dyn_*)`,
		`c:8:119: …Nothing: the ticket system takes no field "Nothing" here (possible: Locks, Priorities, StateType, Dyn_*)`,
		`c:13:39: …Locks: the ticket system takes no field "Locks" here (did you mean "Lock"?)`,
		`c:13:93: …once: the ticket system takes no field "once" here (did you mean "Once"?)`,
		`c:16:62: …Onse: the ticket system takes no field "Onse" here (did you mean "Once"?)`,
	}
	var got []string
	for _, p := range check.Check(d, namedFields{catalogtest.New()}) {
		if p.Severity == config.SeverityError {
			text := p.String()
			at := strings.Index(text, ": orchestrator") + 2
			got = append(got, text[:at]+"…"+text[at+strings.LastIndexByte(p.Path, '.')+1:])
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diags := check.Check(d, catalogtest.New()); diags.HasErrors() {
		t.Errorf("a ticket system that doesn't say what it takes: %v", diags)
	}
}
