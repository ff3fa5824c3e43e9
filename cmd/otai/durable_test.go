package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// runner is one more runner for the steps of a configuration.
func runner(id, queue, steps string) string {
	one := strings.Replace(strings.Replace(taking[strings.Index(taking, "      - id: sort"):], "- id: sort", "- id: "+id, 1), "name: Incoming", "name: "+queue, 1)
	return one + indented(steps, 16)
}

func (w *witness) command(env []string, args ...string) (string, int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	cmd := exec.CommandContext(ctx, product.otai, args...)
	cmd.Env, cmd.Dir = env, w.t.TempDir()
	out, err := cmd.CombinedOutput()
	return string(out), exitCode(err)
}

// denied is an answer as the servers give it for one ticket.
const denied = `{"Error":{"ErrorCode":"TicketUpdate.AccessDenied","ErrorMessage":"TicketUpdate: User does not have access to the ticket!"}}`

func TestAPersonInTheSameSecondIsNotMistakenForOtai(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.add("x", "x", "x")
	w.treats(func(q *request) treatment {
		if q.update() && q.Ticket == ids[1] && q.Number <= len(ids) {
			return treatment{hook: func() { w.person(q.Ticket, nil, "a question") }}
		}
		return treatment{}
	})
	live(t, w.environment(), "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", noteStep)))
	if w.all(10*time.Second, ids, onlyNoted); notesIn(w.ticket(ids[1]), "Sorted") < 2 {
		time.Sleep(5 * time.Second)
	}
	if n := notesIn(w.ticket(ids[1]), "Sorted"); n != 2 {
		t.Errorf("the ticket that a person wrote in has %d notes, want a second one for what the person wrote", n)
	}
	for _, id := range []string{ids[0], ids[2]} {
		if n := notesIn(w.ticket(id), "Sorted"); n != 1 {
			t.Errorf("ticket %s has %d notes, want 1", id, n)
		}
	}
}

func TestTwoRunnersThatNoteDoNotFreeEachOthersTickets(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(10, "x")
	second := strings.Replace(noteStep, "subject: Sorted", "subject: Second", 1)
	config := rowConfig(1, "timeout: PT5S", noteStep)
	config = strings.Replace(config, "\nservices:", runner("second", "Incoming", second)+"\nservices:", 1)
	live(t, w.environment(), "run", "-c", writeFile(t, config))
	w.all(15*time.Second, ids, onlyNoted)
	w.all(15*time.Second, ids, goal{note: "Second"})
	time.Sleep(2 * time.Second)
	w.wantAllDone(ids, onlyNoted)
	w.wantAllDone(ids, goal{note: "Second"})
}

func TestWhatAnEventModuleDoesAtEachNoteIsBounded(t *testing.T) {
	for _, c := range []struct {
		name string
		most int
		does func(w *witness, ticket string)
	}{
		{"a field is set", 1, func(w *witness, ticket string) {
			w.person(ticket, map[string]any{"Owner": human}, "")
		}},
		{"an article is added", 4, func(w *witness, ticket string) { w.person(ticket, nil, "We have got your note") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			ids := w.add("x", "x")
			w.treats(func(q *request) treatment {
				if !q.update() {
					return treatment{}
				}
				return treatment{hook: func() { c.does(w, q.Ticket) }}
			})
			live(t, w.environment(), "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", noteStep)))
			w.all(10*time.Second, ids, onlyNoted)
			time.Sleep(4 * time.Second)
			for _, id := range ids {
				if n := notesIn(w.ticket(id), "Sorted"); n < 1 || n > c.most {
					t.Errorf("ticket %s has %d notes, want 1 to %d", id, n, c.most)
				}
			}
		})
	}
}

func TestTwoRunnersThatMoveBackAndForthAreBounded(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.add("x", "x")
	back := strings.Replace(moveStep, "name: IT", "name: Incoming", 1)
	config := rowConfig(1, "timeout: PT5S", moveStep)
	config = strings.Replace(config, "\nservices:", runner("back", "IT", back)+"\nservices:", 1)
	live(t, w.environment(), "run", "-c", writeFile(t, config))
	eventually(t, "a ticket is moved back", func() bool { return events(w.ticket(ids[0]), "Move") >= 2 })
	time.Sleep(4 * time.Second)
	for _, id := range ids {
		if n := events(w.ticket(id), "Move"); n > 8 {
			t.Errorf("ticket %s was moved %d times", id, n)
		}
	}
}

