package main_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// What looks like a standstill and is none: otai has to be ready all the time, also at once after a
// start, a reload, and the death of a worker.

// calm is a runner of that kind.
type calm struct {
	name  string
	on    string // the trigger; "" is an interval
	extra string // params of the runner
	run   string // "": a ticket is taken, and the steps follow
	steps string // "": it is moved
	desk  string // params of the service

	begin func(c *complained)        // before otai
	goes  func(c *complained, n int) // each second
}

func calms() []calm {
	const p = `{ use: "unruly:P", params: { name: "ID" } }`
	const step = "\n- { id: act, " + `use: "unruly:P", params: { name: "ID" } }` + "\n"
	queues := []string{"Q0", "Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8"}
	return []calm{
		{name: "all-left", steps: unsureStep + moveStep, begin: func(c *complained) { c.addMany(20, "unsure") }, goes: func(c *complained, _ int) { c.add("unsure") }},
		{name: "paused", begin: func(c *complained) { c.addMany(20, "x") }, goes: func(c *complained, _ int) { c.add("x") }},
		{
			name: "one-queue-of-ten", steps: moveByTitleStep,
			begin: func(c *complained) { c.AddQueue(queues...) }, // there is no queue Q9
			goes:  func(c *complained, n int) { c.add(fmt.Sprintf("Q%d", n%10)) },
		},
		{name: "no-tickets"},
		{ // what it moved is deleted, while there are others
			name: "emptied",
			begin: func(c *complained) {
				c.AddTicket(helpdesk.NewTicket{Queue: "Probe", Title: "x", Body: "Hello"})
				c.addMany(6, "x")
			},
			goes: func(c *complained, n int) {
				for _, ticket := range c.Tickets() {
					if n > 20 && ticket.Queue == "IT" {
						c.DeleteTicket(ticket.ID)
					}
				}
			},
		},
		{name: "each-hour", on: "{ use: base:IntervalTrigger, params: { interval: PT1H } }", begin: func(c *complained) { c.addMany(20, "x") }},
		{name: "trigger-not-due", on: p, begin: func(c *complained) { c.u.does(c.t, c.id, "not due"); c.addMany(20, "x") }},
		{name: "slow-steps", steps: step + moveStep, begin: func(c *complained) { c.u.does(c.t, c.id, "sleep 9s"); c.addMany(1000, "x") }},
		{name: "very-slow-steps", steps: step + moveStep, begin: func(c *complained) { c.u.does(c.t, c.id, "sleep 35s"); c.addMany(1000, "x") }},
		{name: "slow-steps-of-four", extra: "workers: 4", steps: step + moveStep, begin: func(c *complained) { c.u.does(c.t, c.id, "sleep 35s"); c.addMany(1000, "x") }},
		{name: "slow-pipe", run: p, begin: func(c *complained) { c.u.does(c.t, c.id, "sleep 35s") }},
		{
			name: "slow-desk", desk: ", timeout: PT30S",
			begin: func(c *complained) { c.answers("", treatment{before: 3 * time.Second}); c.addMany(1000, "x") },
		},
		{
			name: "shaky-desk", // one in five requests fails
			begin: func(c *complained) {
				random := rand.New(rand.NewPCG(1, 2))
				c.treats(func(*request) treatment {
					if random.IntN(5) == 0 {
						return treatment{never: true, status: 503}
					}
					return treatment{}
				})
			},
			goes: func(c *complained, _ int) { c.add("x") },
		},
		{
			name: "some-updates-hang", desk: ", timeout: PT5S, late: PT2S",
			begin: func(c *complained) {
				c.treats(func(q *request) treatment {
					if q.update() && q.Number%4 == 0 {
						return treatment{before: 10 * time.Second}
					}
					return treatment{}
				})
			},
			goes: func(c *complained, _ int) { c.add("x") },
		},
		{
			name: "a-long-run", run: eachTaken,
			begin: func(c *complained) {
				c.answers("ticket-update", treatment{before: 500 * time.Millisecond})
				c.addMany(2000, "x")
			},
		},
	}
}

func (c calm) parts(w *witness) (runner, services string) {
	on, run, desk := c.on, c.run, "desk-"+c.name
	if on == "" {
		on = everyText(time.Second)
	}
	if run == "" {
		run = taken("DESK", cmp.Or(c.steps, moveStep))
	}
	services = fmt.Sprintf("  %s: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q%s } }\n", desk, w.url(), c.desk)
	return strings.NewReplacer("ID", c.name, "DESK", desk).Replace(runnerText(c.name, on, run, c.extra)), services
}

// eachTaken takes a thousand tickets, and moves one after another.
var eachTaken = `
use: base:CompositePipe
params:
  steps:
    - id: fetch
      use: base:FetchTicketsPipe
      injects: { ticket_system: DESK }
      params: { ticket_search_criteria: { queue: { name: Incoming }, limit: 1000 } }
    - id: each
      use: base:ForEachPipe
      params:
        items: "{{ get_pipe_result('fetch', 'fetched_tickets') }}"
        steps:
          - id: ticket
            use: base:ExpressionPipe
            params: { expression: "{{ get_parent_param('item') }}" }
` + indented(strings.ReplaceAll(moveStep, "ticket_system: desk", "ticket_system: DESK"), 10)

