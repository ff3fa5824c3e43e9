package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// That everything lives and nothing flows is what the users of such services complain of most. Each
// kind of it is a runner here, with a help desk of its own. /readyz and otai status have to say within a
// minute which one it is and why.

const complaintsWithin = time.Minute

// complaint is one kind.
type complaint struct {
	name  string
	steps string // after the ticket was fetched; "": it is moved
	run   string // all that is run, instead
	on    string // the trigger; "" is an interval
	extra string // params of the runner
	desk  string // params of the service
	more  string // further services

	before func(c *complained) // once otai works; nil: nothing
	harm   func(c *complained)
	cure   func(c *complained) // nil: only another start helps

	kind, part string // what is named; "" is the runner
	why        string // a part of the reason
}

// complained is a complaint at work.
type complained struct {
	*witness
	u  unruly
	id string
}

const refusedSearch = `{"Error":{"ErrorCode":"TicketSearch.AuthFail","ErrorMessage":"TicketSearch: Authorization failing!"}}`

// answers says what the help desk does with each request of some operations; "" is all.
func (c *complained) answers(operation string, do treatment) {
	c.treats(func(q *request) treatment {
		if operation == "" || q.Operation == operation {
			return do
		}
		return treatment{}
	})
}

func (c *complained) works() { c.treats(nil) }

func complaints() []complaint {
	hour := treatment{never: true, after: time.Hour}
	const classify = `
- id: classify
  use: base:ClassificationPipe
  injects: { classification_service: models-ID }
  params: { text: "{{ get_pipe_result('ticket').subject }}", model_name: "MODEL" }
`
	const blocks = `{ use: "unruly:P", params: { name: "ID" } }`
	return []complaint{
		{name: "down", harm: func(c *complained) { c.web.Close() }, cure: func(c *complained) { c.up() }, why: "connection refused"},
		{name: "silent", extra: "workers: 4", harm: func(c *complained) { c.answers("", hour) }, cure: (*complained).works, why: "no answer in time"},
		{name: "silent-to-updates", desk: ", timeout: PT5S, late: PT2S", harm: func(c *complained) { c.answers("ticket-update", hour) }, cure: (*complained).works, why: "no answer in time"},
		{name: "broken", harm: func(c *complained) { c.answers("ticket-update", treatment{never: true, status: 500}) }, cure: (*complained).works, why: "Internal Server Error"},
		{name: "search-refused", harm: func(c *complained) { c.answers("ticket-search", treatment{says: refusedSearch}) }, cure: (*complained).works, why: "Authorization failing"},
		{
			name: "rights-lost",
			harm: func(c *complained) { c.SetAccess("Incoming", store.AccessRead); c.SetAccess("IT", store.AccessRead) },
			cure: func(c *complained) { c.SetAccess("Incoming", store.AccessFull); c.SetAccess("IT", store.AccessFull) },
			why:  "rw",
		},
		{ // a search finds nothing then, as in an empty queue
			name: "all-rights-lost", before: (*complained).handled,
			harm: func(c *complained) { c.may(store.AccessNone) }, cure: func(c *complained) { c.may(store.AccessFull) },
			why: "no ticket at all any more",
		},
		{
			name: "rights-lost-loop", run: looped(moveStep),
			harm: func(c *complained) { c.SetAccess("Incoming", store.AccessRead); c.SetAccess("IT", store.AccessRead) },
			cure: func(c *complained) { c.SetAccess("Incoming", store.AccessFull); c.SetAccess("IT", store.AccessFull) },
			why:  "rw",
		},
		{
			name: "broken-loop", run: looped(moveStep), harm: func(c *complained) { c.answers("ticket-update", treatment{never: true, status: 500}) },
			cure: (*complained).works, why: "Internal Server Error",
		},
		{name: "template-loop", run: looped(strings.Replace(moveStep, "IT", `"{{ get_parent_param('ticket').nothing.name }}"`, 1)), harm: func(*complained) {}, why: "nothing"},
		{
			name: "broken-model-loop", run: looped(strings.Replace(classify, "MODEL", "BROKEN", 1) + moveStep),
			more: "  models-ID: { use: hf-local:HFClassificationService }\n", harm: func(*complained) {}, why: "safetensors",
		},
		{
			name: "no-model", steps: strings.Replace(classify, "MODEL", "/nowhere/model", 1) + moveStep,
			more: "  models-ID: { use: hf-local:HFClassificationService }\n", harm: func(*complained) {}, why: "/nowhere/model",
		},
		{
			name: "broken-model", steps: strings.Replace(classify, "MODEL", "BROKEN", 1) + moveStep,
			more: "  models-ID: { use: hf-local:HFClassificationService }\n", harm: func(*complained) {}, why: "safetensors",
		},
		{
			name: "unloadable", steps: strings.Replace(classify, "MODEL", "BROKEN", 1) + moveStep,
			more: "  models-ID: { use: hf-local:HFClassificationService, params: { preload: [BROKEN] } }\n", harm: func(*complained) {},
			kind: "service", part: "models-ID", why: "safetensors",
		},
		{name: "step-blocks", steps: "\n- " + strings.Replace(blocks, "{ use", "{ id: act, use", 1) + "\n", harm: (*complained).blocks, why: "has not returned"},
		{name: "steps-block", extra: "workers: 4", steps: "\n- " + strings.Replace(blocks, "{ use", "{ id: act, use", 1) + "\n", harm: (*complained).blocks, why: "has not returned"},
		{name: "pipe-blocks", extra: "workers: 4", run: blocks, harm: (*complained).blocks, why: "has not returned"},
		{name: "trigger-blocks", on: blocks, harm: (*complained).blocks, why: "has not returned"},
		{
			name: "search-blocks", more: `  system-ID: { use: "unruly:T", params: { name: "ID" } }` + "\n",
			run:  `{ id: fetch, use: "base:FetchTicketsPipe", injects: { ticket_system: system-ID }, params: { ticket_search_criteria: { limit: 1 } } }`,
			harm: (*complained).blocks, why: "has not returned",
		},
	}
}

