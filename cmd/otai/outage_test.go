package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// taking fetches the oldest ticket of Incoming, one a cycle, for the steps that
// follow in the same composite; onDesk are the services that it needs.
const (
	taking = `
orchestrator:
  params:
    orchestrator_sleep: PT0.01S
    exception_sleep: PT0.2S
    steps:
      - id: sort
        use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT0S } }
          run:
            use: base:CompositePipe
            params:
              steps:
                - id: fetch
                  use: base:FetchTicketsPipe
                  injects: { ticket_system: desk }
                  params: { ticket_search_criteria: { queue: { name: Incoming }, limit: 1 } }
                - id: ticket
                  use: base:ExpressionPipe
                  params:
                    expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}"
`
	onDesk = `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", timeout: PT30S }
`
)

// sorting moves each ticket of Incoming to IT with a note.
const sorting = taking + `
                - id: move
                  use: base:UpdateTicketPipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "{{ get_pipe_result('ticket').id }}"
                    updated_ticket:
                      queue: { name: IT }
                      notes: [ { subject: Sorted, body: by otai } ]
` + onDesk

// desk is a help desk that can go away and come back at the same address.
type desk struct {
	*helpdesk.Server
	address string
	web     *http.Server
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Server: helpdesk.New(helpdesk.Options{Password: password})}
	d.AddQueue("Incoming", "IT")
	d.address = "127.0.0.1:0"
	d.up(t)
	t.Cleanup(func() { d.web.Close() })
	return d
}

func (d *desk) up(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	d.address = listener.Addr().String()
	d.web = &http.Server{Handler: d.Handler()}
	go d.web.Serve(listener)
}

func (d *desk) down() { d.web.Close() }

func (d *desk) url() string { return "http://" + d.address + "/znuny/nph-genericinterface.pl" }

func (d *desk) in(queue string) int {
	n := 0
	for _, t := range d.Tickets() {
		if t.Queue == queue {
			n++
		}
	}
	return n
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestRunSurvivesAHelpDeskThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel() // it waits more than it works
	away := 2 * time.Second
	if os.Getenv("OTAI_TEST_ALL") != "" {
		away = 30 * time.Second
	}
	d := newDesk(t)
	add := func(from, n int) {
		for i := range n {
			d.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: fmt.Sprint("ticket ", from+i), Body: "Hello"})
		}
	}
	add(0, 10)
	p := start(t, environment(t, "OTOBO_URL="+d.url()), "run", "-c", writeFile(t, sorting))
	eventually(t, "some tickets were moved", func() bool { return d.in("IT") >= 3 })
	d.down()
	add(10, 10)
	eventually(t, "the outage is logged", func() bool { return strings.Contains(p.log.String(), `"level":"error"`) })
	time.Sleep(away) // the outage itself, not a wait for an event
	d.up(t)
	eventually(t, "all tickets were moved", func() bool { return d.in("IT") == 20 })
	eventually(t, "the end of the outage is logged", func() bool { return strings.Contains(p.log.String(), "works again") })
	p.stop(t)

	for _, ticket := range d.Tickets() {
		if n := internal(ticket); n != 1 {
			t.Errorf("%s has %d internal notes, want 1", ticket.Title, n)
		}
	}
	if n := strings.Count(p.log.String(), `"level":"error"`); n != 1 {
		t.Errorf("the outage was logged %d times, want once", n)
	}
	if n := strings.Count(p.log.String(), "works again"); n != 1 {
		t.Errorf("its end was logged %d times, want once", n)
	}
	if strings.Contains(p.log.String(), password) {
		t.Error("the password is in the log")
	}
}

func TestAStopEndsAStepThatHangs(t *testing.T) {
	t.Parallel()
	hanging := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 100)
	web := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-hanging:
		case <-r.Context().Done():
		}
	})}
	go web.Serve(listener)
	t.Cleanup(func() { close(hanging); web.Close() })

	url := "http://" + listener.Addr().String() + "/otobo/nph-genericinterface.pl"
	p := start(t, environment(t, "OTOBO_URL="+url), "run", "-c", writeFile(t, sorting))
	<-asked
	p.stop(t)
}

func ticketIn(queue, title string) helpdesk.NewTicket {
	return helpdesk.NewTicket{Queue: queue, Title: title, Body: "Hello"}
}

