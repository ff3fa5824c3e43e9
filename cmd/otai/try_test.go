package main_test

import (
	"bufio"
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

// exampleTexts are the texts of the demonstration's tickets, short.
func exampleTexts(t *testing.T) (texts [][2]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(product.root, "examples", "demo", "tickets.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []struct{ Subject, Body string }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		texts = append(texts, [2]string{x.Subject, x.Body[:min(300, len(x.Body))]})
	}
	return texts
}

// outcome is what people see of a ticket.
type outcome struct {
	Queue, Priority, Notes string
}

func (w *witness) outcomes(ids []string) map[string]outcome {
	all := make(map[string]outcome, len(ids))
	for _, id := range ids {
		ticket := w.ticket(id)
		var notes []string
		for _, a := range ticket.Articles[1:] {
			notes = append(notes, a.Subject)
		}
		all[id] = outcome{ticket.Queue, ticket.Priority, strings.Join(notes, " ")}
	}
	return all
}

// prediction is a line of the report, as far as it is looked at.
type prediction struct {
	Ticket, Number, Runner, Action, Title, Link, Reason string
	Writes                                              []struct {
		New  map[string]struct{ Name string }
		Note int
	}
}

func predictions(t *testing.T, file string) (all []prediction) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p prediction
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// after lays predictions over tickets.
func after(tickets map[string]outcome, all []prediction) map[string]outcome {
	notes := map[string]string{"sort": "Sorted", "rank": "Ranked"}
	out := maps.Clone(tickets)
	for _, p := range all {
		o, known := out[p.Ticket]
		if !known {
			continue
		}
		for _, w := range p.Writes {
			if q, ok := w.New["queue"]; ok {
				o.Queue = q.Name
			}
			if q, ok := w.New["priority"]; ok {
				o.Priority = q.Name
			}
			o.Notes = strings.TrimSpace(o.Notes + strings.Repeat(" "+notes[p.Runner], w.Note))
		}
		out[p.Ticket] = o
	}
	return out
}

// TestTryPredictsWhatRunDoes: 500 tickets, 200 of them closed. It writes nothing, and run then
// does exactly that with the open ones, on a fresh store.
func TestTryPredictsWhatRunDoes(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "IT::Software", "IT::Hardware", "IT::Network", "IT::Accounts", "HR", "Finance", "Facilities", "Unclassified")
	texts := exampleTexts(t)
	var open, closed []string
	for i := range 500 {
		text := texts[i%len(texts)]
		n := helpdesk.NewTicket{Queue: "Incoming", Title: fmt.Sprintf("%s (%d)", text[0], i), Body: text[1]}
		if i%4 == 3 {
			n.Queue = "IT::Software"
		}
		ids := &open
		if i%5 < 2 {
			n.State, ids = "closed successful", &closed
		}
		*ids = append(*ids, strconv.FormatInt(w.AddTicket(n), 10))
	}
	if len(open) != 300 || len(closed) != 200 {
		t.Fatalf("%d open tickets and %d closed ones", len(open), len(closed))
	}
	before, config, report := w.outcomes(open), writeFile(t, tryConfig()), filepath.Join(t.TempDir(), "report.jsonl")

	env := w.environment()
	out, code := w.command(env, "try", "-c", config, "--last", "500", "--closed", "-o", report)
	if code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	for operation, n := range w.counts {
		if operation != "ticket-search" && operation != "ticket-get" {
			t.Errorf("%d requests %s", n, operation)
		}
	}
	if gets := w.counts["ticket-get"]; gets > 14 {
		t.Errorf("%d requests for 500 tickets", gets)
	}
	if _, err := os.Stat(stateOf(env)); !os.IsNotExist(err) {
		if names, _ := filepath.Glob(filepath.Join(stateOf(env), "*.db")); len(names) > 0 {
			t.Errorf("a store was opened: %v", names)
		}
	}
	all := predictions(t, report)
	of := make(map[string]int)
	for _, p := range all {
		of[p.Ticket]++
		if p.Number == "" || p.Title != "" || !strings.Contains(p.Link, "TicketID="+p.Ticket) {
			t.Errorf("a prediction has the number %q, the title %q, the link %q", p.Number, p.Title, p.Link)
		}
	}
	if len(of) != 500 {
		t.Errorf("%d of 500 tickets are predicted:\n%s", len(of), out)
	}

	if out, code := w.command(env, "run", "-c", config, "--until-empty"); code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	want := w.outcomes(open)
	different, changed := 0, 0
	for id, got := range after(before, all) {
		if want[id] != before[id] {
			changed++
		}
		if got != want[id] {
			if different++; different < 10 {
				t.Errorf("ticket %s: predicted %+v, then it was %+v", id, got, want[id])
			}
		}
	}
	if different > 0 || changed < 150 {
		t.Errorf("%d of %d tickets are otherwise than predicted; %d were changed", different, len(open), changed)
	}
	twice := slices.ContainsFunc(open, func(id string) bool { return want[id].Notes == "Sorted Ranked" })
	if !twice {
		t.Error("no ticket went through both runners, so the test proves less than it says")
	}
}

// An empty list is a script's mistake, not the latest 100 tickets.
func TestTryOfNoTicketsIsRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{"--ids names no ticket": {"--ids", ""}, "--last must be above zero": {"--last", "0"}} {
		if out, err := runOtai(t, nil, append([]string{"try", "-c", "nowhere.yml"}, args...)...); !strings.Contains(out, want) || exitCode(err) != 2 {
			t.Errorf("%q: %v, %s", args, err, out)
		}
	}
}

func TestTryWithoutItsModelSaysSoAtItsEnd(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.addMany(3, "I have forgotten my password")
	config := decideConfig(t, decideMap)
	out, code := w.command(w.environment("CHECKOUT=/nowhere"), "try", "-c", config)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	const want = "can't do its work with any of its 3 tickets: "
	if last := lines[len(lines)-1]; code != 1 || !strings.Contains(last, want) || !strings.Contains(last, "there is no folder") {
		t.Errorf("it ends with %d and %q:\n%s", code, last, out)
	}
}
