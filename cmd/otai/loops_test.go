package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
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
	t.Parallel()
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
	t.Parallel()
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
				w.all(2*time.Minute, ids, goal{note: name}) // a search that finds none makes items without a ticket, and three of those close a cause for a minute
			}
			time.Sleep(5 * time.Second) // in which a second note would come
			for _, name := range []string{"one", "two"} {
				w.wantAllDone(ids, goal{note: name})
			}
		})
	}
}

func TestAnInnerLoopMayBeAboutTheTicketOfItsItem(t *testing.T) {
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

// TestLoopsMayBeNested: four groups of four tickets. Each loop has workers of its own, so
// however few they are, a run that waits for its items keeps no worker from them.
func TestLoopsMayBeNested(t *testing.T) {
	t.Parallel()
	const groups, each = 4, 4
	stores := map[string]func(t *testing.T) []string{
		"SQLite":     func(*testing.T) []string { return nil },
		"PostgreSQL": func(t *testing.T) []string { return []string{"OTAI_DATABASE_URL=" + postgres(t).url} },
	}
	for name, kept := range stores {
		for _, workers := range []struct{ outer, inner int }{{4, 4}, {1, 4}, {4, 1}, {1, 1}} {
			t.Run(fmt.Sprintf("%s, %d and %d workers", name, workers.outer, workers.inner), func(t *testing.T) {
				t.Parallel()
				more := kept(t)
				w := newWitness(t)
				ids := w.addMany(groups*each, "x")
				var named, about []string // a group, and the ticket of its own that says how far it is
				for n := range groups {
					about = append(about, fmt.Sprint(w.AddTicket(helpdesk.NewTicket{Queue: "Probe", Title: "group"})))
					named = append(named, about[n]+"#"+strings.Join(ids[n*each:(n+1)*each], ","))
				}
				w.SetAccess("Probe", store.AccessFull)
				w.treats(func(q *request) treatment {
					if q.update() {
						// Long enough for all workers to be there together, also on a machine that is busy.
						return treatment{before: time.Duration(workers.inner) * 250 * time.Millisecond}
					}
					return treatment{}
				})
				note := func(id, subject, ticket string) string {
					return fmt.Sprintf(`
- id: %s
  use: base:AddNotePipe
  injects: { ticket_system: desk }
  params: { ticket_id: "{{ %s }}", note: { subject: %s, body: by otai } }
`, id, ticket, subject)
				}
				const group = "get_parent_param('item').split('#')"
				inner := fmt.Sprintf(`
- id: inner
  use: base:ForEachPipe
  params:
    items: "{{ %s[1].split(',') }}"
    as: id
    workers: %d
    steps:
`, group, workers.inner) + indented(note("note", "Sorted", "get_parent_param('id')"), 6)
				// The fetch decides that there is work; what it is stands here.
				config := forEach("{{ '"+strings.Join(named, ";")+"'.split(';') if get_pipe_result('fetch', 'fetched_tickets') else [] }}",
					note("begins", "Begun", group+"[0]")+inner+note("ends", "Ended", group+"[0]"))
				config = strings.Replace(config, "workers: 4", fmt.Sprint("workers: ", workers.outer), 1)
				if out, code := w.command(w.environment(more...), "run", "--once", "-c", writeFile(t, config)); code != 0 {
					t.Fatalf("it ended with %d:\n%s", code, out)
				}
				w.wantAllDone(ids, onlyNoted)
				w.wantAllDone(about, goal{note: "Begun"})
				w.wantAllDone(about, goal{note: "Ended"})

				var items, parents []span
				for _, id := range ids {
					for _, q := range w.updatesOf(id) {
						items = append(items, span{q.Arrived, q.Done})
					}
				}
				for _, id := range about {
					of := w.updatesOf(id)
					parents = append(parents, span{of[0].Arrived, of[len(of)-1].Done})
				}
				// An answer that is late, as on a busy machine, lends its run's worker to another item.
				lent := busy() > 3
				if got := most(parents); got < workers.outer || got > workers.outer && !lent {
					t.Errorf("%d items of the outer loop were at work at one time, want %d", got, workers.outer)
				}
				if got := most(items); got < workers.inner || got > workers.inner && !lent {
					t.Errorf("%d items of the inner loop were at work at one time, want %d", got, workers.inner)
				}
			})
		}
	}
}

// span is the time that something took.
type span struct{ from, to time.Time }

// most is how many of the spans there are at one time.
func most(spans []span) (n int) {
	for _, one := range spans {
		together := 0
		for _, other := range spans {
			if !other.from.After(one.from) && other.to.After(one.from) {
				together++
			}
		}
		n = max(n, together)
	}
	return n
}