// A help desk that is down when the machine boots must not make a service manager start otai
// again and again: it has started, isn't ready and says why, and becomes ready by itself.
func TestAHelpDeskThatIsDownAtBoot(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	w.web.Close()
	manager, socket := notifySocket(t)
	env := w.environment("NOTIFY_SOCKET=" + socket)
	began := time.Now()
	l := live(t, env, "run", "-c", writeFile(t, rowConfig(1, "timeout: PT5S", allInOneStep)))
	eventually(t, "the service manager knows that it has started", func() bool { return strings.Contains(manager(), "READY=1") })
	first := workerOf(t, l.Process.Pid)
	row(t, "down at boot", "READY=1 after %v", time.Since(began).Round(time.Millisecond))
	ids := w.addMany(3, "x")
	eventuallyWithin(t, complaintsWithin, "it is not ready, because of the runner", func() bool {
		h, err := socketOf(env).health()
		p := h.part("runner", "sort")
		return err == nil && !h.Ready && p.Blocks && strings.Contains(p.Why, "connection refused")
	})
	row(t, "down at boot", "not ready after %v", time.Since(began).Round(100*time.Millisecond))
	w.up()
	back := time.Now()
	eventuallyWithin(t, 2*time.Minute, "it is ready by itself", socketOf(env).ready)
	row(t, "down at boot", "ready %v after the help desk", time.Since(back).Round(100*time.Millisecond))
	w.all(patient, ids, whole)
	w.wantAllDone(ids, whole)
	if worker(l.Process.Pid) != first {
		t.Error("the worker was replaced")
	}
	l.end(t)
	if n := strings.Count(l.log.String(), `"level":"error"`); n != 1 {
		t.Errorf("the outage is in the log %d times as an error", n)
	}
}

// PROCESSES 8: what a Start says to be wrong in the configuration ends otai with 2 before READY, and
// afterwards the service alone. A reload with it changes nothing.
func TestAStartThatSaysThatTheConfigurationIsWrong(t *testing.T) {
	t.Parallel()
	u := newUnruly(t)
	text := `
services:
  bad: { use: "unruly:S", params: { name: bad } }
orchestrator:
  runners:
    - { id: uses, on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }, run: { use: "unruly:Needs", injects: { on: bad } } }
    - { id: good, on: { use: base:IntervalTrigger, params: { interval: PT0.1S } }, run: { use: "unruly:P", params: { name: good } } }
`
	config := writeFile(t, text)
	t.Run("before READY", func(t *testing.T) {
		t.Parallel()
		u := unruly{plugins: u.plugins, folder: t.TempDir()}
		u.does(t, "bad", "wrong")
		manager, socket := notifySocket(t)
		out, err := runOtai(t, environment(t, append(u.environment(), "NOTIFY_SOCKET="+socket)...), "run", "-c", config)
		if exitCode(err) != 2 || !strings.Contains(out, config+":3:") || !strings.Contains(out, "nothing has this name") {
			t.Errorf("%v, want exit code 2 and the place\n%s", err, out)
		}
		if strings.Contains(manager(), "READY=1") {
			t.Error("it has said that it has started")
		}
	})
	t.Run("after READY, and at a reload", func(t *testing.T) {
		t.Parallel()
		u := unruly{plugins: u.plugins, folder: t.TempDir()}
		u.does(t, "bad", "temporary")
		env := environment(t, u.environment()...)
		l := live(t, env, "run", "-c", config)
		became := func(what string, ok func(healthAnswer) bool) {
			t.Helper()
			eventually(t, what, func() bool { h, err := socketOf(env).health(); return err == nil && ok(h) })
		}
		became("its start has failed once, and it works", func(h healthAnswer) bool {
			return !h.part("worker", "").Blocks && strings.Contains(h.part("service", "bad").Why, "not now")
		})
		u.does(t, "bad", "wrong")
		became("the service is given up", func(h healthAnswer) bool {
			p := h.part("service", "bad")
			return !h.Ready && p.Blocks && strings.Contains(p.Why, "nothing has this name")
		})
		h, _ := socketOf(env).health()
		if p := h.part("runner", "uses"); p.State != "waiting" || !strings.Contains(p.Why, "bad") {
			t.Errorf("what uses it is %+v", p)
		}
		worked := strings.Count(u.said(), "good ")
		eventually(t, "the other runner goes on", func() bool { return strings.Count(u.said(), "good ") > worked })
		starts := strings.Count(u.said(), "bad ")
		time.Sleep(2 * time.Second)
		if n := strings.Count(u.said(), "bad "); n != starts {
			t.Errorf("it was started %d times more", n-starts)
		}
		if l.reloads(t) {
			t.Error("a configuration was taken that can't work")
		}
		if !strings.Contains(l.log.String(), "nothing has this name") || !strings.Contains(l.log.String(), config+":3:") {
			t.Error("the reload doesn't say why and where")
		}
		u.does(t, "bad", "")
		if !l.reloads(t) {
			t.Error("it was not reloaded")
		}
		became("all is ready after it was corrected", func(h healthAnswer) bool { return h.Ready && h.part("runner", "uses").State == "working" })
		l.end(t)
	})
}
