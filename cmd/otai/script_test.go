package main_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

const password = "correct-horse"

// TestScripts runs the command line as its users do: one file per behavior.
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
			if err := os.Mkdir(e.WorkDir+"/.state", 0o700); err != nil { // see keepsState
				return err
			}
			e.Setenv("PLUGINS", product.plugins)
			e.Setenv("GOCOVERDIR", os.Getenv("OTAI_TEST_COVER"))
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
			"queues": queues,
			"noted":  noted,
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

// ticket QUEUE SUBJECT BODY [PRIORITY [STATE]] puts a ticket into the script's help desk.
func ticket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 5 {
		ts.Fatalf("usage: ticket QUEUE SUBJECT BODY [PRIORITY [STATE]]")
	}
	server := ts.Value("helpdesk").(*helpdesk.Server)
	args = append(args, "", "")
	server.AddTicket(helpdesk.NewTicket{Queue: args[0], Title: args[1], Body: args[2], Priority: args[3], State: args[4], From: "customer@example.com"})
}

// expect SUBJECT QUEUE NOTES wants the ticket in this queue with this number of internal
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

// queues NAME... adds queues to the script's help desk.
func queues(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: queues NAME...")
	}
	ts.Value("helpdesk").(*helpdesk.Server).AddQueue(args...)
}

// noted SUBJECT PRIORITY REGEXP... wants the ticket to have this priority, and as
// its last notes those that match, in this order.
func noted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: noted SUBJECT PRIORITY REGEXP...")
	}
	for _, t := range ts.Value("helpdesk").(*helpdesk.Server).Tickets() {
		if t.Title != args[0] {
			continue
		}
		if t.Priority != args[1] {
			ts.Fatalf("ticket %q has the priority %s, want %s", t.Title, t.Priority, args[1])
		}
		first := len(t.Articles) - len(args[2:])
		for i, want := range args[2:] {
			if got := t.Articles[first+i]; !regexp.MustCompile(want).MatchString(got.Subject + ": " + got.Body) {
				ts.Fatalf("the note %q: %q does not match %s", got.Subject, got.Body, want)
			}
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
