package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/open-ticket-ai/otai/internal/decisions"
)

// systemTryConfig is tryConfig, or the same with decisions that are declared: some are applied,
// some suggested, some left to people, and some are beyond what is allowed.
func systemTryConfig(form string) string {
	if form == "update" {
		return tryConfig()
	}
	return tryRunners(`    allow: { queues: ["IT::Software", "IT::Hardware", "IT::Network", HR, Unclassified], priorities: ["3 normal", "4 high"], notes: internal }`+"\n",
		tryLoop(whatIsIncoming, "queue", byDecision(`map: { "IT::Accounts": {queue: "IT::Accounts"}, "IT::Hardware": {queue: "IT::Hardware", priority: "4 high"}, "IT::Network": {queue: "IT::Network"},
                      "IT::Software": {queue: "IT::Software"}, HR: {queue: HR}, Facilities: {} },
                    apply_from: 0.6, suggest_from: 0.5, otherwise: { queue: Unclassified }, note: { subject: Sorted }`)),
		tryLoop(whatIsSoftware, "priority", byDecision(`map: { "2 low": {priority: "2 low"}, "3 normal": {priority: "3 normal"}, "4 high": {priority: "4 high"} },
                    apply_from: { default: 0.5, "4 high": 0.7 }, suggest_from: 0.3, note: { subject: Ranked }`)))
}

// tried are the tickets of a trial at the help desk: two queues, open ones and closed ones.
func (d realDesk) tried(open, closed int) (ids []string) {
	d.Helper()
	d.fresh()
	d.do("rights", "full")
	texts := []map[string]string{}
	for _, x := range exampleTexts(d.T) {
		texts = append(texts, map[string]string{"subject": x[0], "body": x[1]})
	}
	file := filepath.Join(d.TempDir(), "texts.json")
	data, err := json.Marshal(texts)
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		d.Fatal(err)
	}
	in := d.tickets(strconv.Itoa(open*3/4), "--closed", strconv.Itoa(closed*3/4), "--texts", file)
	there := d.tickets(strconv.Itoa(open-open*3/4), "--closed", strconv.Itoa(closed-closed*3/4), "--texts", file, "--queue", "IT::Software")
	ids = slices.Concat(strings.Split(in["open"], ","), strings.Split(there["open"], ","))
	if len(ids) != open {
		d.Fatalf("%d of %d open tickets", len(ids), open)
	}
	return ids
}

// operationsSince counts the requests of the web service in the web server's log behind an
// offset, by their operation.
func (d realDesk) operationsSince(offset int64) (counts map[string]int, end int64) {
	d.Helper()
	counts = map[string]int{}
	path := d.accessLog()
	if path == "" {
		d.Fatal("the script names no log of the web server with a line for each request")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		d.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`/Webservice/[^/]+/([a-z-]+)`).FindAllSubmatch(data[offset:], -1) {
		counts[string(m[1])]++
	}
	return counts, int64(len(data))
}

// state is all that a write would have changed, as the database has it.
func (d realDesk) state() string {
	d.Helper()
	return d.do("sql", `select count(*), max(change_time), max(id) from ticket; select count(*), max(id) from ticket_history;
		select count(*), max(id) from article; select count(*), max(id) from dynamic_field_value`)
}

// outcomes are what people see of the tickets.
func (d realDesk) outcomes() map[string]outcome {
	d.Helper()
	all := map[string]outcome{}
	for line := range strings.Lines(d.do("sql", `select t.id, q.name, p.name, coalesce((select string_agg(m.a_subject, ' ' order by a.id)
		from article a join article_data_mime m on m.article_id = a.id join users u on u.id = a.create_by where a.ticket_id = t.id and u.login = 'open_ticket_ai'), '')
		from ticket t join queue q on q.id = t.queue_id join ticket_priority p on p.id = t.ticket_priority_id`)) {
		if f := strings.Split(strings.TrimSpace(line), "|"); len(f) == 4 {
			all[f[0]] = outcome{f[1], f[2], f[3]}
		}
	}
	return all
}

