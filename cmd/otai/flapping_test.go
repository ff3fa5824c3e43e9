package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A help desk that goes and comes, each 20 s with OTAI_TEST_ALL: each time it is away is one error,
// as `journalctl -p err` shows it, however many requests and tickets meet it.
func TestEachOutageOfAFlappingHelpDeskIsOneError(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	l := live(t, w.environment(), "run", "-c", writeFile(t, forEach(allFetched, itemStep+moveStep)))
	w.addMany(20, "x")
	eventually(t, "it works", func() bool { return len(w.seen((*request).update)) > 5 })
	times, away := sized(3, 6), time.Duration(sized(1, 10))*time.Second
	for n := 1; n <= times; n++ {
		w.web.Close()
		w.addMany(20, "x")
		eventually(t, "the outage is logged", func() bool { return strings.Count(l.log.String(), `"level":"error"`) >= n })
		time.Sleep(away) // in which it could be said again
		w.up()
		eventuallyWithin(t, 2*patient, "its end is logged", func() bool { return strings.Count(l.log.String(), "works again") >= n })
		w.addMany(5, "x")
		time.Sleep(away)
	}
	errors := strings.Count(l.log.String(), `"level":"error"`)
	row(t, "flapping", "%d times away for %v: %d errors, %d ends", times, away, errors, strings.Count(l.log.String(), "works again"))
	if errors != times {
		var lines []string
		for line := range strings.Lines(l.log.String()) {
			if strings.Contains(line, `"level":"error"`) {
				lines = append(lines, line)
			}
		}
		t.Errorf("%d outages are %d errors:\n%s", times, errors, strings.Join(lines, ""))
	}
	eventuallyWithin(t, 2*patient, "all is done", func() bool { return len(inQueue(w, "Incoming")) == 0 })
	l.end(t)
}

// Several runners, in different forms, at one help desk that is away, or refuses, twice: each time is one error, which
// names them all, and one end. What another help desk does meanwhile is an error of its own.
func TestAnOutageOfAHelpDeskIsOneErrorForAllItsRunners(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]struct {
		harm, cure func(c *complained)
	}{
		"down":           {func(c *complained) { c.web.Close() }, func(c *complained) { c.up() }},
		"broken":         {func(c *complained) { c.answers("", treatment{never: true, status: 500}) }, (*complained).works},
		"search-refused": {func(c *complained) { c.answers("ticket-search", treatment{says: refusedSearch}) }, (*complained).works},
		"no-updates":     {func(c *complained) { c.answers("ticket-update", treatment{never: true, status: 500}) }, (*complained).works},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "broken" || name == "search-refused" {
				needsAll(t)
			}
			c := &complained{newWitness(t, "Q1", "Q2", "Q3"), unruly{}, name}
			other := newWitness(t)
			services := ""
			for desk, w := range map[string]*witness{"desk-ID": c.witness, "other": other} {
				services += fmt.Sprintf("  %s: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q, timeout: PT5S, late: PT2S } }\n", desk, w.url())
			}
			runners, queues := "", []string{"Incoming", "Q1", "Q2", "Q3"}
			for n, queue := range queues {
				run := taken("desk-ID", moveStep)
				if n%2 == 1 {
					run = looped(moveStep)
				}
				runners += runnerText(queue, everyText(time.Duration(n+1)*200*time.Millisecond), strings.Replace(run, "name: Incoming", "name: "+queue, 1), "")
			}
			runners += runnerText("elsewhere", everyText(time.Second), taken("other", moveStep), "")
			env := c.environment()
			l := live(t, env, "run", "-c", writeFile(t, "services:\n"+services+"orchestrator:\n  runners:\n"+runners))
			add := func() {
				other.add("x")
				for _, queue := range queues {
					for range 5 {
						c.AddTicket(ticketIn(queue, "x"))
					}
				}
			}
			add()
			empty := func() bool {
				return !slices.ContainsFunc(queues, func(q string) bool { return len(inQueue(c.witness, q)) > 0 })
			}
			eventuallyWithin(t, 2*patient, "all is done", empty)
			lines := func(level, at string) (found []string) {
				for line := range strings.Lines(l.log.String()) {
					if strings.Contains(line, `"level":"`+level+`"`) && strings.Contains(line, at) {
						found = append(found, line)
					}
				}
				return found
			}
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("errors and ends:\n%s", strings.Join(append(lines("error", ""), lines("info", "works again")...), ""))
				}
			})
			for n := 1; n <= 2; n++ {
				how.harm(c)
				add()
				eventuallyWithin(t, 2*patient, "all runners fail", func() bool {
					h, err := socketOf(env).health()
					return err == nil && !slices.ContainsFunc(queues, func(q string) bool { return h.part("runner", q).State == "working" })
				})
				how.cure(c)
				eventuallyWithin(t, 3*time.Minute, "all is done", empty)
				eventuallyWithin(t, 2*patient, "its end is logged", func() bool { return len(lines("info", "works again")) == n })
			}
			errors := lines("error", "")
			row(t, "several runners", "%s: twice away: %d errors, %d ends", name, len(errors), len(lines("info", "works again")))
			if len(errors) != 2 || !strings.Contains(errors[0], `"runners":"Incoming, Q1, Q2, Q3"`) {
				t.Errorf("two outages are %d errors:\n%s", len(errors), strings.Join(errors, ""))
			}
			other.web.Close()
			eventuallyWithin(t, 2*patient, "another help desk is another outage", func() bool { return len(lines("error", "elsewhere")) == 1 })
			l.end(t)
		})
	}
}

func inQueue(w *witness, queue string) (ids []string) {
	for _, ticket := range w.Tickets() {
		if ticket.Queue == queue {
			ids = append(ids, fmt.Sprint(ticket.ID))
		}
	}
	return ids
}
