package main_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/runs"
	"github.com/open-ticket-ai/otai/internal/decisions"
)

// systemNotes counts the notes of a subject, by ticket, as the database has them.
func (d realDesk) systemNotes(subject string) map[string]int {
	d.Helper()
	return d.numbers(fmt.Sprintf(`select a.ticket_id, count(*) from article a join article_data_mime m on m.article_id = a.id
		where m.a_subject like '%s%%' group by a.ticket_id`, subject))
}

// ourMoves counts how often otai has moved each ticket.
func (d realDesk) ourMoves() map[string]int {
	d.Helper()
	return d.numbers(`select h.ticket_id, count(*) from ticket_history h join ticket_history_type y on y.id = h.history_type_id join users u on u.id = h.create_by
		where u.login = 'open_ticket_ai' and y.name = 'Move' group by h.ticket_id`)
}

func (d realDesk) numbers(query string) map[string]int {
	d.Helper()
	all := map[string]int{}
	for line := range strings.Lines(d.do("sql", query)) {
		if id, n, ok := strings.Cut(strings.TrimSpace(line), "|"); ok {
			all[id], _ = strconv.Atoi(n)
		}
	}
	return all
}

// searches waits until the web server has seen n more searches.
func (d realDesk) searches(n int) {
	d.Helper()
	_, from := d.operationsSince(0)
	d.within(3*time.Minute, fmt.Sprint("there were ", n, " more searches"), func() bool {
		seen, _ := d.operationsSince(from)
		return seen["ticket-search"] >= n
	})
}

func (w *working) preview(args ...string) (p runs.Preview) {
	w.Helper()
	said, err := runOtai(w.T, w.env, append([]string{"revert", "-c", w.config, "--dry-run", "--json"}, args...)...)
	if err == nil {
		err = json.Unmarshal([]byte(said), &p)
	}
	if err != nil {
		w.Fatalf("%v\n%s", err, said)
	}
	return p
}

func (w *working) records(args ...string) (all []decisions.Record) {
	w.Helper()
	said, err := runOtai(w.T, w.env, append([]string{"decisions", "list", "--limit", "0", "--json", "-c", w.config}, args...)...)
	if err == nil {
		err = json.Unmarshal([]byte(said), &all)
	}
	if err != nil {
		w.Fatalf("%v\n%s", err, said)
	}
	return all
}

