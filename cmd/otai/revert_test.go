package main_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/app/runs"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

const putBackNote = "Put back by otai revert"

// TestWhatOtaiWroteIsPutBackWhateverDies: the service and the command are killed on the way,
// people have changed some of the tickets, and nothing moves again. OTAI_TEST_REVERT_TICKETS is how many
// they are; ten thousand take half an hour and more.
func TestWhatOtaiWroteIsPutBackWhateverDies(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(chaosNumber("OTAI_TEST_REVERT_TICKETS", sized(60, 1000)), "x")
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	kills := sized(3, 10)
	long := max(patient, patientFor(time.Duration(len(ids))*100*time.Millisecond))
	before := w.ticket(ids[0])

	service := live(t, env, "run", "-c", config)
	for range kills {
		time.Sleep(time.Duration(200+rand.IntN(400)) * time.Millisecond)
		service.kill()
		service = live(t, env, "run", "-c", config)
	}
	if !w.all(long, ids, whole) {
		t.Fatal("the tickets are not changed at all")
	}
	changed := make(map[string]bool)
	for i := 0; i < len(ids); i += 33 {
		w.person(ids[i], map[string]any{"Priority": "5 very high"}, "")
		changed[ids[i]] = true
	}
	writes := func() int { // the dry run asks for rights by a change of nothing, which is refused
		return len(w.seen(func(q *request) bool { return q.update() && string(q.Body["Ticket"]) != "{}" }))
	}
	sent := writes()
	out, code := w.command(env, "revert", "-c", config, "--since", "PT1H", "--dry-run", "--json")
	var preview runs.Preview
	if err := json.Unmarshal([]byte(out), &preview); err != nil || code != 0 || len(preview.Tickets) != len(ids) {
		t.Fatalf("the dry run ends with %d and names %d tickets: %v\n%s", code, len(preview.Tickets), err, shortened(out))
	}
	if n := writes(); n != sent {
		t.Errorf("the dry run wrote %d times", n-sent)
	}

	for range kills {
		command := live(t, env, "revert", "-c", config, "--since", "PT1H")
		time.Sleep(time.Duration(100+rand.IntN(500)) * time.Millisecond)
		command.kill()
		service.kill()
		service = live(t, env, "run", "-c", config)
	}
	// A service that starts while the command works alone waits ten seconds for it, and no longer.
	eventually(t, "the service works", func() bool { return strings.Contains(service.log.String(), "otai runs") })
	reverted := newCommand(product.otai, "revert", "-c", config, "--since", "PT1H")
	reverted.Env, reverted.Dir = env, t.TempDir()
	if text, err := reverted.CombinedOutput(); err != nil {
		t.Errorf("revert: %v\n%s", err, text)
	}
	want := func(when string) {
		t.Helper()
		wrong := 0
		for _, id := range ids {
			is, priority := w.ticket(id), before.Priority
			if changed[id] {
				priority = "5 very high"
			}
			if is.Queue != before.Queue || is.Priority != priority || notesIn(is, putBackNote) != 1 || notesIn(is, "Sorted") != 1 {
				if wrong++; wrong < 10 {
					t.Errorf("%s: ticket %s is in %s with %s, %d notes of ours and %d about the revert", when, id, is.Queue, is.Priority, notesIn(is, "Sorted"), notesIn(is, putBackNote))
				}
			}
		}
		row(t, "revert", "%s: %d of %d as they were, %d changed by people", when, len(ids)-wrong, len(ids), len(changed))
	}
	want("at once")
	sent = writes()
	searches := func() int { return len(w.seen(func(q *request) bool { return q.Operation == "ticket-search" })) }
	until := searches() + 10
	eventually(t, "ten more searches", func() bool { return searches() >= until })
	if n := writes(); n != sent {
		t.Errorf("%d writes in ten more cycles", n-sent)
	}
	want("after ten more cycles")
}

// allDone is a help desk at which otai has done that many tickets.
func allDone(t *testing.T, tickets int) (w *witness, ids, env []string, config string) {
	t.Helper()
	w = newWitness(t)
	ids, env = w.addMany(tickets, "x"), w.environment()
	config = writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	for range ids {
		if out, code := w.command(env, "run", "--once", "-c", config); code != 0 {
			t.Fatalf("run: %d\n%s", code, out)
		}
	}
	w.wantAllDone(ids, whole)
	return w, ids, env, config
}

