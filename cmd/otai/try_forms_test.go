package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// tryForm is a way to write two runners, and what must come of it so that the test says something.
type tryForm struct {
	name           string
	desk, sort, rk string
	actions        []string // each of these is predicted of some ticket
	bounded        bool     // run ends with 1: it sets tickets aside
	byID           bool     // what is written is compared by ids: nobody has read the names
	everyday       bool
}

func tryFormsOf(queueID string) []tryForm {
	byLabel := tryLoop(whatIsIncoming, "queue", byUpdate(toLabel, "Done"))
	ranked := tryLoop(whatIsSoftware, "priority", byUpdate(toPriority, "Done"))
	return []tryForm{
		{
			name: "DecisionPipe with bands, a fallback and labels for people", everyday: true,
			sort:    tryLoop(whatIsIncoming, "queue", byDecision(queueMap+`, apply_from: { default: 0.8, HR: 0.95 }, suggest_from: 0.6, otherwise: { queue: Unclassified }`)),
			rk:      tryLoop(whatIsSoftware, "priority", byDecision(priorityMap)),
			actions: []string{"applied", "suggested", "left"},
		},
		{
			name:    "DecisionPipe that leaves what it isn't sure of, then one that applies",
			sort:    tryLoop(whatIsIncoming, "queue", byDecision(queueMap+`, apply_from: 0.9`)),
			rk:      tryLoop(whatIsSoftware, "priority", byDecision(priorityMap+`, apply_from: 0.5, language: de`)),
			actions: []string{"applied", "left"},
		},
		{
			name: "allow by name", everyday: true, bounded: true,
			desk: `    allow: { queues: [IT::Accounts, IT::Software, IT::Network], priorities: [2 low, 3 normal], notes: internal }` + "\n",
			sort: byLabel, rk: ranked,
			actions: []string{"applied", "refused"},
		},
		{
			name: "allow by name, and targets by id", bounded: true,
			desk:    `    allow: { queues: [IT::Accounts, IT::Software] }` + "\n",
			sort:    tryLoop(whatIsIncoming, "queue", byUpdate(`queue: { id: "{{ '`+queueID+`' if get_pipe_result('classify', 'label') == 'IT::Software' else fail('not ours') }}" }`, "Done")),
			rk:      ranked,
			actions: []string{"refused", "left"},
		},
		{
			name: "allow by id", bounded: true, byID: true,
			desk:    `    allow: { queues: [{ id: ` + queueID + ` }, IT::Hardware] }` + "\n",
			sort:    tryLoop(whatIsIncoming, "queue", byUpdate(`queue: { id: "{{ '`+queueID+`' if get_pipe_result('classify', 'label') == 'IT::Software' else '1' }}" }`, "Done")),
			rk:      ranked,
			actions: []string{"applied", "refused"},
		},
		{
			name: "DecisionPipe with targets that aren't allowed", bounded: true,
			desk:    `    allow: { queues: [IT::Accounts, IT::Software, Unclassified] }` + "\n",
			sort:    tryLoop(whatIsIncoming, "queue", byDecision(queueMap+`, apply_from: { default: 0.8, IT::Software: 0.99 }, suggest_from: 0.6, otherwise: { queue: Unclassified }`)),
			rk:      ranked,
			actions: []string{"applied", "suggested", "refused"},
		},
		{
			name:    "three pipes and a note",
			sort:    tryThreePipes(whatIsIncoming, "queue", toLabel),
			rk:      tryThreePipes(whatIsSoftware, "priority", toPriority),
			actions: []string{"applied"},
		},
		{
			name: "three pipes and allow", bounded: true,
			desk:    `    allow: { queues: [IT::Accounts, IT::Software] }` + "\n",
			sort:    tryThreePipes(whatIsIncoming, "queue", toLabel),
			rk:      tryThreePipes(whatIsSoftware, "priority", toPriority),
			actions: []string{"applied", "refused"},
		},
	}
}

// tried is what is predicted of a ticket, or was done with it, in words that can be compared.
type tried map[string][]string // by runner and ticket

