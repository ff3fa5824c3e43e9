package main_test

import (
	"errors"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

const password = "correct-horse"

// TestScripts runs the command line as its users do: one file per behaviour.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			server := helpdesk.New(helpdesk.Options{Password: password})
			server.AddQueue("Incoming", "IT", "Unclassified")
			web := httptest.NewServer(server.Handler())
			e.Defer(web.Close)
			e.Values["helpdesk"] = server
			e.Setenv("OTOBO_URL", web.URL+"/znuny/nph-genericinterface.pl")
			e.Setenv("OTAI_OTOBO_ZNUNY_PASSWORD", password)
			models := newModelHub(t)
			e.Defer(models.server.Close)
			e.Values["models"] = models
			e.Setenv("HF_ENDPOINT", models.server.URL)
			e.Setenv("OTAI_STATE_DIR", e.WorkDir+"/.state")
			e.Setenv("PLUGINS", product.plugins)
			e.Setenv("OTAI_PLUGIN_DIR", product.plugins)
			e.Setenv("CHECKOUT", product.root)
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("PATH", product.dir+"/bin:"+e.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"ticket": ticket,
			"expect": expect,
			"hub":    hub,
		},
	})
}

// exits CODE COMMAND... runs a command and wants this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// ticket QUEUE SUBJECT BODY puts a ticket into the script's help desk.
func ticket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: ticket QUEUE SUBJECT BODY")
	}
	server := ts.Value("helpdesk").(*helpdesk.Server)
	server.AddTicket(helpdesk.NewTicket{Queue: args[0], Title: args[1], Body: args[2], From: "customer@example.com"})
}

// expect SUBJECT QUEUE NOTES wants the ticket in this queue with so many internal
// notes.
func expect(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: expect SUBJECT QUEUE NOTES")
	}
	for _, t := range ts.Value("helpdesk").(*helpdesk.Server).Tickets() {
		if t.Title != args[0] {
			continue
		}
		if got := strconv.Itoa(internal(t)); t.Queue != args[1] || got != args[2] {
			ts.Fatalf("ticket %q is in %s with %s internal notes, want %s with %s", t.Title, t.Queue, got, args[1], args[2])
		}
		return
	}
	ts.Fatalf("there is no ticket %q", args[0])
}

func internal(t helpdesk.Ticket) int {
	n := 0
	for _, a := range t.Articles {
		if !a.VisibleForCustomer && !strings.EqualFold(a.SenderType, "customer") {
			n++
		}
	}
	return n
}