// TestARightThatIsLostConcernsManyTickets: one cause, few lines, and all go on when it is
// given back.
func TestARightThatIsLostConcernsManyTickets(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(sized(40, 2000), "x")
	w.SetAccess("IT", store.AccessRead)
	env := w.environment()
	l := live(t, env, "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", moveStep)))
	eventually(t, "three were refused", func() bool { return len(w.updatesOf("")) >= 3 })
	time.Sleep(4 * time.Second)
	sent, lines := len(w.updatesOf("")), warnings(l.log.String())
	t.Logf("%d updates sent, %d lines of warn and error", sent, lines)
	if sent > 6 || lines > 20 {
		t.Errorf("%d updates sent, %d lines, want at most 6 and 20", sent, lines)
	}
	w.SetAccess("IT", store.AccessFull)
	within := 90*time.Second + time.Duration(len(ids))*20*time.Millisecond
	if !full() { // nobody waits for the next try, which is a minute away
		if out, code := w.command(env, "runs", "retry", "--all"); code != 0 {
			t.Errorf("runs retry --all ends with %d: %s", code, out)
		}
		within = 20 * time.Second
	}
	w.all(within, ids, moved)
	w.wantAllDone(ids, moved)
	if n := warnings(l.log.String()); n > 20 {
		t.Errorf("%d lines of warn and error, want at most 20", n)
	}
}