// TestSystemWhatOtaiWroteIsPutBackWhateverDies: service and revert are killed on the way, people
// have changed some of the tickets, and nothing moves again.
func TestSystemWhatOtaiWroteIsPutBackWhateverDies(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	tickets, kills := systemNumber("REVERT_TICKETS", 300), systemNumber("REVERT_KILLS", 10)
	ids := strings.Split(d.tickets(strconv.Itoa(tickets))["open"], ",")
	w := d.work(d.url, stormForm("ForEach"))
	random := func() { time.Sleep(time.Duration(rand.IntN(700)) * time.Millisecond) }
	for n := range kills {
		d.within(3*time.Minute, "more tickets are moved", func() bool { return len(d.systemNotes("Sorted")) >= tickets*n/(kills+1) })
		random()
		w.kill()
		w.again()
	}
	ok := d.within(5*time.Minute, "all tickets are moved", func() bool {
		return d.count("Sorted", strings.Join(ids, ",")).Notes.Done == tickets
	})
	if !ok {
		t.Fatalf("%s", w.log)
	}
	w.waitEnded()

	changed := map[string]string{}
	for n := 0; n < len(ids); n += 33 {
		id, kind := ids[n], []string{"prio", "move", "close", "note"}[n/33%4]
		changed[id] = kind
		d.do(append([]string{"human", kind, id}, map[string][]string{"prio": {"5 very high"}, "move": {"HR"}, "close": {}, "note": {"a person's note"}}[kind]...)...)
	}
	state := d.state()
	shown := w.preview("--since", "PT1H") // it asks for rights by updates that are refused
	if now := d.state(); now != state {
		t.Errorf("the dry run changed the database:\n%s\nbefore:\n%s", now, state)
	}
	if len(shown.Tickets) != tickets || len(shown.Missing) > 0 {
		t.Errorf("the dry run names %d of %d tickets; missing: %v", len(shown.Tickets), tickets, shown.Missing)
	}
	for _, s := range shown.Tickets {
		if kind := changed[s.Ticket]; (s.Reason != "") != (kind == "prio" || kind == "move") {
			t.Errorf("ticket %s, of which a person changed %q: the dry run says %q", s.Ticket, kind, s.Reason)
		}
	}

	for n := range kills {
		command := live(t, w.env, "revert", "-c", w.config, "--since", "PT1H")
		d.within(3*time.Minute, "more tickets are put back", func() bool { return len(d.systemNotes(putBackNote)) >= tickets*n/(kills+1) })
		random()
		command.kill()
		w.kill()
		w.again()
	}
	began := time.Now()
	said, err := runOtai(t, w.env, "revert", "-c", w.config, "--since", "PT1H", "--json")
	var last runs.Reverted
	if err == nil {
		err = json.Unmarshal([]byte(said), &last)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Logf("the revert that was left to its end took %s, %d tickets in its answer, %d wait", time.Since(began).Round(time.Millisecond), len(last.Tickets), last.Waiting)
	w.wantPutBack("at once", ids, changed)

	listed := map[string]string{}
	for _, r := range w.records() {
		if (r.Action == decisions.Reverted || r.Action == decisions.Left) && strings.Contains(r.Reason, "not put back") {
			listed[r.Ticket] = r.Reason
		}
	}
	for id, kind := range changed {
		if touched := kind == "prio" || kind == "move"; touched != (listed[id] != "") {
			t.Errorf("ticket %s, of which a person changed %q, is listed with %q", id, kind, listed[id])
		}
	}
	for id, reason := range listed {
		if changed[id] == "" {
			t.Errorf("ticket %s, which nobody has changed, is listed: %s", id, reason)
		}
	}

	state = d.state()
	d.searches(10)
	if now := d.state(); now != state {
		t.Errorf("ten more cycles changed the database:\n%s\nbefore:\n%s", now, state)
	}
	w.wantPutBack("after ten more cycles", ids, changed)
	w.stop(t)
}

// waitEnded waits until no run is at work or due.
func (w *working) waitEnded() {
	w.Helper()
	w.within(2*time.Minute, "the runs have ended", func() bool {
		said, err := runOtai(w.T, w.env, "runs", "waiting", "--json", "-c", w.config)
		var now struct {
			Running, Due int
			Waiting      map[string]int
		}
		return err == nil && json.Unmarshal([]byte(said), &now) == nil && now.Running+now.Due+len(now.Waiting) == 0
	})
}

// wantPutBack compares the database with how the tickets were; changed is what a person did to each.
func (w *working) wantPutBack(when string, ids []string, changed map[string]string) {
	w.Helper()
	is, ours, about, moves := w.outcomes(), w.systemNotes("Sorted"), w.systemNotes(putBackNote), w.ourMoves()
	right, doubled := 0, 0
	for _, id := range ids {
		queue, priority, moved := "Incoming", "3 normal", 2
		switch changed[id] {
		case "prio":
			priority = "5 very high"
		case "move":
			queue, moved = "HR", 1
		}
		if ours[id] > 1 || about[id] > 1 {
			doubled++
		}
		if is[id].Queue == queue && is[id].Priority == priority && ours[id] == 1 && about[id] == 1 && moves[id] == moved {
			right++
			continue
		}
		if len(ids)-right < 10 {
			w.Errorf("%s: ticket %s (a person: %q) is in %s with %s, %d notes of ours, %d about the revert, moved %d times", when, id, changed[id], is[id].Queue, is[id].Priority, ours[id], about[id], moves[id])
		}
	}
	if right != len(ids) {
		w.Errorf("%s: %d of %d tickets are not as they should be", when, len(ids)-right, len(ids))
	}
	w.Logf("%s: %d of %d as they were, %d changed by people, %d notes doubled", when, right, len(ids), len(changed), doubled)
}

// systemChain has two runners: the second takes what the first has moved.
func systemChain() string {
	runner := func(id, queue, fields string) string {
		return fmt.Sprintf(`
    - id: %s
      on: { use: base:IntervalTrigger, params: { interval: PT0.3S } }
      retry: { first: PT1S }
      run:
        use: base:CompositePipe
        params:
          steps:
            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: desk }
              params: { ticket_search_criteria: { queue: { name: %s }, fields: { StateType: [new, open] }, limit: 100 } }
            - id: each
              use: base:ForEachPipe
              params:
                items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
                as: ticket
                steps:
                  - id: update
                    use: base:UpdateTicketPipe
                    injects: { ticket_system: desk }
                    params: { ticket_id: "{{ get_parent_param('ticket').id }}", updated_ticket: { %s } }
`, id, queue, fields)
	}
	return `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", articles: first }
orchestrator:
  runners:` + runner("sort", "Incoming", `queue: { name: IT }, priority: { name: "4 high" }, notes: [ { subject: Sorted, body: b } ]`) +
		runner("rank", "IT", `queue: { name: HR }, priority: { name: "5 very high" }, notes: [ { subject: Ranked, body: b } ]`)
}

func TestSystemAChainOfTwoRunnersComesBackToTheFirstValue(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.do("rights", "full")
	ids := strings.Split(d.tickets("20")["open"], ",")
	w := d.work(d.url, systemChain())
	d.within(2*time.Minute, "both runners have changed all", func() bool { return len(d.systemNotes("Ranked")) == len(ids) })
	w.waitEnded()
	d.do("human", "move", ids[3], "Facilities")
	if said, err := runOtai(t, w.env, "revert", "-c", w.config, "--since", "PT1H"); err != nil || !strings.Contains(said, "20 tickets were put back.") {
		t.Errorf("%v\n%s", err, said)
	}
	want := func(when string) {
		t.Helper()
		is, about, moves := d.outcomes(), d.systemNotes(putBackNote), d.ourMoves()
		for _, id := range ids {
			queue, moved := "Incoming", 3
			if id == ids[3] {
				queue, moved = "Facilities", 2
			}
			if is[id].Queue != queue || is[id].Priority != "3 normal" || about[id] != 1 || moves[id] != moved {
				t.Errorf("%s: ticket %s: %+v, moved %d times, %d notes about the revert", when, id, is[id], moves[id], about[id])
			}
		}
	}
	want("at once")
	d.searches(20) // of two runners
	want("after ten more cycles")
	w.stop(t)
}

// TestSystemAHalfDoneRunInTheRangeWritesNothingMore: the right to change a ticket ends where it is
// moved to, so that runs wait half done. They are put back, then the right is there.
func TestSystemAHalfDoneRunInTheRangeWritesNothingMore(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	ids := strings.Split(d.tickets("10")["open"], ",")
	w := d.work(d.url, strings.Replace(stormForm("three pipes"), "          retry: {", "          workers: 4\n          retry: {", 1))
	d.within(time.Minute, "some tickets are half done", func() bool { return len(d.ourMoves()) >= 2 })
	do := func(args ...string) string {
		t.Helper()
		said, err := runOtai(t, w.env, append(args, "-c", w.config)...)
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, said)
		}
		return said
	}
	do("runs", "pause")
	time.Sleep(2 * time.Second) // what has begun to be sent is answered
	half := d.ourMoves()
	d.do("rights", "full")
	shown := w.preview("--since", "PT1H")
	said := do("revert", "--since", "PT1H")
	do("runs", "resume")
	d.searches(10)
	d.within(2*time.Minute, "the tickets that were not begun are done", func() bool { return len(d.systemNotes("Sorted")) == len(ids)-len(half) })
	d.searches(10)
	is, about, notes, moves := d.outcomes(), d.systemNotes(putBackNote), d.systemNotes("Sorted"), d.ourMoves()
	for _, id := range ids {
		if half[id] == 0 {
			continue
		}
		if is[id].Queue != "Incoming" || is[id].Priority != "3 normal" || about[id] != 1 || notes[id] != 0 || moves[id] != 2 {
			t.Errorf("ticket %s, which was half done: %+v, %d notes about the revert, %d of ours, moved %d times", id, is[id], about[id], notes[id], moves[id])
		}
	}
	t.Logf("%d of %d tickets were half done; the dry run would give up %d runs first; revert: %s", len(half), len(ids), shown.Unended, said)
	if shown.Unended != len(half) {
		t.Errorf("%d runs are half done, of %d tickets", shown.Unended, len(half))
	}
	w.stop(t)
}
