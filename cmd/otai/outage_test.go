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