// A command that is given once more goes on with what a killed one has asked for: else each would have every
// ticket looked at again.
func TestARevertGoesOnWithTheRequestOfAKilledOne(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids, env, kills := w.addMany(sized(24, 100), "x"), w.environment(), sized(3, 10)
	config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	service := live(t, env, "run", "-c", config)
	if !w.all(patient, ids, whole) {
		t.Fatal("the tickets are not changed at all")
	}
	service.kill()
	w.treats(func(q *request) treatment {
		if q.update() {
			return treatment{before: 300 * time.Millisecond}
		}
		return treatment{}
	})
	writes := func() int { return len(w.seen(func(q *request) bool { return q.update() })) }
	for range kills {
		before := writes()
		command := live(t, env, "revert", "-c", config, "--since", "PT1H")
		eventually(t, "it puts something back", func() bool { return writes() > before })
		command.kill()
	}
	revert := func(args ...string) (r runs.Reverted) {
		t.Helper()
		cmd := newCommand(product.otai, append([]string{"revert", "-c", config, "--json"}, args...)...)
		cmd.Env, cmd.Dir = env, t.TempDir()
		out, err := cmd.Output()
		if err != nil || json.Unmarshal(out, &r) != nil {
			t.Fatalf("revert: %v\n%s", err, shortened(string(out)))
		}
		return r
	}
	r := revert("--since", "PT1H")
	back := 0
	for _, ticket := range r.Tickets {
		if len(ticket.Back) > 0 {
			back++
		}
	}
	if r.Request != 1 || len(r.Tickets)+r.Waiting != len(ids) || back != len(r.Tickets) {
		t.Errorf("request %d has %d tickets of which %d were put back, %d wait", r.Request, len(r.Tickets), back, r.Waiting)
	}
	first := r
	eventually(t, "those that wait, as for an answer that came late, are put back", func() bool {
		if r.Waiting > 0 {
			r = revert("--since", "PT1H")
		}
		return r.Waiting == 0
	})
	for _, id := range ids {
		if is := w.ticket(id); is.Queue != "Incoming" || is.Priority != "3 normal" || notesIn(is, putBackNote) != 1 {
			t.Errorf("ticket %s is in %s with %s and %d notes", id, is.Queue, is.Priority, notesIn(is, putBackNote))
		}
	}
	sent := writes()
	if last := revert("--since", "PT1H"); len(last.Tickets) != len(ids) || writes() != sent || first.Waiting == 0 && last.Request != 2 {
		t.Errorf("request %d has %d tickets, and wrote %d times", last.Request, len(last.Tickets), writes()-sent)
	}
}

// Whoever worked when the command began may be gone before its end.
func TestARevertIsFinishedByItsCommandWhereTheServiceIsGone(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids, env := w.addMany(12, "x"), w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
	service := live(t, env, "run", "-c", config)
	if !w.all(patient, ids, whole) {
		t.Fatal("the tickets are not changed at all")
	}
	w.treats(func(q *request) treatment {
		if q.update() {
			return treatment{before: 300 * time.Millisecond}
		}
		return treatment{}
	})
	writes := func() int { return len(w.seen(func(q *request) bool { return q.update() })) }
	before := writes()
	command := live(t, env, "revert", "-c", config, "--since", "PT1H")
	eventually(t, "it puts something back", func() bool { return writes() > before })
	service.kill()
	eventually(t, "the command ends", func() bool {
		select {
		case <-command.ended:
			return true
		default:
			return false
		}
	})
	if code := command.ProcessState.ExitCode(); code != 0 || !strings.Contains(command.log.String(), "12 tickets were put back.") {
		t.Errorf("it ends with %d:\n%s", code, command.log.String())
	}
	for _, id := range ids {
		if is := w.ticket(id); is.Queue != "Incoming" || notesIn(is, putBackNote) != 1 {
			t.Errorf("ticket %s is in %s with %d notes", id, is.Queue, notesIn(is, putBackNote))
		}
	}
}

