package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// What was decided, as the help desk and the records have it.

// decided are the records that a store has, the oldest first.
func (w *witness) decided(env []string, config string, args ...string) (list []decisions.Record) {
	w.t.Helper()
	out, code := w.command(env, append([]string{"decisions", "list", "--limit", "0", "--json", "-c", config}, args...)...)
	if err := json.Unmarshal([]byte(out), &list); code != 0 || err != nil {
		w.t.Fatalf("%d, %v: %s", code, err, out)
	}
	slices.Reverse(list)
	return list
}

// ended waits until no run is at work, due or waits.
func (w *witness) ended(within time.Duration, env []string, config string) {
	w.t.Helper()
	var out string
	for until := time.Now().Add(within); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		var now struct {
			Running, Due int
			Waiting      map[string]int
		}
		out, _ = w.command(env, "runs", "waiting", "--json", "-c", config)
		if json.Unmarshal([]byte(out), &now) == nil && now.Running+now.Due+len(now.Waiting) == 0 {
			return
		}
	}
	w.t.Errorf("runs haven't ended: %s", out)
}

// wantDecided compares what the help desk has of otai's changes with what the records say:
// each is in one of them as done, with the right old and new, and none is there that wasn't.
func (w *witness) wantDecided(env []string, config string, ids []string, subject string) {
	w.t.Helper()
	var saw, said []string
	for _, id := range ids {
		t := w.ticket(id)
		for _, e := range t.History {
			if name := map[string]string{"Move": "queue", "PriorityUpdate": "priority", "StateUpdate": "state"}[e.Type]; name != "" && e.User == otaiLogin {
				saw = append(saw, id+" "+name+" "+e.Text)
			}
		}
		for range notesIn(t, subject) {
			saw = append(saw, id+" note")
		}
	}
	records, settled := w.decided(env, config), 0
	keys := map[string]bool{}
	for _, r := range records {
		if key := fmt.Sprint(r.Run, " ", r.Ticket, " ", r.End); keys[key] {
			w.t.Errorf("there are two records of %s", key)
		} else {
			keys[key] = true
		}
		if r.Action == decisions.Settled {
			settled++
		}
		for _, one := range r.Writes {
			if one.Outcome != decisions.Done {
				continue
			}
			for name, v := range one.New {
				said = append(said, fmt.Sprintf("%s %s %s → %s", r.Ticket, name, one.Old[name], v))
			}
			for range one.Note {
				said = append(said, r.Ticket+" note")
			}
			if !strings.Contains(one.At, ".yml:") || one.Step == "" {
				w.t.Errorf("a write says neither step nor line: %+v", one)
			}
		}
	}
	lost, made := beyond(saw, said), beyond(said, saw)
	for _, line := range slices.Concat(lost, made)[:min(len(lost)+len(made), 10)] {
		w.t.Errorf("not the same at the help desk and in the records: ticket %s", line)
		id, _, _ := strings.Cut(line, " ")
		out, _ := w.command(env, "explain", id, "-c", config)
		w.t.Log(out)
	}
	w.t.Logf("decisions: %d writes at the help desk, %d in %d records (%d of them settled): %d are in none, %d never happened", len(saw), len(said), len(records), settled, len(lost), len(made))
}

// beyond are the lines of a that b has not, each counted.
func beyond(a, b []string) (rest []string) {
	left := map[string]int{}
	for _, line := range b {
		left[line]++
	}
	for _, line := range a {
		if left[line]--; left[line] < 0 {
			rest = append(rest, line)
		}
	}
	return rest
}