// greenFor is longer than any rule of what is stuck takes.
func greenFor() time.Duration {
	if full() {
		return 10 * time.Minute
	}
	return 80 * time.Second
}

// green asks again and again, and notes each answer that is not ready.
type green struct {
	mu    sync.Mutex
	red   map[string]int // what was said, and how often
	asked int
}

// watch asks until stop is closed. Until it has been ready once, and while it may
// not be, it need not be.
func (g *green) watch(otai *socketClient, stop <-chan struct{}, mayNot func() bool) {
	was := false
	for {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
		h, err := otai.health()
		g.mu.Lock()
		g.asked++
		switch {
		case err == nil && h.Ready:
			was = true
		case mayNot() && (err != nil || h.part("worker", "").Blocks):
		case was:
			if g.red == nil {
				g.red = map[string]int{}
			}
			g.red[fmt.Sprintf("%v %s", err, h.blocking())]++
		}
		g.mu.Unlock()
	}
}

func (g *green) judge(t *testing.T, row string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	t.Logf("row: %s: asked %d times, not ready for %d reasons", row, g.asked, len(g.red))
	for text, times := range g.red {
		t.Errorf("%d times: %s", times, text)
	}
}

func TestWhatOnlyLooksLikeAStandstillIsReady(t *testing.T) {
	t.Parallel()
	u := newUnruly(t)
	runners, services := "", ""
	var at []*complained
	all := calms()
	for _, c := range all {
		one := &complained{newWitness(t), u, c.name}
		if c.begin != nil {
			c.begin(one)
		}
		runner, service := c.parts(one.witness)
		runners, services = runners+runner, services+service
		at = append(at, one)
	}
	env := environment(t, u.environment()...)
	config := writeFile(t, "services:\n"+services+"orchestrator:\n  runners:\n"+runners)
	l := live(t, env, "run", "-c", config)
	otai := socketOf(env)
	var g green
	var mu sync.Mutex
	dies := false
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		g.watch(otai, stop, func() bool { mu.Lock(); defer mu.Unlock(); return dies })
	}()
	became := func(what string, ok func(healthAnswer) bool) {
		eventually(t, what, func() bool { h, err := otai.health(); return err == nil && ok(h) })
	}
	became("it is ready", func(h healthAnswer) bool { return h.Ready })
	if out, err := runOtai(t, env, "runs", "pause", "paused", "-c", config); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	until := time.Now().Add(greenFor())
	reloadAt, deathAt := time.Now().Add(greenFor()*2/5), time.Now().Add(greenFor()*4/5)
	for n := 0; time.Now().Before(until); n++ {
		for i, c := range all {
			if c.goes != nil {
				c.goes(at[i], n)
			}
		}
		if !reloadAt.IsZero() && time.Now().After(reloadAt) {
			reloadAt = time.Time{}
			if !l.reloads(t) {
				t.Error("it was not reloaded")
			}
		}
		if !deathAt.IsZero() && time.Now().After(deathAt) {
			deathAt = time.Time{}
			mu.Lock()
			dies = true
			mu.Unlock()
			_ = syscall.Kill(worker(l.Process.Pid), syscall.SIGKILL)
			became("it is ready after the death of its worker", func(h healthAnswer) bool { return h.Ready })
			mu.Lock()
			dies = false
			mu.Unlock()
		}
		time.Sleep(time.Second)
	}
	h, err := otai.health()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		want := "working"
		if c.name == "paused" {
			want = "paused"
		}
		if p := h.part("runner", c.name); p.State != want && p.State != "failing" {
			t.Errorf("%s is %+v", c.name, p)
		}
	}
	close(stop)
	<-stopped
	g.judge(t, fmt.Sprintf("%d runners for %v", len(all), greenFor()))
	l.end(t)
}

// TestAnotherHostTakesAll: one of two hosts comes too late each time.
func TestAnotherHostTakesAll(t *testing.T) {
	t.Parallel()
	database := postgres(t)
	w := newWitness(t)
	config := func(interval time.Duration) string {
		return "services:\n" + fmt.Sprintf("  desk: { use: otobo-znuny:OTOBOZnunyTicketSystemService, params: { base_url: %q } }\n", w.url()) +
			"orchestrator:\n  runners:\n" + runnerText("sort", everyText(interval), taken("desk", moveStep), "")
	}
	var envs [][]string
	for _, interval := range []time.Duration{50 * time.Millisecond, 5 * time.Second} {
		env := w.environment("OTAI_DATABASE_URL=" + database.url)
		live(t, env, "run", "-c", writeFile(t, config(interval)))
		envs = append(envs, env)
	}
	var g green
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		g.watch(socketOf(envs[1]), stop, func() bool { return false })
	}()
	length := greenFor() * 6 / 10
	for until := time.Now().Add(length); time.Now().Before(until); time.Sleep(200 * time.Millisecond) {
		w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "x", Body: "Hello"})
	}
	close(stop)
	<-stopped
	g.judge(t, fmt.Sprintf("another host takes all, %v", length))
	h, err := socketOf(envs[1]).health()
	if err != nil || h.part("runner", "sort").State != "working" {
		t.Errorf("%v, %+v", err, h)
	}
}
