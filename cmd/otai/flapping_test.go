package main_test

import (
	"fmt"
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

func inQueue(w *witness, queue string) (ids []string) {
	for _, ticket := range w.Tickets() {
		if ticket.Queue == queue {
			ids = append(ids, fmt.Sprint(ticket.ID))
		}
	}
	return ids
}