// gist is what a record, or a prediction, says of one ticket and runner.
func gist(r decisions.Record) string {
	var b strings.Builder
	fmt.Fprint(&b, r.Action)
	for _, c := range r.Classifications {
		fmt.Fprintf(&b, "; %s %.4f", c.Label, c.Confidence)
	}
	for _, w := range r.Writes {
		for _, name := range slices.Sorted(maps.Keys(w.New)) {
			fmt.Fprintf(&b, "; %s %s → %s", name, w.Old[name].Name, w.New[name].Name)
		}
		fmt.Fprintf(&b, "; %d notes (%s)", w.Note, w.Step)
	}
	return b.String()
}

// TestSystemTryPredictsWhatRunDoes: 500 tickets, 200 of them closed, two runners for two queues.
// It writes nothing, and run then does exactly that with the open ones, on a fresh store.
func TestSystemTryPredictsWhatRunDoes(t *testing.T) {
	for _, form := range []string{"update", "DecisionPipe and allow"} {
		t.Run(form, func(t *testing.T) {
			d := openDesk(t)
			open, closed := systemNumber("TRY_OPEN", 300), systemNumber("TRY_CLOSED", 200)
			ids := d.tried(open, closed)
			dir := t.TempDir()
			config, report := filepath.Join(dir, "config.yml"), filepath.Join(dir, "report.jsonl")
			if err := os.WriteFile(config, []byte(systemTryConfig(form)), 0o600); err != nil {
				t.Fatal(err)
			}
			env := append(environment(t, "OTOBO_URL="+d.url), "OTAI_OTOBO_ZNUNY_PASSWORD="+d.password)

			before, state := d.outcomes(), d.state()
			_, from := d.operationsSince(0)
			said, err := runOtai(t, env, "try", "-c", config, "--last", strconv.Itoa(open+closed), "--closed", "-o", report)
			if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			asked, _ := d.operationsSince(from)
			for operation, n := range asked {
				if operation != "ticket-search" && operation != "ticket-get" {
					t.Errorf("try made %d requests %s", n, operation)
				}
			}
			if asked["ticket-get"] == 0 {
				t.Errorf("the web server saw %v", asked)
			}
			if now := d.state(); now != state {
				t.Errorf("try has changed something in the database:\n%s\nbefore:\n%s", now, state)
			}
			if names, _ := filepath.Glob(filepath.Join(stateOf(env), "*.db")); len(names) > 0 {
				t.Errorf("a store was opened: %v", names)
			}
			predicted := map[string]string{}
			seen := map[string]bool{}
			for _, line := range recordsIn(t, report) {
				seen[line.Ticket] = true
				if slices.Contains(ids, line.Ticket) {
					predicted[line.Ticket+" "+line.Runner] = gist(line)
				}
			}
			if len(seen) != open+closed {
				t.Errorf("%d of %d tickets are predicted:\n%s", len(seen), open+closed, said)
			}

			if said, err := runOtai(t, env, "run", "-c", config, "--until-empty"); err != nil && form == "update" {
				t.Fatalf("%v\n%s", err, said)
			}
			listed, err := runOtai(t, env, "decisions", "list", "--limit", "0", "--json", "-c", config)
			var records []decisions.Record
			if err == nil {
				err = json.Unmarshal([]byte(listed), &records)
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, listed)
			}
			actions, done := map[decisions.Action]int{}, map[string]string{}
			for _, r := range records {
				actions[r.Action]++
				key := r.Ticket + " " + r.Runner
				if done[key] != "" {
					t.Errorf("ticket and runner %s have several records: %s, and %s", key, done[key], gist(r))
				}
				done[key] = gist(r)
			}
			different := 0
			both := maps.Clone(predicted)
			maps.Copy(both, done)
			for key := range both {
				if predicted[key] != done[key] {
					if different++; different < 10 {
						t.Errorf("ticket and runner %s:\n predicted %s\n done      %s", key, predicted[key], done[key])
					}
				}
			}
			now, changed, twice := d.outcomes(), 0, 0
			laid := map[string]outcome{}
			maps.Copy(laid, before)
			for _, r := range recordsIn(t, report) {
				if slices.Contains(ids, r.Ticket) {
					laid[r.Ticket] = lay(laid[r.Ticket], r)
				}
			}
			for id := range before {
				switch {
				case laid[id] != now[id]:
					if different++; different < 10 {
						t.Errorf("ticket %s: predicted %+v, then it was %+v", id, laid[id], now[id])
					}
				case now[id] != before[id]:
					changed++
				}
				if strings.Contains(now[id].Notes, " ") {
					twice++
				}
			}
			if different > 0 || changed < open/3 || twice == 0 {
				t.Errorf("%d differences; %d of %d tickets were changed, %d by both runners", different, changed, open, twice)
			}
			t.Logf("%s: try asked %v; %d predictions of open tickets, %d records, %v; %d tickets changed, %d by both runners: %d differences", form, asked, len(predicted), len(done), actions, changed, twice, different)
		})
	}
}

