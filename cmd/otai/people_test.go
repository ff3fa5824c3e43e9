package main_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What people, and event modules, do to tickets meanwhile.

// runner is one more runner for the steps of a configuration.
func runner(id, queue, steps string) string {
	one := strings.Replace(strings.Replace(taking[strings.Index(taking, "      - id: sort"):], "- id: sort", "- id: "+id, 1), "name: Incoming", "name: "+queue, 1)
	return one + indented(steps, 16)
}

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
	t.Parallel()
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
	t.Parallel()
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

// TestATicketThatIsMergedOrDeletedInTheMiddle of its run, whose process is killed or goes on.
// A merged one ends its run. A deleted one is to the help desk like one without a right to
// it, so its run waits, and nobody else does.
func TestATicketThatIsMergedOrDeletedInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		behind  int // of the ticket's updates
		killed  bool
		deleted bool
	}{
		{"merged behind the move, killed", 1, true, false},
		{"merged behind the priority, killed", 2, true, false},
		{"deleted behind the move, killed", 1, true, true},
		{"deleted behind the priority, killed", 2, true, true},
		{"deleted behind the move", 1, false, true},
		{"deleted behind the priority", 2, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			id := w.add("x")[0]
			others := w.addMany(5, "x")
			ends := func() { w.person(id, map[string]any{"State": "merged"}, "") }
			if c.deleted {
				ends = func() { w.remove(id) }
			}
			at, behind := make(chan struct{}, 1), 0
			w.treats(func(q *request) treatment {
				if !q.update() || q.Ticket != id {
					return treatment{}
				}
				if behind++; behind != c.behind {
					return treatment{}
				}
				if !c.killed {
					return treatment{hook: ends}
				}
				return treatment{hook: func() { at <- struct{}{} }, after: time.Second}
			})
			env := w.environment()
			config := writeFile(t, rowConfig(1, "timeout: PT5S", moveStep+priorityStep+noteStep))
			l := live(t, env, "run", "-c", config)
			if c.killed {
				<-at
				l.kill()
				ends()
				live(t, env, "run", "-c", config)
			}
			w.all(patient, others, whole)
			w.wantAllDone(others, whole)

			type known struct{ ID, State, Outcome, Reason, Error string }
			var of []known
			eventually(t, "the run has come to its end, or waits", func() bool {
				out, _ := w.command(env, "runs", "list", "--ticket", id, "--json")
				of = nil
				return json.Unmarshal([]byte(out), &of) == nil && len(of) == 1 && (of[0].Outcome != "" || of[0].State == "waiting")
			})
			waiting, _ := w.command(env, "runs", "waiting", "--json")
			sent := len(w.updatesOf(id))
			if !c.deleted {
				if of[0].Outcome != "gone" || sent != c.behind {
					t.Errorf("the run of the merged ticket is %+v, with %d updates of %d", of[0], sent, c.behind)
				}
				return
			}
			if of[0].Reason != "unreadable" || sent > c.behind+1 {
				t.Errorf("the run of the deleted ticket is %+v, with %d updates behind %d", of[0], sent, c.behind)
			}
			if !strings.Contains(waiting, `"set_aside": []`) || !strings.Contains(waiting, `"dead": []`) {
				t.Errorf("an attempt was counted:\n%s", waiting)
			}
		})
	}
}