// may is what the agent may do in each queue.
func (c *complained) may(access store.Access) {
	for _, queue := range []string{"Incoming", "IT", "HR", "Probe"} {
		c.SetAccess(queue, access)
	}
}

// handled waits until otai has handled a ticket and looked at it again.
func (c *complained) handled() {
	c.add("before")
	eventuallyWithin(c.t, 2*time.Minute, c.id+" has read what it wrote to", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		wrote := slices.IndexFunc(c.requests, (*request).update)
		return wrote >= 0 && slices.ContainsFunc(c.requests[wrote:], func(q *request) bool { return q.Operation == "ticket-get" && !q.Done.IsZero() })
	})
}

func (c *complained) blocks() { c.u.does(c.t, c.id, "block") }

// taken is what a runner runs: it takes a ticket of Incoming, and then the steps follow.
func taken(desk, steps string) string {
	return `
use: base:CompositePipe
params:
  steps:
    - id: fetch
      use: base:FetchTicketsPipe
      injects: { ticket_system: ` + desk + ` }
      params: { ticket_search_criteria: { queue: { name: Incoming }, limit: 1 } }
    - id: ticket
      use: base:ExpressionPipe
      params: { expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}" }
` + indented(strings.ReplaceAll(steps, "ticket_system: desk", "ticket_system: "+desk), 4)
}

// looped is what a runner of the complaint with this desk runs: the steps are for each ticket of
// Incoming, which is a run of its own.
func looped(steps string) string {
	steps = strings.NewReplacer("ticket_system: desk", "ticket_system: desk-ID", "get_pipe_result('ticket')", "get_parent_param('ticket')").Replace(steps)
	return `
use: base:CompositePipe
params:
  steps:
    - id: fetch
      use: base:FetchTicketsPipe
      injects: { ticket_system: desk-ID }
      params: { ticket_search_criteria: { queue: { name: Incoming }, limit: 100 } }
    - id: each
      use: base:ForEachPipe
      params:
        items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
        as: ticket
        steps:
` + indented(steps, 10)
}

// runnerText is a runner of a configuration.
func runnerText(id, on, run, extra string) string {
	text := "    - id: " + id + "\n      on: " + on + "\n"
	if extra != "" {
		text += "      " + extra + "\n"
	}
	return text + "      run:\n" + indented(run, 8) + "\n"
}

func everyText(d time.Duration) string {
	return fmt.Sprintf("{ use: base:IntervalTrigger, params: { interval: PT%gS } }", d.Seconds())
}

// parts are the runner and the services of a complaint.
func (c complaint) parts(t *testing.T, w *witness, interval time.Duration) (runner, services string) {
	t.Helper()
	on, run, desk := c.on, c.run, "desk-"+c.name
	if on == "" {
		on = everyText(interval)
	}
	if run == "" {
		steps := c.steps
		if steps == "" {
			steps = moveStep
		}
		run = taken(desk, steps)
	}
	services = fmt.Sprintf("  %s: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q%s } }\n", desk, w.url(), c.desk) + c.more
	runner = runnerText(c.name, on, run, c.extra)
	names := strings.NewReplacer("ID", c.name, "BROKEN", brokenModel(t))
	if c.steps+c.run+c.on+c.more != "" {
		runner, services = names.Replace(runner), names.Replace(services)
	}
	return runner, services
}

