package main_test

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// What RUNS 23, 30 and 31 say of processes that end by themselves.

// TestUntilEmptyCountsWhatItsSearchesFind: a dead ticket that a person has taken elsewhere
// concerns nobody any more.
func TestUntilEmptyCountsWhatItsSearchesFind(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	w.add("IT", "Secret")
	dead := w.add("Secret")[0]
	env := w.environment()
	config := writeFile(t, strings.Replace(rowConfig(1, "timeout: PT5S", moveByTitleStep), "          run:", "          retry: { max_attempts: 1 }\n          run:", 1))
	waiting := func() string {
		out, code := w.command(env, "runs", "waiting", "-c", config)
		if code != 0 {
			t.Fatalf("%d: %s", code, out)
		}
		return out
	}
	if out, code := w.command(env, "run", "--until-empty", "-c", config); code != 1 || !strings.Contains(out, "2 are dead") {
		t.Errorf("with two dead tickets it ends with %d:\n%s", code, out)
	}
	if out := waiting(); strings.Count(out, "access denied") != 2 || strings.Contains(out, "sort    -") {
		t.Errorf("waiting:\n%s", out)
	}
	w.person(dead, map[string]any{"Queue": "HR"}, "")
	if out, code := w.command(env, "run", "--once", "-c", config); code != 0 {
		t.Errorf("a search that finds one of them no more ends with %d:\n%s", code, out)
	}
	if out := waiting(); strings.Count(out, "access denied") != 1 || strings.Contains(out, "\n"+dead+" ") {
		t.Errorf("waiting, after ticket %s was moved by a person:\n%s", dead, out)
	}
	if out, code := w.command(env, "run", "--until-empty", "-c", config); code != 1 || !strings.Contains(out, "1 is dead") {
		t.Errorf("with one that is still there it ends with %d:\n%s", code, out)
	}
}

// TestUntilEmptyEndsThoughALoopsItemsAreAlwaysThere: they stand in the configuration.
func TestUntilEmptyEndsThoughALoopsItemsAreAlwaysThere(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	id := w.add("x")[0]
	steps := `
- id: see
  use: base:AddNotePipe
  injects: { ticket_system: desk }
  params: { ticket_id: "` + id + `", note: { subject: seen, body: "{{ get_parent_param('item') }}" } }
`
	config := writeFile(t, forEach("{{ ['a', 'b'] }}", steps))
	l := live(t, w.environment(), "run", "--until-empty", "-c", config)
	select {
	case <-l.ended:
	case <-time.After(patient):
		t.Fatal("it doesn't end")
	}
	if code := l.ProcessState.ExitCode(); code != 0 || notesIn(w.ticket(id), "seen") == 0 {
		t.Errorf("it ended with %d, the ticket has %d notes", code, notesIn(w.ticket(id), "seen"))
	}
}

// TestOnceWaitsForTheProcessThatHasTheStateFolder, for up to 10 seconds; then it names it.
func TestOnceWaitsForTheProcessThatHasTheStateFolder(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.add("x")
	at := make(chan struct{}, 1)
	w.treats(func(q *request) treatment {
		if q.update() {
			select {
			case at <- struct{}{}:
			default:
			}
			return treatment{after: 500 * time.Millisecond}
		}
		return treatment{}
	})
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	first := live(t, env, "run", "-c", config)
	<-at
	began := time.Now()
	out, code := w.command(env, "run", "--once", "-c", config)
	if took := time.Since(began); code != 1 || took < 9*time.Second || took > time.Minute || !strings.Contains(out, strconv.Itoa(first.Process.Pid)) {
		t.Errorf("beside process %d it ended with %d after %v:\n%s", first.Process.Pid, code, took, out)
	}
	second := live(t, env, "run", "--once", "-c", config)
	time.Sleep(2 * time.Second)
	first.end(t)
	select {
	case <-second.ended:
	case <-time.After(patient):
	}
	if code := second.ProcessState.ExitCode(); code != 0 {
		t.Errorf("behind a process that ended in time it ended with %d:\n%s", code, second.log)
	}
	w.wantAllDone(ids, whole)
}

// TestTheShellNeverWaitsForRuns: completing an id makes no state folder, and a database
// that doesn't answer isn't waited for.
func TestTheShellNeverWaitsForRuns(t *testing.T) {
	t.Parallel()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // accepts nobody
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for name, more := range map[string][]string{
		"nothing was made yet":           nil,
		"a database that doesn't answer": {"OTAI_DATABASE_URL=postgres://otai@" + mute.Addr().String() + "/otai?sslmode=disable"},
	} {
		t.Run(name, func(t *testing.T) {
			env := environment(t, more...)
			began := time.Now()
			out, err := runOtai(t, env, "__complete", "runs", "retry", "")
			// Whoever waits for that database waits for ever.
			if took := time.Since(began); err != nil || took > time.Minute || !strings.HasPrefix(out, ":4") {
				t.Errorf("after %v: %v\n%s", took, err, out)
			}
			if _, err := os.Stat(stateOf(env)); !os.IsNotExist(err) {
				t.Errorf("the state folder: %v", err)
			}
		})
	}
}

// TestADryRunBesideAService shows what would be done with each ticket, and changes none.
func TestADryRunBesideAService(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	moving := rowConfig(1, "timeout: PT5S", moveStep)
	handled := w.add("x")
	service := live(t, env, "run", "-c", writeFile(t, moving))
	w.all(patient, handled, goal{queue: "IT"})
	ids := []string{fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "HR", Title: "a"})), fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "HR", Title: "b"}))}
	l := live(t, env, "run", "--dry-run", "-c", writeFile(t, strings.ReplaceAll(moving, "Incoming", "HR")))
	eventually(t, "both tickets are shown", func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return !strings.Contains(l.log.String(), `"ticket":"`+id+`"`) })
	})
	l.end(t)
	for _, id := range ids {
		if n := len(w.updatesOf(id)); n != 0 {
			t.Errorf("ticket %s was changed %d times", id, n)
		}
	}
	more := w.add("x")
	if !w.all(patient, more, goal{queue: "IT"}) {
		t.Error("the service doesn't go on")
	}
	service.end(t)
}
