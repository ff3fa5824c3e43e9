package decisions

import (
	"fmt"
	"testing"
)

func TestAttrsNameWhatWasWrittenAndWhy(t *testing.T) {
	for name, c := range map[string]struct {
		record Record
		want   string
	}{
		"applied": {
			Record{
				Run: "r1", Runner: "sort", Ticket: "7", Number: "2026007", Action: Applied,
				Classifications: []Classification{{Label: "it", Confidence: 0.91, Model: "acme/queues"}},
				Writes: []Write{
					{Old: map[string]Value{"queue": {Name: "Raw"}}, New: map[string]Value{"queue": {Name: "IT"}, "priority": {ID: "4"}}, Outcome: Done},
					{Note: 1, Outcome: Done},
					{New: map[string]Value{"queue": {Name: "HR"}}, Outcome: InDoubt},
				},
			},
			"[run r1 runner sort ticket 7 action applied written priority (unknown) → 4, queue Raw → IT, one note number 2026007 label it confidence 0.91 model acme/queues]",
		},
		"nothing was done": {Record{Run: "r1", Ticket: "7", Action: Left}, "[run r1 runner  ticket 7 action left written ]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(c.record.Attrs()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