// brokenModel is a copy of a model of the demonstration, half of whose weights are missing.
func brokenModel(t *testing.T) string {
	t.Helper()
	dir, from := t.TempDir(), filepath.Join(product.root, "examples", "demo", "models", "queue")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(dir, "model.safetensors")
	info, err := os.Stat(weights)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(weights, info.Size()/2); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestTheComplaints has all kinds in one otai, beside a runner that works; with OTAI_TEST_ALL each
// alone, too, with an interval of 10 s.
func TestTheComplaints(t *testing.T) {
	t.Parallel()
	t.Run("together", func(t *testing.T) {
		t.Parallel()
		complaining(t, complaints(), 500*time.Millisecond)
	})
	for _, c := range complaints() {
		t.Run(c.name, func(t *testing.T) {
			needsAll(t)
			t.Parallel()
			complaining(t, []complaint{c}, 10*time.Second)
		})
	}
}

func complaining(t *testing.T, all []complaint, interval time.Duration) {
	t.Helper()
	u := newUnruly(t)
	fine := newWitness(t)
	runners := runnerText("fine", everyText(interval), taken("fine", moveStep), "")
	services := fmt.Sprintf("  fine: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q } }\n", fine.url())
	var at []*complained
	for _, c := range all {
		one := &complained{newWitness(t), u, c.name}
		runner, service := c.parts(t, one.witness, interval)
		runners, services = runners+runner, services+service
		at = append(at, one)
	}
	env := environment(t, u.environment()...)
	l := live(t, env, "run", "-c", writeFile(t, "services:\n"+services+"orchestrator:\n  runners:\n"+runners))
	otai := socketOf(env)
	eventually(t, "all have looked", func() bool {
		h, err := otai.health()
		return err == nil && h.part("worker", "").State == "working"
	})

	for n, c := range all {
		if c.before != nil {
			c.before(at[n])
		}
	}
	began := time.Now()
	for n, c := range all {
		c.harm(at[n])
	}
	stop := make(chan struct{})
	flowing := make(chan struct{})
	go func() { // people go on writing
		defer close(flowing)
		for n := 0; ; n++ {
			fine.add(fmt.Sprint(n))
			for _, w := range at {
				w.add(fmt.Sprint(n))
			}
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Second):
			}
		}
	}()
	defer func() { close(stop); <-flowing }()

	after, ready := make([]time.Duration, len(all)), time.Duration(0)
	var last healthAnswer
	for missing := len(all); missing > 0 && time.Since(began) < complaintsWithin+patient; time.Sleep(200 * time.Millisecond) {
		if !otai.ready() && ready == 0 {
			ready = time.Since(began)
		}
		h, err := otai.health()
		if err != nil {
			t.Fatal(err)
		}
		last = h
		for n, c := range all {
			kind, name := "runner", c.name
			if c.kind != "" {
				kind, name = c.kind, strings.Replace(c.part, "ID", c.name, 1)
			}
			if p := h.part(kind, name); after[n] == 0 && p.Blocks && strings.Contains(p.Why, c.why) {
				after[n] = time.Since(began)
				missing--
				t.Logf("row: %s: after %v: %s %s %s: %s", c.name, after[n].Round(100*time.Millisecond), kind, name, p.State, p.Why)
			}
		}
		if p := h.part("runner", "fine"); p.State != "working" {
			t.Fatalf("what works is %+v", p)
		}
	}
	if ready == 0 { // it was asked just before
		eventually(t, "/readyz says it, too", func() bool { return !otai.ready() })
		ready = time.Since(began)
	}
	for n, c := range all {
		if after[n] == 0 || after[n] > complaintsWithin { // with what a busy machine adds to it
			t.Errorf("%s: said after %v (0: never); it is %+v", c.name, after[n], last.part("runner", c.name))
		}
	}
	t.Logf("row: /readyz is 503 after %v, with an interval of %v", ready.Round(100*time.Millisecond), interval)
	if ready > complaintsWithin {
		t.Errorf("/readyz says it after %v", ready)
	}
	if len(all) == 1 {
		time.Sleep(time.Minute) // in which it could be said again
	}
	for _, c := range all {
		said := 0
		for line := range strings.Lines(l.log.String()) {
			if strings.Contains(line, `"level":"error"`) && (strings.Contains(line, `"`+c.name+`"`) || strings.Contains(line, "."+strings.Replace(c.part, "ID", c.name, 1)+`"`) && c.part != "") {
				said++
			}
		}
		t.Logf("row: %s: %d lines in the log are errors", c.name, said)
		if blocks := strings.Contains(c.name, "block"); said > 1 || said == 0 && (!blocks || len(all) == 1) { // it is said a moment later
			t.Errorf("%s: an outage is to be said once", c.name)
		}
	}
	if len(all) > 1 || all[0].cure == nil {
		return
	}
	began = time.Now()
	all[0].cure(at[0])
	eventuallyWithin(t, 3*time.Minute, "it is ready by itself", otai.ready)
	t.Logf("row: %s: ready by itself after %v", all[0].name, time.Since(began).Round(100*time.Millisecond))
}