func warnings(log string) (n int) {
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"level":"warn"`) || strings.Contains(line, `"level":"error"`) {
			n++
		}
	}
	return n
}

func TestOneTargetOfTenIsRefusedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	var ids, good []string
	for n := range sized(60, 1000) {
		queue := fmt.Sprint("Target ", n%10)
		w.AddQueue(queue)
		id := w.add(queue)[0]
		if n%10 != 3 {
			good = append(good, id)
		}
		ids = append(ids, id)
	}
	w.SetAccess("Target 3", store.AccessRead)
	live(t, w.environment(), "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", moveByTitleStep)))
	done := func() bool {
		return !slices.ContainsFunc(good, func(id string) bool { return w.ticket(id).Queue == "Incoming" })
	}
	began := time.Now()
	for !done() && time.Since(began) < patientFor(20*time.Second) {
		time.Sleep(50 * time.Millisecond)
	}
	if !done() {
		t.Error("the tickets of other targets wait")
	}
	refused := 0
	for _, id := range ids {
		if !slices.Contains(good, id) {
			refused += len(w.updatesOf(id))
		}
	}
	t.Logf("%d tickets done in %s; %d updates sent for the %d of the target that is refused", len(good), time.Since(began).Round(time.Millisecond), refused, len(ids)-len(good))
	if refused > 8 { // of three tickets, each tried twice, as it may have been a lock in the help desk's database
		t.Errorf("%d updates were sent into the refused queue", refused)
	}
}

// TestThreeBadTicketsDoNotCloseATargetForLong: the next try is a minute away at most.
func TestThreeBadTicketsDoNotCloseATargetForLong(t *testing.T) {
	if !full() {
		t.Skip("takes two minutes: set OTAI_TEST_ALL=1")
	}
	t.Parallel()
	w := newWitness(t)
	bad, good := w.addMany(3, "bad"), w.addMany(20, "x")
	w.treats(func(q *request) treatment {
		if q.update() && slices.Contains(bad, q.Ticket) {
			return treatment{never: true, says: denied}
		}
		return treatment{}
	})
	live(t, w.environment(), "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", moveStep)))
	began := time.Now()
	w.all(3*time.Minute, good, moved)
	t.Logf("the good ones were done after %s", time.Since(began).Round(time.Second))
	if time.Since(began) > 2*time.Minute {
		t.Error("the good ones waited longer than 2 minutes")
	}
	w.wantAllDone(good, moved)
}

// TestAFaultThatIsATicketsKeepsNobodyWaiting: one ticket always exceeds the timeout, one is
// always answered by an error of the server.
func TestAFaultThatIsATicketsKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	slow, broken := w.add("slow")[0], w.add("broken")[0]
	good := w.addMany(sized(20, 200), "x")
	w.treats(func(q *request) treatment {
		switch {
		case q.update() && q.Ticket == slow:
			return treatment{never: true, after: 10 * time.Second}
		case q.update() && q.Ticket == broken:
			return treatment{never: true, status: 500}
		}
		return treatment{}
	})
	began := time.Now()
	live(t, w.environment(), "run", "-c", writeFile(t, rowConfig(1, "timeout: PT1S", moveStep)))
	w.all(patientFor(20*time.Second), good, moved)
	t.Logf("%d others done after %s; %d and %d updates for the two", w.judge(good, moved).Done, time.Since(began).Round(time.Millisecond), len(w.updatesOf(slow)), len(w.updatesOf(broken)))
	w.wantAllDone(good, moved)
}

// TestATicketWhoseReadingFailsKeepsNobodyWaiting: it stands in front of a hundred that are
// read with it.
func TestATicketWhoseReadingFailsKeepsNobodyWaiting(t *testing.T) {
	for name, do := range map[string]treatment{
		"an error of the server": {never: true, status: 500},
		"a malformed answer":     {never: true, says: `{"Ticket":[{"TicketID":`},
		"no answer":              {never: true, after: 20 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			bad := w.add("bad")[0]
			good := w.addMany(sized(60, 300), "x")
			w.treats(func(q *request) treatment {
				if q.Operation == "ticket-get" && strings.Contains(string(q.Body["TicketID"]), `"`+bad+`"`) {
					return do
				}
				return treatment{}
			})
			began := time.Now()
			env := w.environment()
			config := strings.Replace(forEach(allFetched, itemStep+moveStep), "PT30S", "PT2S", 1)
			live(t, env, "run", "-c", writeFile(t, config))
			w.all(patientFor(90*time.Second), good, moved)
			t.Logf("%d others done after %s, %d readings", w.judge(good, moved).Done, time.Since(began).Round(time.Millisecond), len(w.seen(func(q *request) bool { return q.Operation == "ticket-get" })))
			w.wantAllDone(good, moved)
			if out, code := w.command(env, "runs", "waiting", "--json"); code != 0 || !strings.Contains(out, bad) {
				t.Errorf("runs waiting (%d) doesn't name ticket %s: %s", code, bad, out)
			}
			if n := len(w.updatesOf(bad)); n > 0 {
				t.Errorf("%d updates of the ticket that can't be read", n)
			}
		})
	}
}

// TestTheThreePipeFormIsKilledAfterEachOfItsRequests, with a ticket of 5 MB, which is too
// large to be kept, and with one in which a secret stands.
func TestTheThreePipeFormIsKilledAfterEachOfItsRequests(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"an ordinary ticket", "Hello"},
		{"5 MB", strings.Repeat("0123456789abcdef ", 5<<20/17)},
		{"a secret", "My password is " + password + ", is it safe?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			id := fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "x", Body: c.body}))
			ids := append([]string{id}, w.addMany(2, "x")...)
			at := make(chan struct{})
			var after atomic.Int64
			w.treats(func(q *request) treatment {
				if q.update() && q.Ticket == id && int64(len(whichDone(w.requests, id))) == after.Load() {
					return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
				}
				return treatment{}
			})
			env := w.environment()
			config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep))
			for n := range 3 {
				after.Store(int64(n))
				l := live(t, env, "run", "-c", config)
				select {
				case <-at:
				case <-time.After(patient):
					t.Errorf("request %d does not come", n+1)
				}
				l.kill()
			}
			after.Store(-1)
			live(t, env, "run", "-c", config)
			w.all(patient, ids, whole)
			time.Sleep(500 * time.Millisecond)
			w.wantAllDone(ids, whole)
			if n := len(w.updatesOf(id)); n != 3 {
				t.Errorf("%d updates were sent, want 3", n)
			}
		})
	}
}

func whichDone(requests []*request, id string) (done []*request) {
	for _, q := range requests {
		if q.update() && q.Ticket == id && !q.Done.IsZero() {
			done = append(done, q)
		}
	}
	return done
}

// TestWhatAPersonHasClosedIsNotFinished: closed between the parts of the three-pipe form.
func TestWhatAPersonHasClosedIsNotFinished(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	id := w.add("x")[0]
	others := w.addMany(3, "x")
	at := make(chan struct{}, 1)
	w.treats(func(q *request) treatment {
		if q.update() && q.Number == 1 {
			return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
		}
		return treatment{}
	})
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep))
	l := live(t, env, "run", "-c", config)
	<-at
	l.kill()
	w.person(id, map[string]any{"State": "closed successful"}, "")
	live(t, env, "run", "-c", config)
	w.all(patient, others, whole)
	time.Sleep(time.Second)
	if now := w.ticket(id); now.Priority != "3 normal" || notesIn(now, "Sorted") != 0 {
		t.Errorf("the closed ticket has priority %s and %d notes", now.Priority, notesIn(now, "Sorted"))
	}
	w.wantAllDone(others, whole)
}

// TestWhatAPersonClosesBeforeItIsReadIsNotBegun: between the search and the reading, in one
// process or with a kill in between, after which the run is to read its own ticket.
func TestWhatAPersonClosesBeforeItIsReadIsNotBegun(t *testing.T) {
	for _, killed := range []bool{false, true} {
		t.Run(fmt.Sprintf("killed %v", killed), func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			id := w.add("x")[0]
			others := w.addMany(3, "x")
			at := make(chan struct{}, 1)
			w.treats(func(q *request) treatment {
				switch {
				case q.Operation != "ticket-get" || q.Number > 1:
					return treatment{}
				case killed:
					at <- struct{}{}
					return treatment{never: true, after: patient}
				}
				return treatment{before: 500 * time.Millisecond}
			})
			env := w.environment()
			text := rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep)
			config := writeFile(t, strings.Replace(text, "limit: 1 }", "fields: { StateType: [new, open] }, limit: 1 }", 1))
			l := live(t, env, "run", "-c", config)
			if killed {
				<-at
				l.kill()
			} else {
				for len(w.seen(func(q *request) bool { return q.Operation == "ticket-get" })) == 0 {
					time.Sleep(10 * time.Millisecond)
				}
			}
			w.person(id, map[string]any{"State": "closed successful"}, "")
			if killed {
				live(t, env, "run", "-c", config)
			}
			w.all(patient, others, whole)
			time.Sleep(time.Second)
			if n := len(w.updatesOf(id)); n != 0 {
				t.Errorf("the closed ticket got %d updates", n)
			}
			w.wantAllDone(others, whole)
		})
	}
}

// TestTicketsThatCannotBeReadForAWhileAreFinished: all rights are taken while runs are half
// done, and given back.
func TestTicketsThatCannotBeReadForAWhileAreFinished(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(sized(6, 50), "x")
	env := w.environment()
	var lost atomic.Bool
	w.treats(func(q *request) treatment {
		if q.update() && !lost.Load() {
			return treatment{before: 5 * time.Millisecond}
		}
		return treatment{}
	})
	live(t, env, "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep)))
	eventually(t, "some are begun", func() bool { return len(w.updatesOf("")) >= len(ids) })
	lost.Store(true)
	for _, q := range []string{"Incoming", "IT"} {
		w.SetAccess(q, store.AccessNone)
	}
	time.Sleep(3 * time.Second)
	for _, q := range []string{"Incoming", "IT"} {
		w.SetAccess(q, store.AccessFull)
	}
	if out, code := w.command(env, "runs", "retry", "--all"); code != 0 {
		t.Errorf("runs retry --all ends with %d: %s", code, out)
	}
	w.all(patientFor(40*time.Second), ids, whole)
	w.wantAllDone(ids, whole)
}

// TestALateUpdateCostsOthersLittle: the answer of one update in twenty comes long after its
// timeout. How little that is in exact time is a test of internal/runs.
func TestALateUpdateCostsOthersLittle(t *testing.T) {
	for name, config := range map[string]string{
		"limit: 1": rowConfig(1, "timeout: PT5S", allInOneStep),
		"ForEach":  strings.Replace(forEach(allFetched, itemStep+allInOneStep), "PT30S", "PT5S", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tickets := sized(40, 400)
			took := func(late bool) time.Duration {
				w := newWitness(t)
				ids := w.addMany(tickets, "x")
				var on []string
				for n, id := range ids {
					if n%20 != 7 {
						on = append(on, id)
					}
				}
				w.treats(func(q *request) treatment {
					if q.update() && !slices.Contains(on, q.Ticket) && late {
						return treatment{before: 12 * time.Second}
					}
					return treatment{before: 100 * time.Millisecond}
				})
				l := live(t, w.environment(), "run", "-c", writeFile(t, config))
				eventually(t, "it begins", func() bool { return len(w.updatesOf("")) > 0 })
				began := time.Now()
				w.all(2*time.Minute, on, whole)
				d := time.Since(began)
				w.all(patient, ids, whole)
				w.wantAllDone(ids, whole)
				l.end(t)
				return d
			}
			usual := make(chan time.Duration, 1)
			go func() { // side by side, so that the machine is as busy for both
				defer close(usual)
				usual <- took(false)
			}()
			late := took(true)
			without := <-usual
			t.Logf("%d others took %s, with one late update in 20 %s: %.2f times as long", tickets*19/20, without.Round(time.Millisecond), late.Round(time.Millisecond), late.Seconds()/without.Seconds())
			if allowed := without*105/100 + time.Second; late > allowed { // a second is the machine's
				t.Errorf("the others took %s, want at most %s", late, allowed)
			}
		})
	}
}

// TestWhatAProcessLeftIsLookedAtWithinASecondOfTheNextOnesStart, on SQLite and on PostgreSQL.
func TestWhatAProcessLeftIsLookedAtWithinASecondOfTheNextOnesStart(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			var more []string
			if on == "PostgreSQL" {
				more = append(more, "OTAI_DATABASE_URL="+postgres(t).url)
			}
			w := newWitness(t)
			ids := w.add("x", "x", "x")
			at := make(chan struct{}, 1)
			w.treats(func(q *request) treatment {
				if q.update() && q.Number == 1 {
					return treatment{hook: func() { at <- struct{}{} }, after: 2 * time.Second}
				}
				return treatment{}
			})
			env := w.environment(more...)
			config := writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep))
			l := live(t, env, "run", "-c", config)
			select {
			case <-at:
			case <-time.After(patient):
				t.Fatal("no update comes")
			}
			l.kill()
			killed := time.Now()
			l = live(t, env, "run", "-c", config)
			eventually(t, "it runs", func() bool { return strings.Contains(l.log.String(), `"message":"otai runs"`) })
			began := time.Now()
			looks := func() []request {
				return w.seen(func(q *request) bool {
					return q.Operation == "ticket-get" && q.Arrived.After(killed) && strings.Contains(string(q.Body["TicketID"]), `"`+ids[0]+`"`)
				})
			}
			eventually(t, "it looks at the ticket", func() bool { return len(looks()) > 0 })
			took := looks()[0].Arrived.Sub(began)
			t.Logf("looked at %s after the start", took.Round(time.Millisecond))
			if took > time.Second {
				t.Errorf("the ticket is looked at %s after the start", took)
			}
			w.all(patient, ids, whole)
			w.wantAllDone(ids, whole)
		})
	}
}

// forEach is a configuration with a loop over what a fetch of 100 has found.
func forEach(items, steps string) string {
	return strings.Replace(taking[:strings.Index(taking, "                - id: ticket")], "limit: 1 }", "limit: 100 }", 1) + `
                - id: each
                  use: base:ForEachPipe
                  params:
                    items: "` + items + `"
                    workers: 4
                    steps:
` + indented(steps, 22) + onDesk
}

const (
	itemStep = `
- id: ticket
  use: base:ExpressionPipe
  params: { expression: "{{ get_parent_param('item') }}" }
`
	allFetched = "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
)

func TestForEachMakesALimitOfAHundredMeanAHundredTickets(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(sized(150, 1000), "x")
	live(t, w.environment(), "run", "-c", writeFile(t, forEach(allFetched, itemStep+moveStep+priorityStep+noteStep)))
	w.all(patientFor(30*time.Second), ids, whole)
	w.wantAllDone(ids, whole)
}

func TestTicketsThatALoopLeavesOutHideNobody(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	aside := w.addMany(100, "not for us")
	ids := w.addMany(10, "x")
	items := "{{ get_pipe_result('fetch', 'fetched_tickets') | rejectattr('subject', 'equalto', 'not for us') | list }}"
	live(t, w.environment(), "run", "-c", writeFile(t, forEach(items, itemStep+allInOneStep)))
	w.all(15*time.Second, ids, whole)
	w.wantAllDone(ids, whole)
	if v := w.judge(aside, whole); v.Untouched != len(aside) {
		t.Errorf("of those left out: %v", v)
	}
}

func TestItemsOfALoopMayBeTexts(t *testing.T) {
	const ids = "get_pipe_result('fetch', 'fetched_tickets') | map(attribute='id')"
	for name, c := range map[string]struct{ items, id string }{
		"ids of tickets":        {"{{ " + ids + " | list }}", "get_parent_param('item')"},
		"numbers":               {"{{ " + ids + " | map('int') | list }}", "get_parent_param('item')"},
		"texts":                 {"{{ ('#' ~ (" + ids + " | join(',#'))).split(',') }}", "get_parent_param('item') | replace('#', '')"},
		"one an id, others not": {"{{ (" + ids + " | join(',#')).split(',') }}", "get_parent_param('item') | replace('#', '')"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			ids := w.addMany(8, "x")
			w.treats(slowly)
			steps := strings.ReplaceAll(noteStep, "get_pipe_result('ticket').id", c.id)
			live(t, w.environment(), "run", "-c", writeFile(t, forEach(c.items, steps)))
			w.all(15*time.Second, ids, goal{note: "Sorted"})
			time.Sleep(5 * time.Second) // in which a second note would come
			w.wantAllDone(ids, goal{note: "Sorted"})
		})
	}
}

// slowly keeps items that concern one ticket at work together.
func slowly(q *request) treatment {
	if q.update() {
		return treatment{before: 50 * time.Millisecond, after: 50 * time.Millisecond}
	}
	return treatment{}
}

// TestItemsOfOneTicketFollowEachOther: two items, or one that is the ticket and one that is
// a text, or such that move the ticket out of what is searched; also when the process is
// killed meanwhile.
func TestItemsOfOneTicketFollowEachOther(t *testing.T) {
	const ids = "(get_pipe_result('fetch', 'fetched_tickets') | map(attribute='id') | join(',NAME#'))"
	named := func(name string) string {
		return "('" + name + "#' ~ " + strings.Replace(ids, "NAME", name, 1) + ").split(',')"
	}
	const id, name = "get_parent_param('item').split('#')[1]", "{{ get_parent_param('item').split('#')[0] }}"
	note := strings.ReplaceAll(strings.ReplaceAll(noteStep, "get_pipe_result('ticket').id", id), "Sorted", `"`+name+`"`)
	move := strings.ReplaceAll(moveStep, "get_pipe_result('ticket').id", id)
	for name, c := range map[string]struct {
		steps string
		kills int
	}{
		"notes":            {note, 0},
		"notes, killed":    {note, 4},
		"moves and notes":  {move + note, 0},
		"both, and killed": {move + note, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			ids := w.addMany(8, "x")
			w.treats(slowly)
			env := w.environment()
			config := writeFile(t, forEach("{{ "+named("one")+" + "+named("two")+" }}", c.steps))
			l := live(t, env, "run", "-c", config)
			for range c.kills {
				time.Sleep(300 * time.Millisecond)
				l.kill()
				l = live(t, env, "run", "-c", config)
			}
			for _, name := range []string{"one", "two"} {
				w.all(30*time.Second, ids, goal{note: name})
			}
			time.Sleep(5 * time.Second) // in which a second note would come
			for _, name := range []string{"one", "two"} {
				w.wantAllDone(ids, goal{note: name})
			}
		})
	}
}

func TestLoopsMayBeNested(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	ids := w.addMany(16, "x")
	steps := itemStep + `
- id: inner
  use: base:ForEachPipe
  params:
    items: [one, two, three, four]
    as: name
    workers: 4
    steps:
      - id: note
        use: base:AddNotePipe
        injects: { ticket_system: desk }
        params: { ticket_id: "{{ get_pipe_result('ticket').id }}", note: { subject: "{{ get_parent_param('name') }}", body: by otai } }
`
	live(t, w.environment(), "run", "-c", writeFile(t, forEach(allFetched, steps)))
	for _, name := range []string{"one", "two", "three", "four"} {
		w.all(20*time.Second, ids, goal{note: name})
	}
	time.Sleep(time.Second)
	for _, name := range []string{"one", "two", "three", "four"} {
		w.wantAllDone(ids, goal{note: name})
	}
}

// TestPeopleAskBesideARunningService, as root, while it runs, is killed and runs again; the
// files stay those of the folder's owner.
func TestPeopleAskBesideARunningService(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	refused := w.add("Secret")[0]
	ids := w.addMany(sized(60, 300), "IT")
	w.treats(func(q *request) treatment { return treatment{before: 10 * time.Millisecond} })
	env := w.environment()
	state := stateOf(env)
	config := writeFile(t, rowConfig(1, "timeout: PT5S", moveByTitleStep))
	asOther := os.Geteuid() == 0
	begin := func() *life {
		if !asOther {
			return live(t, env, "run", "-c", config)
		}
		return liveAs(t, 65534, state, env, "run", "-c", config)
	}
	l := begin()
	eventually(t, "tickets are handled", func() bool { return w.judge(ids, moved).Done > 3 })
	for n := range 3 {
		for _, args := range [][]string{{"runs", "list", "--json"}, {"runs", "waiting", "--json"}, {"runs", "waiting"}, {"runs", "retry", "--all"}} {
			if out, code := w.command(env, args...); code != 0 {
				t.Errorf("%v ends with %d: %s", args, code, out)
			}
		}
		if n == 1 {
			l.kill()
			l = begin()
		}
	}
	out, _ := w.command(env, "runs", "list", "--ticket", refused, "--json")
	var listed []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed) == 0 {
		t.Fatalf("the run of ticket %s is not listed: %v\n%s", refused, err, out)
	}
	if out, code := w.command(env, "runs", "discard", listed[0].ID); code != 0 || !strings.Contains(out, "1 ended") && !strings.Contains(out, "1 end as soon") {
		t.Errorf("a discard ends with %d: %s", code, out)
	}
	eventually(t, "the run is given up", func() bool {
		out, _ := w.command(env, "runs", "list", "--ticket", refused, "--state", "canceled", "--json")
		return strings.Contains(out, listed[0].ID)
	})
	w.all(patient, ids, moved)
	l.end(t)
	w.wantAllDone(ids, moved)
	if asOther {
		_ = filepath.WalkDir(state, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				t.Error(err)
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return nil
			}
			if owner := info.Sys().(*syscall.Stat_t).Uid; owner != 65534 {
				t.Errorf("%s belongs to user %d by now", path, owner)
			}
			return nil
		})
	}
}

func stateOf(env []string) string {
	for _, e := range env {
		if dir, ok := strings.CutPrefix(e, "OTAI_STATE_DIR="); ok {
			return dir
		}
	}
	return ""
}

// liveAs starts otai as another user, who owns the state folder and may read the rest.
func liveAs(t *testing.T, uid int, state string, env []string, args ...string) *life {
	t.Helper()
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(state, uid, uid); err != nil {
		t.Fatal(err)
	}
	config := args[len(args)-1]
	for dir := filepath.Dir(state); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	for dir := filepath.Dir(config); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	if err := os.Chmod(config, 0o644); err != nil {
		t.Fatal(err)
	}
	l := &life{Cmd: exec.Command(product.otai, args...), log: &buffer{}, ended: make(chan struct{})}
	l.Env = slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "HOME=") })
	l.Dir, l.Stdout, l.Stderr = "/", l.log, l.log
	l.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	return l.begin(t)
}

// TestAfterTheEndNoTicketTextIsKept, nor a secret that stood in a ticket: not in the
// database, not in what SQLite has beside it, not in a dump of PostgreSQL.
func TestAfterTheEndNoTicketTextIsKept(t *testing.T) {
	t.Parallel()
	const planted = "PlantedTextOfACustomer"
	nothingOf := func(t *testing.T, where string, content []byte) {
		for _, text := range []string{planted, password} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s: %q is in it", where, text)
			}
		}
	}
	afterAKill := func(t *testing.T, more ...string) (env []string) {
		w := newWitness(t)
		var ids []string
		for range 5 {
			ids = append(ids, fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: planted + "Title", Body: planted + " " + password})))
		}
		at := make(chan struct{}, 1)
		w.treats(func(q *request) treatment {
			if q.update() && q.Number == 4 { // behind the first note
				return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
			}
			return treatment{}
		})
		env = append(w.environment(), more...)
		config := writeFile(t, rowConfig(3, "timeout: PT5S", moveStep+priorityStep+noteStep))
		l := live(t, env, "run", "-c", config)
		<-at
		l.kill()
		l = live(t, env, "run", "-c", config)
		w.all(patient, ids, whole)
		time.Sleep(500 * time.Millisecond)
		l.end(t)
		w.wantAllDone(ids, whole)
		return env
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		files := 0
		_ = filepath.WalkDir(stateOf(afterAKill(t)), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			files++
			content, err := os.ReadFile(path)
			if err != nil {
				t.Error(err)
			}
			nothingOf(t, path, content)
			if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
			return nil
		})
		if files == 0 {
			t.Error("there is no file in the state folder")
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		db := postgres(t)
		afterAKill(t, "OTAI_DATABASE_URL="+db.url)
		dump := db.Dump(t, db.url)
		if !bytes.Contains(dump, []byte("COPY otai.effect")) {
			t.Errorf("the dump has no effects: %.2000s", dump)
		}
		nothingOf(t, "the dump", dump)
	})
}

// TestOnceEndsWithOneWhenAnythingWasRefused.
func TestOnceEndsWithOneWhenAnythingWasRefused(t *testing.T) {
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	w.add("IT")
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT5S", moveByTitleStep))
	if out, code := w.command(env, "run", "--once", "-c", config); code != 0 {
		t.Errorf("with nothing refused it ends with %d:\n%s", code, out)
	}
	w.add("Secret")
	if out, code := w.command(env, "run", "--once", "-c", config); code != 1 {
		t.Errorf("with a change that is refused it ends with %d, want 1:\n%s", code, out)
	}
}

// TestFromTheVersionWithoutRuns: 0.1.0 is killed in mid-update, then this version takes
// over. OTAI_TEST_OLD names the folder with 0.1.0's bin and plugins.
func TestFromTheVersionWithoutRuns(t *testing.T) {
	old := os.Getenv("OTAI_TEST_OLD")
	if old == "" {
		t.Skip("OTAI_TEST_OLD names no folder with bin/otai and plugins of 0.1.0")
	}
	t.Parallel()
	w := newWitness(t)
	kills := sized(8, 50)
	ids := w.addMany(5*kills, "x")
	arrived := make(chan *request, 1)
	n := 0
	w.treats(func(q *request) treatment {
		if !q.update() {
			return treatment{}
		}
		select {
		case arrived <- q:
		default:
		}
		n++
		return []treatment{{before: 30 * time.Millisecond}, {before: 500 * time.Millisecond}, {half: true, before: 20 * time.Millisecond}, {after: 100 * time.Millisecond}}[n%4]
	})
	env := w.environment()
	config := writeFile(t, rowConfig(1, "timeout: PT2S", allInOneStep))
	before := slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "OTAI_PLUGIN_DIR=") })
	before = append(before, "OTAI_PLUGIN_DIR="+filepath.Join(old, "plugins"))
	for k := range kills {
		select {
		case <-arrived:
		default:
		}
		cmd := exec.Command(filepath.Join(old, "bin", "otai"), "run", "-c", config)
		cmd.Env, cmd.Dir = before, t.TempDir()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-arrived:
		case <-time.After(10 * time.Second):
		}
		time.Sleep(time.Duration(k%5*15) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	w.treats(nil)
	live(t, env, "run", "-c", config)
	w.all(time.Minute, ids, whole)
	w.idle()
	time.Sleep(time.Second)
	t.Logf("%d kills: %v", kills, w.judge(ids, whole))
	w.wantAllDone(ids, whole)
}

// TestADowngradeByOneReleaseGoesOn, with one run that waits for an answer and one that is
// set aside, and back. OTAI_TEST_EARLIER names the folder with bin and plugins of the
// release before.
func TestADowngradeByOneReleaseGoesOn(t *testing.T) {
	earlier := os.Getenv("OTAI_TEST_EARLIER")
	if earlier == "" {
		t.Skip("OTAI_TEST_EARLIER names no folder with bin/otai and plugins of the release before")
	}
	t.Parallel()
	w := newWitness(t, "Secret")
	w.SetAccess("Secret", store.AccessRead)
	refused := w.add("Secret")[0]
	ids := w.add("IT", "IT", "IT")
	arrived, sent := make(chan struct{}, 1), false
	w.treats(func(q *request) treatment {
		if q.update() && q.Ticket == ids[1] && !sent {
			sent = true
			arrived <- struct{}{}
			return treatment{before: 500 * time.Millisecond} // and carries it out behind the kill
		}
		return treatment{}
	})
	env := w.environment()
	before := slices.DeleteFunc(slices.Clone(env), func(e string) bool { return strings.HasPrefix(e, "OTAI_PLUGIN_DIR=") })
	before = append(before, "OTAI_PLUGIN_DIR="+filepath.Join(earlier, "plugins"))
	config := writeFile(t, rowConfig(1, "timeout: PT2S, late: PT2S", moveByTitleStep+noteStep))
	is := goal{queue: "IT", note: "Sorted"}
	l := live(t, env, "run", "-c", config)
	<-arrived
	l.kill()
	asked := func(when string, want string) {
		t.Helper()
		if out, code := w.command(env, "runs", "waiting", "--json"); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d\n%s", when, code, out)
		}
	}
	asked("after the kill", `"in_doubt": 1`)

	old := &life{Cmd: exec.Command(filepath.Join(earlier, "bin", "otai"), "run", "-c", config), log: &buffer{}, ended: make(chan struct{})}
	old.Env, old.Dir, old.Stdout, old.Stderr = before, t.TempDir(), old.log, old.log
	old.begin(t)
	w.all(time.Minute, ids, is)
	old.end(t)
	asked("behind the earlier release", `"set_aside": 1`)
	w.wantAllDone(ids, is)

	w.SetAccess("Secret", store.AccessFull)
	if out, code := w.command(env, "runs", "retry", "--all"); code != 0 || !strings.Contains(out, "1 tried again") {
		t.Errorf("%d: %s", code, out)
	}
	live(t, env, "run", "-c", config)
	eventually(t, "the one that was set aside is moved", func() bool { return w.ticket(refused).Queue == "Secret" })
}
