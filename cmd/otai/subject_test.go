package main_test

import (
	"strings"
	"testing"
	"time"
)

// TestTheTicketThatARunWroteToIsTheOneThatIsHandled, and none that it fetched beside it.
func TestTheTicketThatARunWroteToIsTheOneThatIsHandled(t *testing.T) {
	t.Parallel()
	for which, index := range map[string]string{"the first": "[0]", "the last": "[-1]", "the second": "[1] if get_pipe_result('fetch', 'fetched_tickets')[1:] else get_pipe_result('fetch', 'fetched_tickets')[0]"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			w := newWitness(t)
			ids := w.addMany(12, "x")
			config := strings.Replace(rowConfig(5, "timeout: PT5S", allInOneStep), "fetched_tickets')[0] if", "fetched_tickets')"+index+" if", 1)
			l := live(t, w.environment(), "run", "-c", writeFile(t, config))
			w.all(20*time.Second, ids, whole)
			l.end(t)
			w.wantAllDone(ids, whole)
		})
	}
}
