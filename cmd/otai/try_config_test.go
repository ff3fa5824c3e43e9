package main_test

import (
	"fmt"
	"strings"
)

// The configurations that are tried have two runners for two queues. The first one moves tickets
// into the queue of the second, which then gets them, too.

// tryRunners is such a configuration of the steps of both runners. desk are further lines of the
// ticket system.
func tryRunners(desk, sort, rank string) string {
	return `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", articles: first }
` + desk + `  models: { use: hf-local:HFClassificationService }
orchestrator:
  params: { orchestrator_sleep: PT0.01S }
  runners:
` + tryRunner("sort", sort) + tryRunner("rank", rank)
}

func tryRunner(id, steps string) string {
	return "    - id: " + id + `
      run:
        use: base:CompositePipe
        params:
          steps:
` + steps
}

// tryLoop classifies each ticket that the criteria find, then does the given steps with it.
func tryLoop(criteria, model string, steps ...string) string {
	return fmt.Sprintf(`            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: desk }
              params: { ticket_search_criteria: { %s, limit: 50 } }
            - id: each
              use: base:ForEachPipe
              params:
                items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
                as: ticket
                steps:
                  - id: classify
                    use: base:ClassificationPipe
                    injects: { classification_service: models }
                    params: { text: "{{ get_parent_param('ticket').subject }} {{ get_parent_param('ticket').body }}", model_name: "{{ get_env('CHECKOUT') }}/examples/demo/models/%s" }
                  - { %s }
`, criteria, model, strings.Join(steps, " }\n                  - { "))
}

// tryThreePipes are the three pipes of Open Ticket AI, and a note of its own.
func tryThreePipes(criteria, model, change string) string {
	return fmt.Sprintf(`            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: desk }
              params: { ticket_search_criteria: { %s, limit: 1 } }
            - id: classify
              use: base:ClassificationPipe
              injects: { classification_service: models }
              params: { text: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].subject if get_pipe_result('fetch', 'fetched_tickets') else fail('no ticket') }} {{ get_pipe_result('fetch', 'fetched_tickets')[0].body }}", model_name: "{{ get_env('CHECKOUT') }}/examples/demo/models/%s" }
            - id: write
              use: base:UpdateTicketPipe
              injects: { ticket_system: desk }
              params: { ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}", updated_ticket: { %s } }
            - id: note
              use: base:AddNotePipe
              injects: { ticket_system: desk }
              params: { ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}", note: { subject: Sorted, body: x } }
`, criteria, model, change)
}

// byUpdate is the step of a loop that writes what a template says, with a note of this subject.
func byUpdate(change, subject string) string {
	return fmt.Sprintf(`id: write, use: base:UpdateTicketPipe, injects: { ticket_system: desk }, params: { ticket_id: "{{ get_parent_param('ticket').id }}", updated_ticket: { %s, notes: [{ subject: %s, body: x }] } }`, change, subject)
}

// byDecision is the step of a loop that writes what is declared.
func byDecision(declared string) string {
	return fmt.Sprintf(`id: write, use: base:DecisionPipe, injects: { ticket_system: desk }, params: { ticket_id: "{{ get_parent_param('ticket').id }}", from: classify, %s }`, declared)
}

const (
	whatIsIncoming = `queue: { name: Incoming }, fields: { StateType: [new, open], Locks: [unlock] }`
	whatIsSoftware = `queue: { name: "IT::Software" }, fields: { StateType: [new, open], Title: "*" }`

	queueMap    = `map: { IT::Accounts: { queue: IT::Accounts }, IT::Hardware: { queue: IT::Hardware, priority: "4 high" }, IT::Network: { queue: IT::Network }, IT::Software: { queue: IT::Software }, HR: { queue: HR, state: open }, Facilities: {} }`
	priorityMap = `map: { 1 very low: { priority: 1 very low }, 2 low: { priority: 2 low }, 3 normal: { priority: 3 normal }, 4 high: { priority: 4 high }, 5 very high: { priority: 5 very high } }`
	toLabel     = `queue: { name: "{{ get_pipe_result('classify', 'label') }}" }`
	toPriority  = `priority: { name: "{{ get_pipe_result('classify', 'label') }}" }`
)

// tryConfig moves what the model is sure of, and leaves the rest.
func tryConfig() string {
	const sure = `id: sure, use: base:ExpressionPipe, params: { expression: "{{ get_pipe_result('classify', 'label') if get_pipe_result('classify', 'confidence') >= 0.6 else fail('not sure') }}" }`
	return tryRunners("",
		tryLoop(whatIsIncoming, "queue", sure, byUpdate(`queue: { name: "{{ get_pipe_result('sure') }}" }`, "Sorted")),
		tryLoop(whatIsSoftware, "priority", byUpdate(toPriority, "Ranked")))
}
