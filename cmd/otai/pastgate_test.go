package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// linksPlugin is one as 0.1.0 allowed: its pipe wants its own ticket system with a method
// that the contract doesn't have, and says nothing of what a repetition does.
const linksPlugin = `package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(
		api.Metadata{Name: "otai-links", Version: "0.1.0", API: ">=1.0.0 <2", Description: "Links tickets."},
		api.NewService("LinkingDesk", "A help desk of one ticket, which can link it.", newDesk),
		api.NewPipeFunc("LinkPipe", "Links a ticket.", link),
	)
}

type deskParams struct {
	Log string ` + "`otai:\"log,required\"`" + `
}

type desk struct{ log string }

func newDesk(p deskParams, _ api.Host) (*desk, error) { return &desk{p.Log}, nil }

func (d *desk) say(what string) error {
	f, err := os.OpenFile(d.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintln(f, what)
	return err
}

func (d *desk) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) {
	return []api.Ticket{{ID: "7", Subject: "a ticket"}}, nil
}

func (d *desk) GetTicket(context.Context, string) (api.Ticket, error) {
	return api.Ticket{ID: "7", Subject: "a ticket"}, nil
}

func (d *desk) UpdateTicket(_ context.Context, id string, _ api.TicketUpdate) error {
	return d.say("update " + id)
}

func (d *desk) AddNote(_ context.Context, id string, _ api.Note) error { return d.say("note " + id) }

func (d *desk) Link(_ context.Context, from, to string) error {
	err := d.say("link " + from + " " + to)
	if _, hold := os.Stat(d.log + ".hold"); hold == nil {
		time.Sleep(time.Minute)
	}
	return err
}

type linker interface {
	api.TicketSystem
	Link(ctx context.Context, from, to string) error
}

type linkParams struct {
	Desk linker ` + "`inject:\"desk\"`" + `
	From string ` + "`otai:\"from\"`" + `
}

func link(ctx context.Context, p linkParams, _ api.Scope) (api.PipeResult, error) {
	return api.Success(nil), p.Desk.Link(ctx, p.From, "1")
}

func main() {}
`

const linksConfig = `
services:
  desk: { use: links:LinkingDesk, params: { log: LOG } }
orchestrator:
  runners:
    - id: link
      run:
        use: base:CompositePipe
        params:
          steps:
            - id: fetch
              use: base:FetchTicketsPipe
              injects: { ticket_system: desk }
              params: { ticket_search_criteria: { limit: 1 } }
            - id: ticket
              use: base:ExpressionPipe
              params: { expression: "{{ get_pipe_result('fetch', 'fetched_tickets')[0] if get_pipe_result('fetch', 'fetched_tickets') else fail('none') }}" }
            - { id: note, use: base:AddNotePipe, injects: { ticket_system: desk }, params: { ticket_id: "{{ get_pipe_result('ticket').id }}", note: { body: x } } }
            - { id: link, use: links:LinkPipe, injects: { desk: desk }, params: { from: "{{ get_pipe_result('ticket').id }}" } }
`

// RUNS 27. The contract's files are those of 0.1.0, byte for byte.
func TestAPluginsOwnMethodIsThatOfTheServiceItself(t *testing.T) {
	t.Parallel()
	plugins, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	module := writeModule(t, "otai-links", linksPlugin)
	buildPlugin(t, module, filepath.Join(plugins, "otai_links.so"))
	config := writeFile(t, strings.ReplaceAll(linksConfig, "LOG", log))
	env := environment(t, "OTAI_PLUGIN_DIR="+plugins)
	written := func(want string) {
		t.Helper()
		got, _ := os.ReadFile(log)
		if string(got) != want {
			t.Errorf("at the help desk: %q, want %q", got, want)
		}
	}

	out, err := runOtai(t, env, "validate", "-c", config)
	if err != nil || !strings.Contains(out, `is the service "desk" itself`) || !strings.Contains(out, "a run that is interrupted in links:LinkPipe calls it again") {
		t.Errorf("validate: %v\n%s", err, out)
	}
	out, err = runOtai(t, env, "run", "--once", "--dry-run", "-c", config)
	if err != nil || !strings.Contains(out, "dry run: would add a note") || !strings.Contains(out, "dry run: not tried") || !strings.Contains(out, "links:LinkPipe") {
		t.Errorf("a dry run: %v\n%s", err, out)
	}
	// By the service itself it could write: it isn't given it, whoever wants that.
	out, err = runOtai(t, env, "run", "--once", "--dry-run", "--run", "links:LinkPipe", "-c", config)
	if err == nil || !strings.Contains(out, `the service "desk" itself`) {
		t.Errorf("a dry run that is to run it: %v\n%s", err, out)
	}
	out, err = runOtai(t, env, "try", "-c", config)
	if err != nil || !strings.Contains(out, "not tried") || !strings.Contains(out, "links:LinkPipe") {
		t.Errorf("try: %v\n%s", err, out)
	}
	written("")

	if err := os.WriteFile(log+".hold", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := live(t, env, "run", "-c", config)
	eventually(t, "it links", func() bool { got, _ := os.ReadFile(log); return strings.Contains(string(got), "link") })
	l.kill()
	if err := os.Remove(log + ".hold"); err != nil {
		t.Fatal(err)
	}
	if out, err := runOtai(t, env, "run", "--once", "-c", config); err != nil {
		t.Errorf("after a kill in the midst of it: %v\n%s", err, out)
	}
	written("note 7\nlink 7 1\nlink 7 1\n") // what the gate knows is written once
}
