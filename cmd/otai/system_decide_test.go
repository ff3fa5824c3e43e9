package main_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
)

// systemDecide decides about each ticket of a queue, with the demonstration's model.
func systemDecide(then string) string {
	head := strings.Replace(strings.TrimLeft(stormHead, "\n"), "LIMIT", "100", 1)
	head = strings.Replace(head, "timeout: PT6S", "timeout: PT60S", 1) // no outcome is unknown, so that no run is resumed
	head = strings.Replace(head, "orchestrator:\n", "  models: { use: hf-local:HFClassificationService }\norchestrator:\n", 1)
	each := stormEach + indented(strings.Replace(strings.Replace(decideStep, "get_pipe_result('ticket').subject }}", "get_pipe_result('ticket').subject }} {{ get_pipe_result('ticket').body }}", 1), "THEN", then, 1), 6)
	return head + indented(each, 16)
}

func (w *working) classifications() int {
	return strings.Count(w.log.String(), `"use":"base:ClassificationPipe"`)
}

// reply is an answer of the ticket's customer; a title, if there is one, is a person's change.
func (d realDesk) reply(id, title string) {
	d.Helper()
	body := map[string]any{"UserLogin": "agent2", "Password": d.password, "TicketID": id}
	if title != "" {
		body["Ticket"] = map[string]any{"Title": title}
	} else {
		body["Article"] = map[string]any{
			"Subject": "Re: my ticket", "Body": "it still doesn't work", "ContentType": "text/plain; charset=utf-8", "CommunicationChannel": "Email",
			"IsVisibleForCustomer": 1, "SenderType": "customer", "From": "customer@example.com",
		}
	}
	d.post("ticket-update", body)
}

func TestSystemASuggestionIsWrittenOnce(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	tickets := systemNumber("SUGGEST_TICKETS", 100)
	ids := strings.Split(d.tickets(strconv.Itoa(tickets))["open"], ",")
	w := d.work(d.url, systemDecide(strings.Replace(decideMap, "Facilities: {}", "Facilities: { queue: Facilities }", 1)), "--log-level", "debug")
	notes := func() (n, most int) {
		for _, of := range d.systemNotes("Suggestion of otai") {
			n, most = n+of, max(most, of)
		}
		return n, most
	}
	d.within(4*time.Minute, "each ticket is classified", func() bool { return w.classifications() >= tickets })
	w.waitEnded()
	state := d.state()
	d.searches(20)
	n, most := notes()
	if n != tickets || most != 1 || w.classifications() != tickets || d.state() != state {
		t.Errorf("%d notes, %d in one ticket, %d classifications of %d tickets; the database changed: %v", n, most, w.classifications(), tickets, d.state() != state)
	}
	for id, o := range d.outcomes() {
		if slices.Contains(ids, id) && (o.Queue != "Incoming" || o.Priority != "3 normal") {
			t.Errorf("ticket %s was changed: %+v", id, o)
		}
	}
	t.Logf("%d tickets, after 20 cycles: %d notes, %d classifications", tickets, n, w.classifications())

	// A person's change makes one due again; what is suggested stands already.
	d.do("human", "prio", ids[20], "4 high")
	d.within(3*time.Minute, "the changed ticket is classified again", func() bool { return w.classifications() == tickets+1 })
	for _, id := range ids[:10] {
		d.reply(id, "")
	}
	d.within(3*time.Minute, "ten tickets are classified again", func() bool { return w.classifications() >= tickets+11 })
	w.waitEnded()
	d.searches(20)
	if again, _ := notes(); again != n || w.classifications() != tickets+11 {
		t.Errorf("%d notes and %d classifications after a change and ten replies, want %d and %d", again, w.classifications(), n, tickets+11)
	}
	// Another label makes another suggestion.
	other := ids[0]
	for _, r := range w.records("--action", "suggested") {
		if r.Classifications[0].Label != "HR" {
			other = r.Ticket
		}
	}
	d.reply(other, "How many vacation days do I have left, and where is my payslip? Vacation, salary, payslip, parental leave")
	d.within(3*time.Minute, "another label makes another note", func() bool { return d.systemNotes("Suggestion of otai")[other] == 2 })
	d.searches(10)
	if again, _ := notes(); again != n+1 {
		t.Errorf("%d notes in the end, want %d", again, n+1)
	}
	w.stop(t)
}

func TestSystemDecisionsAreAppliedOnce(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	tickets := systemNumber("SUGGEST_TICKETS", 100)
	ids := strings.Split(d.tickets(strconv.Itoa(tickets))["open"], ",")
	_, from := d.operationsSince(0)
	w := d.work(d.url, systemDecide(decideMap+", apply_from: 0.5, suggest_from: 0.3, note: { subject: Sorted }"), "--log-level", "debug")
	d.within(4*time.Minute, "each ticket is classified", func() bool { return w.classifications() >= tickets })
	w.waitEnded()
	actions := map[decisions.Action]int{}
	for _, r := range w.records() {
		actions[r.Action]++
	}
	state := d.state()
	d.searches(20)
	if now := d.state(); now != state || w.classifications() != tickets {
		t.Errorf("%d classifications of %d tickets; 20 cycles changed the database:\n%s\nbefore:\n%s", w.classifications(), tickets, now, state)
	}
	asked, _ := d.operationsSince(from)
	notes, moves, is := d.systemNotes("Sorted"), d.ourMoves(), d.outcomes()
	for _, id := range ids {
		if moved := is[id].Queue != "Incoming"; notes[id] > 1 || moves[id] > 1 || moved != (moves[id] == 1) {
			t.Errorf("ticket %s: %+v, moved %d times", id, is[id], moves[id])
		}
	}
	if len(moves) != actions[decisions.Applied] || len(notes) != actions[decisions.Applied]+actions[decisions.Suggested] || asked["ticket-update"] != len(notes) || len(moves) < tickets/3 {
		t.Errorf("%d moved, %d with a note, %d updates; decided: %v", len(moves), len(notes), asked["ticket-update"], actions)
	}
	t.Logf("%d tickets: %v; %d moved, %d with a note, requests %v", tickets, actions, len(moves), len(notes), asked)
	w.stop(t)
}
