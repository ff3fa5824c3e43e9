package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Faults of the help desk that come with one ticket, and late answers.

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
