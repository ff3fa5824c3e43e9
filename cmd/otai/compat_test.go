package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// hubCache is a HuggingFace cache in which the demonstration's models have the
// names that configurations of Open Ticket AI use.
func hubCache(t *testing.T, models map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, model := range models {
		folder := filepath.Join(home, "hub", "models--"+strings.ReplaceAll(name, "/", "--"))
		const revision = "0123456789abcdef0123456789abcdef01234567"
		if err := os.CopyFS(filepath.Join(folder, "snapshots", revision), os.DirFS(filepath.Join(product.root, "examples", "demo", "models", model))); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(folder, "refs"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "refs", "main"), []byte(revision), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// Configurations of Open Ticket AI, as its versions and documents show them, are
// validated and do their work. Only the address of the help desk is another, which
// the environment gives.
func TestConfigurationsOfOpenTicketAIRunAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		service  string // that has the address
		queue    string // that is looked at
		warnings bool
		notes    int
		stays    bool // it only reads, or only leaves a note
	}{
		"a-znuny-demo":      {service: "otobo_znuny", queue: "Anfrage an die IT", warnings: true, notes: 2},
		"a2-first-pipeline": {service: "otobo_znuny", queue: "OpenTicketAI::Incoming", warnings: true, notes: 1},
		"a3-operations":     {service: "desk", queue: "Eingang", warnings: true},
		"a4-reference":      {queue: "Raw", warnings: true, notes: 1, stays: true},
		"b-deployment":      {service: "otobo_znuny", queue: "OpenTicketAI::Incoming", warnings: true, notes: 2},
		"c-earlier-names":   {queue: "Incoming", warnings: true},
		"seed":              {queue: "IT", warnings: true, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := helpdesk.New(helpdesk.Options{Password: password})
			server.AddQueue(c.queue, "Unklassifiziert", "OpenTicketAI::Unclassified", "Unsure", "IT::Accounts", "IT::Hardware", "IT::Network", "IT::Software", "HR", "Facilities")
			for _, priority := range []string{"3 Mittel", "medium"} { // a ticket makes them known
				server.AddTicket(helpdesk.NewTicket{Queue: "HR", Title: "x", Body: "x", Priority: priority, From: "customer@example.com"})
			}
			id := server.AddTicket(helpdesk.NewTicket{
				Queue: c.queue, Title: "Export aus dem CRM: Umlaute kaputt", From: "customer@example.com",
				Body: "Seit der neuen Version des Programms stehen in der Datei statt Umlauten nur noch seltsame Zeichen.",
			})
			web := httptest.NewServer(server.Handler())
			defer web.Close()
			url := web.URL + "/otobo/nph-genericinterface.pl"
			env := environment(t,
				"OTOBO_URL="+url, "DESK_PASSWORD="+password, "OTAI_ZNUNY_PASSWORD="+password, "OTOBO_API_TOKEN="+password,
				"OTAI_HF_TOKEN=hf_unused", "HF_TOKEN=hf_unused",
				"HF_HOME="+hubCache(t, map[string]string{
					"softoft/EHS_Queue_Prediction": "queue", "softoft/otai-queue-de-bert-v1": "queue",
					"softoft/EHS_Priority_Prediction": "priority", "softoft/otai-priority-de-bert-v1": "priority",
				}))
			if c.service != "" {
				env = append(env, "OTAI__SERVICES__"+strings.ToUpper(c.service)+"__PARAMS__BASE_URL="+url)
			}
			file := filepath.Join(product.root, "internal", "config", "check", "testdata", "compat", name+".yml")
			v := validated(t, env, file)
			if !v.Valid || c.warnings != (len(v.Problems) > 0) {
				t.Errorf("valid: %v, problems: %+v", v.Valid, v.Problems)
			}
			run := newCommand(product.otai, "run", "--once", "-c", file)
			run.Env, run.Dir = env, t.TempDir()
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			ticket, _ := server.Ticket(id)
			if c.stays != (ticket.Queue == c.queue) || internal(ticket) != c.notes {
				t.Errorf("the ticket is in %s with %d notes", ticket.Queue, internal(ticket))
			}
		})
	}
}

type validation struct {
	Valid    bool
	Problems []struct {
		File, Path, Severity, Code, Message, Hint string
		Line, Column                              int
	}
}

func validated(t *testing.T, env []string, files ...string) validation {
	t.Helper()
	args := []string{"validate", "--json"}
	for _, f := range files {
		args = append(args, "-c", f)
	}
	cmd := newCommand(product.otai, args...)
	cmd.Env, cmd.Dir = env, t.TempDir()
	out, err := cmd.Output()
	var v validation
	if broken := json.Unmarshal(out, &v); broken != nil {
		t.Fatalf("%v in %s\n%v %s", broken, out, err, stderrOf(err))
	}
	if v.Valid != (err == nil) {
		t.Errorf("valid is %v and the end %v", v.Valid, err)
	}
	return v
}

// A page of the documents shows pipes and params that never existed. Each is one
// error that says what to write.
func TestWhatNeverRanIsOneErrorEachThatShowsTheNewForm(t *testing.T) {
	v := validated(t, environment(t), filepath.Join(product.root, "internal", "config", "check", "testdata", "compat", "d-plugins-page.yml"))
	var got []string
	for _, p := range v.Problems {
		got = append(got, p.Severity+" "+p.Code+" "+p.Path[strings.LastIndex(p.Path, ".")+1:])
	}
	want := []string{
		"warning deprecated use",
		"warning missing-trigger runners[0]", "error unknown-key queue_name", "warning deprecated state",
		"warning missing-trigger runners[1]", "error unknown-use use",
		"warning missing-trigger runners[2]", "error unknown-name ticket_id", "error unknown-key queue",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, p := range v.Problems {
		if p.Hint == "" {
			t.Errorf("no hint for %+v", p)
		}
	}
}