func TestWhereNobodyWorksRevertDoesItItself(t *testing.T) {
	t.Parallel()
	w, ids, env, config := allDone(t, 4)
	w.person(ids[3], map[string]any{"Queue": "Incoming"}, "")
	w.person(ids[3], map[string]any{"Priority": "1 very low"}, "")
	out, code := w.command(env, "revert", "-c", config, "--ticket", ids[0])
	if code != 0 || !strings.Contains(out, "1 ticket was put back.") || w.ticket(ids[0]).Queue != "Incoming" || w.ticket(ids[1]).Queue != "IT" {
		t.Errorf("revert of one ticket: %d, it is in %s\n%s", code, w.ticket(ids[0]).Queue, out)
	}
	out, code = w.command(env, "revert", "-c", config, "--since", "PT1H")
	if code != 0 || !strings.Contains(out, "2 tickets were put back.") || !strings.Contains(out, fmt.Sprintf("ticket %s", ids[3])) {
		t.Errorf("revert of all: %d\n%s", code, out)
	}
	for _, id := range ids[:3] {
		if is := w.ticket(id); is.Queue != "Incoming" || is.Priority != "3 normal" || notesIn(is, putBackNote) != 1 {
			t.Errorf("ticket %s is in %s with %s", id, is.Queue, is.Priority)
		}
	}
	if is := w.ticket(ids[3]); is.Priority != "1 very low" || notesIn(is, putBackNote) != 0 {
		t.Errorf("the ticket of which a person has changed all has %s now", is.Priority)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "Give --run"},
		{[]string{"--until", "PT1H"}, "needs --since"},
		{[]string{"--since", "PT1H", "--until", "PT2H"}, "not after"},
		{[]string{"--since", "yesterday"}, "not a time"},
	} {
		if out, code := w.command(env, append([]string{"revert", "-c", config}, c.args...)...); code != 2 || !strings.Contains(out, c.want) {
			t.Errorf("revert %v: %d\n%s", c.args, code, out)
		}
	}
}

// TestARevertThatIsRefused: of a ticket named by its number, whose old queue the agent may not move
// it into any more. The dry run says that this isn't known, people see what waits and why, and with
// the right back it is done at the next attempt.
func TestARevertThatIsRefused(t *testing.T) {
	t.Parallel()
	w, ids, env, config := allDone(t, 2)
	number := w.ticket(ids[0]).Number
	want := func(code int, words []string, args ...string) string {
		t.Helper()
		out, got := w.command(env, args...)
		for _, word := range words {
			if got != code || !strings.Contains(out, word) {
				t.Errorf("otai %v: %d without %q\n%s", args, got, word, out)
			}
		}
		return out
	}
	want(1, []string{"nothing is known of a ticket 4711"}, "revert", "-c", config, "--ticket", "4711")
	w.SetAccess("Incoming", store.AccessNone)
	want(0, []string{number, "Not known before it is done", `"Incoming"`}, "revert", "-c", config, "--ticket", number, "--dry-run")
	want(1, []string{"0 tickets were put back", "1 ticket waits"}, "revert", "-c", config, "--ticket", number)
	waiting := want(0, []string{"To be put back by otai revert", "move_into"}, "runs", "waiting", "-c", config)
	if strings.Contains(waiting, "Left so") {
		t.Errorf("it is not put back yet\n%s", waiting)
	}
	w.SetAccess("Incoming", store.AccessFull)
	want(0, []string{"1 tried again"}, "runs", "retry", "--all", "-c", config)
	service := live(t, env, "run", "-c", config)
	eventually(t, "the ticket is put back, which is recorded", func() bool {
		out, _ := w.command(env, "explain", number, "-c", config)
		return w.ticket(ids[0]).Queue == "Incoming" && strings.Contains(out, "what otai had written was put back")
	})
	service.kill()
	if is := w.ticket(ids[1]); is.Queue != "IT" {
		t.Errorf("the other ticket is in %s", is.Queue)
	}
	want(0, []string{"the ticket was changed", "what otai had written was put back"}, "explain", number, "-c", config)
}