func TestWhatWasDecidedIsListedShownExportedAndExplained(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	id := w.add("IT")[0]
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep))
	if out, code := w.command(env, "run", "--once", "-c", config); code != 0 {
		t.Fatalf("%d: %s", code, out)
	}
	w.wantDecided(env, config, []string{id}, "Sorted")
	all := w.decided(env, config)
	if len(all) != 1 {
		t.Fatalf("%d records: %+v", len(all), all)
	}
	r := all[0]
	if r.Action != decisions.Applied || r.Number == "" || r.Read.Queue.Name != "Incoming" || r.Read.Lock != "unlock" || r.Versions["otobo-znuny"] == "" || len(r.Writes) != 3 || r.Config == "" || r.Host == "" {
		t.Errorf("the record is %+v", r)
	}
	for _, args := range [][]string{{"--action", "applied"}, {"--since", "PT1H"}, {"--runner", r.Runner}, {"--ticket", id}, {"--ticket", r.Number}, {"--run", r.Run[:12]}} {
		if got := w.decided(env, config, args...); len(got) != 1 {
			t.Errorf("%q finds %d", args, len(got))
		}
	}
	for _, args := range [][]string{{"--action", "left"}, {"--until", "PT1H"}, {"--label", "IT"}, {"--min-confidence", "0.5"}, {"--ticket", "0"}} {
		if got := w.decided(env, config, args...); len(got) != 0 {
			t.Errorf("%q finds %d", args, len(got))
		}
	}
	for _, args := range [][]string{{"explain", id}, {"decisions", "show", r.Number}} {
		out, code := w.command(env, append(args, "-c", config)...)
		for _, want := range []string{
			"Ticket " + id + " (number " + r.Number + ")", "runner sort: the ticket was changed.", "It was read in the queue Incoming, with the priority 3 normal, in the state new and with the lock unlock.",
			"Written: queue Incoming → IT (step move, ", "Written: one note (step note, ", "config.yml:", "This was run " + r.Run,
		} {
			if code != 0 || !strings.Contains(out, want) {
				t.Errorf("%q: %d, without %q:\n%s", args, code, want, out)
			}
		}
	}
	out, code := w.command(env, "decisions", "export", "--format", "csv", "-c", config)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != 0 || err != nil || len(rows) != 2 || rows[1][slices.Index(rows[0], "new_queue")] != "IT" || rows[1][slices.Index(rows[0], "notes")] != "1" {
		t.Errorf("%d, %v: %q", code, err, rows)
	}
	out, code = w.command(env, "decisions", "export", "--format", "jsonl", "-c", config)
	var one decisions.Record
	if err := json.Unmarshal([]byte(out), &one); code != 0 || err != nil || one.Run != r.Run || strings.Count(out, "\n") != 1 {
		t.Errorf("%d, %v: %s", code, err, out)
	}
	if out, code = w.command(env, "decisions", "schema"); code != 0 || !bytes.Equal([]byte(out), decisions.Schema()) {
		t.Errorf("%d: %s", code, out)
	}
	for _, args := range [][]string{{"list", "--since", "soon"}, {"list", "--action", "nothing"}, {"list", "--min-confidence", "2"}, {"export", "--format", "xml"}, {"list", "--limit", "-1"}} {
		if out, code := w.command(env, append(append([]string{"decisions"}, args...), "-c", config)...); code != 2 {
			t.Errorf("%q: %d: %s", args, code, out)
		}
	}
	if out, code := w.command(env, "explain", "99", "-c", config); code != 1 || !strings.Contains(out, "nothing was decided about a ticket 99") {
		t.Errorf("%d: %s", code, out)
	}
	if out, code := w.command(env, "__complete", "explain", "-c", config, ""); code != 0 || !strings.HasPrefix(out, id+"\tapplied") {
		t.Errorf("%d: %s", code, out)
	}
}

// TestNoTextOfATicketIsKept plants a marker in title, body and customer, and looks for it in
// the state folder, logs and records after the runs have ended.
func TestNoTextOfATicketIsKept(t *testing.T) {
	const marker = "Xanthippe"
	for name, c := range map[string]struct {
		keep string
		want bool
	}{"usually": {"", false}, "with keep_text": {"\ninfrastructure: { decisions: { keep_text: true } }\n", true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t, "Secret")
			w.SetAccess("Secret", store.AccessRead)
			var ids []string
			for range 3 {
				ids = append(ids, strconv.FormatInt(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: marker + " title", Body: marker + " body", CustomerUser: marker, From: marker + " <" + marker + "@example.test>"}), 10))
			}
			gone := w.add("Secret")[0]
			w.treats(func(q *request) treatment {
				if q.update() && q.Number == 1 {
					return treatment{before: 100 * time.Millisecond, lose: true}
				}
				return treatment{}
			})
			steps := strings.Replace(moveStep, "name: IT", `name: "{{ 'Secret' if get_pipe_result('ticket').id == '`+gone+`' else 'IT' }}"`, 1)
			env := w.environment()
			config := writeFile(t, strings.Replace(rowConfig(1, "timeout: PT1S, late: PT1S", steps+priorityStep+noteStep), "        params:\n          on:", "        params:\n          retry: { max_attempts: 1 }\n          on:", 1)+c.keep)
			l := live(t, env, "run", "--log-level", "debug", "-c", config)
			w.wantSoon(ids, whole)
			w.ended(patient, env, config)
			l.end(t)
			records := w.decided(env, config)
			var out string
			for _, args := range [][]string{{"decisions", "export", "--format", "jsonl"}, {"decisions", "export"}, {"decisions", "list"}, {"explain", ids[0]}, {"runs", "list", "--json"}, {"runs", "waiting"}} {
				one, code := w.command(env, append(args, "-c", config)...)
				if code != 0 {
					t.Errorf("%q: %d: %s", args, code, one)
				}
				out += one
			}
			if len(records) != 4 || strings.Contains(out, marker) != c.want {
				t.Errorf("%d records; the marker is in what commands print: %v", len(records), strings.Contains(out, marker))
			}
			if log := l.log.String(); strings.Contains(log, marker) {
				t.Errorf("the marker is logged: %s", log[strings.Index(log, marker)-200:][:300])
			}
			found := false
			if err := filepath.WalkDir(stateOf(env), func(path string, d fs.DirEntry, err error) error {
				if err != nil || !d.Type().IsRegular() {
					return err
				}
				content, err := os.ReadFile(path)
				if bytes.Contains(content, []byte(marker)) {
					found = true
					t.Logf("%s has it", path)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
			if found != c.want {
				t.Errorf("the marker is in the state folder: %v", found)
			}
		})
	}
}
