package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// A person's terminal sends signals to all processes in the foreground. The worker is in a
// group of its own, so that only the supervisor gets them.
func TestRunIsEndedByCtrlC(t *testing.T) {
	t.Parallel()
	server, url := deskForInit(t, helpdesk.Options{})
	dir := moving(t, url)
	w := atTerminal(t, dir, environment(t), product.otai, "run")
	w.awaits(`otai runs`)
	w.awaits(`ticket changed`)
	w.types(ctrlC)
	w.awaits(`otai ended`)
	if code := w.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(w.screen.String(), "goroutine ") {
		t.Error("the screen shows Go's own report")
	}
	for _, ticket := range server.Tickets() {
		if n := internal(ticket); n > 1 {
			t.Errorf("ticket %d has %d notes", ticket.ID, n)
		}
	}
}

// The kernel hangs up the sessions of a terminal that is closed. A process without one, as a
// service is, reloads at SIGHUP, and so does one whose terminal is still there.
func TestATerminalThatIsClosedEndsTheWorkInOrder(t *testing.T) {
	t.Parallel()
	_, url := deskForInit(t, helpdesk.Options{})
	env, dir := environment(t), moving(t, url)
	logged := filepath.Join(t.TempDir(), "log")
	w := atTerminal(t, dir, env, "/bin/sh", "-c", `exec "$0" run --log-format json 2>"$1"`, product.otai, logged)
	shows := func(what string, times int) {
		t.Helper()
		eventually(t, what, func() bool {
			text, _ := os.ReadFile(logged)
			return strings.Count(string(text), what) >= times
		})
	}
	shows("otai runs", 1)
	if err := w.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	shows("the configuration was reloaded", 1)
	shows("otai ended", 1) // that is the former worker
	w.slave.Close()
	w.master.Close()
	if code := w.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	shows("otai ended", 2)
}

func TestRunIsStoppedByCtrlZAndGoesOnByFg(t *testing.T) {
	t.Parallel()
	server, url := deskForInit(t, helpdesk.Options{})
	dir := moving(t, url)
	w := atTerminal(t, dir, append(environment(t), "PS1=ready> "), "/bin/sh", "-i")
	w.awaits("ready> ")
	w.types(product.otai + " run\n")
	w.awaits(`otai runs`)
	w.awaits(`ticket changed`)
	w.types(ctrlZ)
	w.awaits(`Stopped`)
	w.awaits("ready> ")
	eventually(t, "the worker stands still, too", func() bool {
		before := changes(server)
		time.Sleep(time.Second) // ten intervals
		return changes(server) == before
	})
	server.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "while it stood", Body: "a", From: "x@example.com"})
	w.types("fg\n")
	w.awaits(`otai run`)
	eventually(t, "it goes on", func() bool {
		for _, ticket := range server.Tickets() {
			if ticket.Title == "while it stood" {
				return internal(ticket) == 1
			}
		}
		return false
	})
	w.types(ctrlC)
	w.awaits(`otai ended`)
	w.awaits("ready> ")
	w.types("echo code $?\n")
	w.awaits(`code 0\r`)
	w.types("exit\n")
	w.exit()
	for _, ticket := range server.Tickets() {
		if n := internal(ticket); n > 1 {
			t.Errorf("ticket %d has %d notes", ticket.ID, n)
		}
	}
}

// moving is a folder with a configuration that moves tickets and leaves a note.
func moving(t *testing.T, url string) string {
	t.Helper()
	dir := t.TempDir()
	text := `services:
  desk: { use: "otobo-znuny:OTOBOZnunyTicketSystemService", params: { base_url: "` + url + `" } }
orchestrator:
  runners:
    - id: sort
      on: { use: "base:IntervalTrigger", params: { interval: "PT0.1S" } }
      run:
        params:
          steps:
            - { id: fetch, use: "base:FetchTicketsPipe", injects: { ticket_system: desk }, params: { ticket_search_criteria: { queue: { name: Incoming }, fields: { StateType: [new, open], Locks: [unlock] }, limit: 1 } } }
            - { id: ticket, use: "base:ExpressionPipe", params: { expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}" } }
            - { id: move, use: "base:UpdateTicketPipe", injects: { ticket_system: desk }, params: { ticket_id: "{{ get_pipe_result('ticket').id }}", updated_ticket: { queue: { name: IT }, notes: [ { subject: Sorted, body: by otai } ] } } }
`
	if err := os.WriteFile(filepath.Join(dir, "config.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