// add takes a prediction or a record.
func (d tried) add(line []byte, byID bool) error {
	var r struct {
		Ticket, Runner, Action, Step, Reason string
		Classifications                      []struct {
			Label      string
			Confidence float64
		}
		Pipes  []struct{ Action, Label, Reason string }
		Writes []struct {
			Old, New map[string]struct{ Name, ID string }
			Note     int
		}
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", r.Action)
	for _, c := range r.Classifications {
		fmt.Fprintf(&b, " %s %.4f", c.Label, c.Confidence)
	}
	for _, p := range r.Pipes {
		fmt.Fprintf(&b, " %s %s (%s)", p.Action, p.Label, p.Reason)
	}
	for _, w := range r.Writes {
		for _, name := range slices.Sorted(maps.Keys(w.New)) {
			if was, is := w.Old[name], w.New[name]; byID && is.ID != "" {
				fmt.Fprintf(&b, " %s: %s → %s", name, was.ID, is.ID)
			} else {
				fmt.Fprintf(&b, " %s: %s → %s", name, was.Name, is.Name)
			}
		}
		fmt.Fprintf(&b, " %d notes", w.Note)
	}
	key := r.Runner + " " + r.Ticket
	d[key] = append(d[key], b.String())
	return nil
}

func triedIn(t *testing.T, lines string, byID bool) tried {
	t.Helper()
	all := tried{}
	for line := range strings.Lines(lines) {
		if err := all.add([]byte(line), byID); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
	return all
}

// TestTryPredictsEachForm: of two runners for two queues, written in many ways, try predicts what
// run then does with the open tickets on a fresh store, and why, and sends nothing that writes.
func TestTryPredictsEachForm(t *testing.T) {
	t.Parallel()
	for _, f := range tryFormsOf("QUEUE") {
		t.Run(f.name, func(t *testing.T) {
			if !f.everyday {
				needsThorough(t)
			}
			t.Parallel()
			f.compare(t, sized(60, 500))
		})
	}
}

func (f tryForm) compare(t *testing.T, tickets int) {
	w := newWitness(t, "IT::Software", "IT::Hardware", "IT::Network", "IT::Accounts", "HR", "Finance", "Facilities", "Unclassified")
	texts := exampleTexts(t)
	open := make(map[string]bool)
	software := ""
	for i := range tickets {
		text := texts[i%len(texts)]
		n := helpdesk.NewTicket{Queue: "Incoming", Title: fmt.Sprintf("%s (%d)", text[0], i), Body: text[1]}
		if i%4 == 3 {
			n.Queue = "IT::Software"
		}
		if i%5 < 2 {
			n.State = "closed successful"
		}
		id := w.AddTicket(n)
		open[strconv.FormatInt(id, 10)] = i%5 >= 2
		if i%4 == 3 {
			software = strconv.FormatInt(id, 10)
		}
	}
	config := writeFile(t, strings.ReplaceAll(tryRunners(f.desk, f.sort, f.rk), "QUEUE", w.queueOf(software)))
	report := filepath.Join(t.TempDir(), "report.jsonl")
	env := w.environment()
	out, code := w.command(env, "try", "-c", config, "--last", strconv.Itoa(tickets), "--closed", "-o", report, "-o", report+".html", "-o", report+".csv")
	if code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	for operation, n := range w.counts {
		if operation != "ticket-search" && operation != "ticket-get" {
			t.Errorf("%d requests %s", n, operation)
		}
	}
	lines, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(report + ".html")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(report + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	for i := range tickets {
		if title := fmt.Sprintf("%s (%d)", texts[i%len(texts)][0], i); strings.Contains(string(lines)+string(page)+string(table)+out, title) {
			t.Errorf("a report has the title %q, for which nobody has asked", title)
		}
	}
	predicted := triedIn(t, string(lines), f.byID)
	seen := make(map[string]int)
	for key, all := range predicted {
		_, ticket, _ := strings.Cut(key, " ")
		if !open[ticket] {
			delete(predicted, key)
			continue
		}
		action, _, _ := strings.Cut(all[0], ":")
		seen[action]++
	}
	for _, action := range f.actions {
		if seen[action] == 0 {
			t.Errorf("no open ticket is %s, so the test proves less than it says: %v", action, seen)
		}
	}

	run := newCommandContext(t.Context(), product.otai, "run", "-c", config, "--until-empty")
	run.Env = env
	said, err := run.CombinedOutput()
	code = exitCode(err)
	if want := map[bool]int{true: 1}[f.bounded]; code != want {
		t.Fatalf("%d: %s", code, said)
	}
	export := newCommand(product.otai, "decisions", "export", "-c", config, "--format", "jsonl")
	export.Env = env
	records, err := export.Output()
	if err != nil {
		t.Fatal(err)
	}
	done := triedIn(t, string(records), f.byID)
	different := 0
	for _, key := range slices.Sorted(maps.Keys(predicted)) {
		if slices.Equal(predicted[key], done[key]) {
			continue
		}
		if different++; different < 10 {
			t.Errorf("%s:\npredicted %q\nthen      %q", key, predicted[key], done[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(done)) {
		if predicted[key] == nil {
			if different++; different < 10 {
				t.Errorf("%s: not predicted, then %q", key, done[key])
			}
		}
	}
	if different > 0 {
		t.Errorf("%d of %d predictions are otherwise than what was done", different, len(predicted))
	}
	row(t, "try, "+f.name, "%d tickets, %d predictions of open ones (%v), %d differences, requests %v", tickets, len(predicted), seen, different, w.counts)
}

// queueOf is the id of the queue in which a ticket is, as otai reads it.
func (w *witness) queueOf(ticket string) string {
	w.t.Helper()
	config := writeFile(w.t, `
services: { desk: { use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: { base_url: "${OTOBO_URL}" } } }
orchestrator: { runners: [{ id: look, run: { use: "base:FetchTicketsPipe", injects: { ticket_system: desk }, params: { ticket_search_criteria: { limit: 1 } } } }] }
`)
	report := filepath.Join(w.t.TempDir(), "report.jsonl")
	if out, code := w.command(w.environment(), "try", "-c", config, "--ids", ticket, "-o", report); code != 0 {
		w.t.Fatal(out)
	}
	line, err := os.ReadFile(report)
	var p struct {
		Read struct{ Queue struct{ ID string } }
	}
	if err == nil {
		err = json.Unmarshal(line, &p)
	}
	if err != nil || p.Read.Queue.ID == "" {
		w.t.Fatalf("%v: %s", err, line)
	}
	return p.Read.Queue.ID
}