// lay lays a prediction over a ticket.
func lay(o outcome, r decisions.Record) outcome {
	for _, w := range r.Writes {
		if v, ok := w.New[decisions.Queue]; ok {
			o.Queue = v.Name
		}
		if v, ok := w.New[decisions.Priority]; ok {
			o.Priority = v.Name
		}
		subject := map[string]string{"sort": "Sorted", "rank": "Ranked"}[r.Runner]
		o.Notes = strings.TrimSpace(o.Notes + strings.Repeat(" "+subject, w.Note))
	}
	return o
}

func recordsIn(t *testing.T, file string) (all []decisions.Record) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var r decisions.Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// TestSystemTryTakesLittleMoreThanAScript compares try with a script that makes the same requests
// over 4 connections and gives the same texts to otai classify, in turns, in the same minutes.
func TestSystemTryTakesLittleMoreThanAScript(t *testing.T) {
	for _, form := range []string{"update", "DecisionPipe and allow"} {
		t.Run(form, func(t *testing.T) {
			d := openDesk(t)
			open, closed, rounds := systemNumber("TRY_OPEN", 300), systemNumber("TRY_CLOSED", 200), systemNumber("TRY_ROUNDS", 3)
			d.tried(open, closed)
			r := newReplay(t, d.url)
			dir := t.TempDir()
			config, report := filepath.Join(dir, "config.yml"), filepath.Join(dir, "report.jsonl")
			if err := os.WriteFile(config, []byte(systemTryConfig(form)), 0o600); err != nil {
				t.Fatal(err)
			}
			try := func(url string) spent {
				t.Helper()
				env := append(environment(t, "OTOBO_URL="+url), "OTAI_OTOBO_ZNUNY_PASSWORD="+d.password)
				return r.otai(env, "", "try", "-c", config, "--last", strconv.Itoa(open+closed), "--closed", "-o", report)
			}
			var mu sync.Mutex
			try(d.doorTo(func(operation string, body []byte) bool {
				mu.Lock()
				defer mu.Unlock()
				r.sees(operation, slices.Clone(body))
				return true
			}))
			r.classifies(recordsIn(t, report), d.texts())
			ratio := r.inTurns(rounds, func() spent { return try(d.url) })
			t.Logf("%s: %s", form, ratio)
		})
	}
}

// texts are subject and first article of each ticket, in one line.
func (d realDesk) texts() map[string]string {
	d.Helper()
	all := map[string]string{}
	for line := range strings.Lines(d.do("sql", `select t.id, regexp_replace(t.title || ' ' || m.a_body, E'[\\n\\r|]+', ' ', 'g') from ticket t
		join article a on a.ticket_id = t.id join article_data_mime m on m.article_id = a.id where a.id = (select min(id) from article where ticket_id = t.id)`)) {
		if id, text, ok := strings.Cut(strings.TrimSpace(line), "|"); ok {
			all[id] = text
		}
	}
	return all
}
