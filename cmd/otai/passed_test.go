package main_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
	"github.com/open-ticket-ai/otai/internal/runs/sqlite"
	runstore "github.com/open-ticket-ai/otai/internal/runs/store"
)

// TestFiveThousandDeadTicketsInFrontCostAPollLittle, at most twice, at the built-in help
// desk with the plugin's own client.
func TestFiveThousandDeadTicketsInFrontCostAPollLittle(t *testing.T) {
	t.Parallel()
	const polls = 12
	config := strings.Replace(rowConfig(1, "timeout: PT30S", moveByTitleStep), "interval: PT0S", "interval: PT1S", 1)
	type cost struct{ searches, gets, changed, cpu float64 } // each poll
	measure := func(front int) cost {
		w := newWitness(t, "Secret")
		w.SetAccess("Secret", store.AccessRead)
		w.add("Secret")
		env := w.environment()
		path := writeFile(t, config)
		l := live(t, env, "run", "-c", path)
		eventually(t, "one is set aside", func() bool { return strings.Contains(l.log.String(), "a ticket is set aside") })
		l.end(t)
		bury(t, stateOf(env), w.addMany(front, "IT"))
		l = live(t, env, "run", "-c", path)
		count := func(operation string) (n int) {
			return len(w.seen(func(q *request) bool { return q.Operation == operation }))
		}
		before := count("ticket-search")
		eventually(t, "it searches", func() bool { return count("ticket-search") > before })
		time.Sleep(2 * time.Second) // in which it learns how many it leaves out
		searches, gets, cpu, began := count("ticket-search"), count("ticket-get"), used(t, workerOf(t, l.Process.Pid)), time.Now()
		time.Sleep(polls * time.Second)
		n := time.Since(began).Seconds()
		c := cost{
			searches: float64(count("ticket-search")-searches) / n, gets: float64(count("ticket-get")-gets) / n,
			cpu: (used(t, workerOf(t, l.Process.Pid)) - cpu).Seconds() * 1000 / n,
		}
		c.changed = float64(len(w.seen(func(q *request) bool {
			return q.Operation == "ticket-search" && q.Arrived.After(began) && q.Body["TicketChangeTimeNewerDate"] != nil
		})))
		good := w.addMany(5, "IT")
		w.all(patient, good, moved)
		w.wantAllDone(good, moved)
		if n := len(w.seen(func(q *request) bool { return q.update() && q.Arrived.After(began) })); n > 5+1 {
			t.Errorf("%d updates with %d dead tickets in front", n, front)
		}
		l.end(t)
		return c
	}
	none, many := measure(0), measure(sized(5000, 5000))
	t.Logf("each second, with no ticket in front: %+v; with 5,000 dead ones: %+v", none, many)
	if many.searches > 2 || many.gets > 1 || many.changed > 1 {
		t.Errorf("a poll takes %.1f searches and %.1f readings, and %.0f searches for changes in %d s", many.searches, many.gets, many.changed, polls)
	}
}

// bury makes tickets dead, as the runner's other one stands.
func bury(t *testing.T, dir string, ids []string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.TicketsBy(t.Context(), runstore.TicketFilter{Runner: "sort"})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d tickets of the runner are known: %v", len(rows), err)
	}
	dead := make([]runstore.Ticket, len(ids))
	for i, id := range ids {
		dead[i] = runstore.Ticket{Runner: rows[0].Runner, System: rows[0].System, Ticket: id, Standing: runstore.StandingDead, Hashes: rows[0].Hashes, Seen: time.Now().UnixMicro()}
	}
	if err := s.PutTickets(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
}

// used is the processor's time of a process so far.
func used(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // in hundredths
}
