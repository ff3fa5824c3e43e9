package main_test

import (
	"strings"
	"testing"
	"time"
)

// Loops over what was fetched: each item is a run of its own.

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
