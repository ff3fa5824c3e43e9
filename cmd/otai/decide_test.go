package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// decideStep decides about a ticket by its title, with the demonstration's model.
const decideStep = `
- id: classify
  use: base:ClassificationPipe
  injects: { classification_service: models }
  params: { text: "{{ get_pipe_result('ticket').subject }}", model_name: "{{ get_env('CHECKOUT') }}/examples/demo/models/queue" }
- id: decide
  use: base:DecisionPipe
  injects: { ticket_system: desk }
  params: { ticket_id: "{{ get_pipe_result('ticket').id }}", from: classify, THEN }
`

const decideMap = "map: { 'IT::Accounts': {queue: IT}, 'IT::Hardware': {queue: IT}, 'IT::Network': {queue: IT}, 'IT::Software': {queue: IT}, HR: {queue: HR}, Facilities: {} }"

func decideConfig(t *testing.T, then string) string {
	t.Helper()
	text := rowConfig(1, "timeout: PT30S", strings.Replace(decideStep, "THEN", then, 1)) +
		"  models: { use: hf-local:HFClassificationService }\n"
	return writeFile(t, text)
}

func classifications(l *life) int {
	return strings.Count(l.log.String(), `"use":"base:ClassificationPipe"`)
}

// TestASuggestionIsWrittenOnce: 100 tickets stay where they are and get one note each,
// however often they are found; only what somebody changes is classified again.
func TestASuggestionIsWrittenOnce(t *testing.T) {
	t.Parallel()
	const tickets = 100
	w := newWitness(t)
	ids := w.addMany(tickets, "I have forgotten my password and can't log in")
	l := live(t, w.environment("CHECKOUT="+product.root), "run", "--log-level", "debug", "-c", decideConfig(t, decideMap))
	notes := func() (n, most int) {
		for _, id := range ids {
			of := notesIn(w.ticket(id), "Suggestion of otai")
			n, most = n+of, max(most, of)
		}
		return n, most
	}
	eventually(t, "each ticket has a note", func() bool { n, _ := notes(); return n == tickets })
	searches := func() int { return len(w.seen(func(q *request) bool { return q.Operation == "ticket-search" })) }
	before := searches()
	eventually(t, "there are 20 more cycles", func() bool { return searches() >= before+20 })
	if n, most := notes(); n != tickets || most != 1 || classifications(l) != tickets {
		t.Errorf("%d notes, %d in one ticket, %d classifications; want %d, 1, %d", n, most, classifications(l), tickets, tickets)
	}
	for _, id := range ids {
		if q := w.ticket(id).Queue; q != "Incoming" {
			t.Errorf("ticket %s was moved to %s", id, q)
		}
	}

	// Replies to ten, and a title that makes another label of one of them.
	for _, id := range ids[:10] {
		w.person(id, nil, "it still doesn't work")
	}
	w.person(ids[0], map[string]any{"Title": "How many vacation days do I have left, and where is my payslip?"}, "")
	deadline := time.Now().Add(90 * time.Second) // changes are searched for once a minute
	for classifications(l) < tickets+10 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	before = searches()
	eventually(t, "there are 20 more cycles", func() bool { return searches() >= before+20 })
	if n, _ := notes(); n != tickets+1 || notesIn(w.ticket(ids[0]), "Suggestion of otai") != 2 {
		t.Errorf("%d notes after ten replies, %d in the ticket with another label; want %d and 2", n, notesIn(w.ticket(ids[0]), "Suggestion of otai"), tickets+1)
	}
	if n := classifications(l); n < tickets+10 || n > tickets+11 { // reply and title may be two changes
		t.Errorf("%d classifications after ten replies", n)
	}
	l.end(t)
}

// TestDecisionsAreAppliedByATable, and what isn't sure is left to people for good.
func TestDecisionsAreAppliedByATable(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	sure := w.addMany(5, "I have forgotten my password and can't log in")
	left := w.addMany(5, "The heating in the meeting room on the second floor is broken, it is very cold") // Facilities
	config := decideConfig(t, "map_file: map.csv, apply_from: { default: 0.3, HR: 0.9 }, note: { subject: Sorted, body: '{label} to {target}, {confidence}' }")
	table := "\xef\xbb\xbflabel;queue;priority\r\nIT::Accounts;IT;4 high\r\nIT::Hardware;IT;\r\nIT::Network;IT;\r\nIT::Software;IT;\r\nHR;HR;\r\nFacilities;;\r\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "map.csv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	l := live(t, w.environment("CHECKOUT="+product.root), "run", "--log-level", "debug", "-c", config)
	w.all(patient, sure, whole)
	w.wantAllDone(sure, whole)
	eventually(t, "all are classified", func() bool { return classifications(l) >= 10 })
	searches := func() int { return len(w.seen(func(q *request) bool { return q.Operation == "ticket-search" })) }
	before := searches()
	eventually(t, "there are 20 more cycles", func() bool { return searches() >= before+20 })
	if n := classifications(l); n != 10 {
		t.Errorf("%d classifications of 10 tickets", n)
	}
	for _, id := range left {
		if n := len(w.updatesOf(id)); n != 0 {
			t.Errorf("the ticket %s, which is left to people, got %d updates", id, n)
		}
	}
	if n := len(w.seen(func(q *request) bool { return q.update() })); n != len(sure) {
		t.Errorf("%d updates for %d tickets: want one for each", n, len(sure))
	}
	l.end(t)
}
