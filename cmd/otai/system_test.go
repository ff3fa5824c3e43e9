package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// realDesk is a script that sets up a real help desk and steers it; its commands
// are those that the tests here give it, by the names of OTRS's family.
type realDesk struct {
	*testing.T
	script, url, password string
}

// openDesk skips the test where there is no such script. The help desk must run.
func openDesk(t *testing.T) realDesk {
	t.Helper()
	script := os.Getenv("OTAI_TEST_DESK")
	if script == "" {
		t.Skip("OTAI_TEST_DESK names no script that steers a real help desk; see make help, test-system")
	}
	d := realDesk{T: t, script: script}
	for _, m := range regexp.MustCompile(`(ZNUNY_URL|ZNUNY_PASSWORD)=(\S+)`).FindAllStringSubmatch(d.do("url"), -1) {
		if m[1] == "ZNUNY_URL" {
			d.url = m[2]
		} else {
			d.password = m[2]
		}
	}
	if d.url == "" || d.password == "" {
		t.Fatalf("%s url prints no address and no password", script)
	}
	return d
}

func (d realDesk) do(args ...string) string {
	d.Helper()
	cmd := newCommandContext(d.Context(), d.script, args...)
	out, err := cmd.Output()
	if err != nil {
		d.Fatalf("%s %s: %v\n%s%s", d.script, strings.Join(args, " "), err, out, stderrOf(err))
	}
	return string(out)
}

// fresh takes the help desk back to its beginning, and there again afterwards.
func (d realDesk) fresh() {
	d.Helper()
	d.do("reset")
	d.Cleanup(func() {
		if out, err := newCommand(d.script, "reset").CombinedOutput(); err != nil {
			d.Errorf("%v\n%s", err, out)
		}
	})
}

// ids are the tickets that were made, by their kind: open, closed, locked, merged.
func (d realDesk) tickets(args ...string) map[string]string {
	d.Helper()
	ids := map[string]string{}
	for line := range strings.Lines(d.do(append([]string{"tickets"}, args...)...)) {
		if kind, list, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			ids[kind] = list
		}
	}
	return ids
}

func (d realDesk) count(note, ids string) (c struct {
	Notes struct {
		Waiting          int           `json:"waiting"`
		Done             int           `json:"done"`
		None             int           `json:"none"`
		Doubled          []json.Number `json:"doubled"`
		MovedWithoutNote []json.Number `json:"moved_without_note"`
		NotedNotMoved    []json.Number `json:"noted_not_moved"`
		Visible          []json.Number `json:"visible_to_customer"`
	} `json:"notes"`
	Priorities map[string]int `json:"priorities"`
	Tickets    int            `json:"tickets"`
},
) {
	d.Helper()
	if err := json.Unmarshal([]byte(d.do("count", "--notes", note, "--ids", ids)), &c); err != nil {
		d.Fatal(err)
	}
	return c
}

func TestSystemShippedConfigurationsTouchNoClosedMergedOrLockedTicket(t *testing.T) {
	for _, s := range shippedConfigurations(t) {
		if s.note == "" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			d := openDesk(t)
			d.fresh()
			ids := d.tickets("50", "--closed", "3", "--merged", "2", "--locked", "2")
			otai := s.begin(t, d.url, d.password)
			for range 60 {
				if out, err := otai("run", "--once"); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if d.count(s.note, ids["open"]).Notes.Waiting == 0 {
					break
				}
			}
			if out, err := otai("run", "--once"); err != nil { // one more, when only the others are left
				t.Fatalf("%v\n%s", err, out)
			}
			open := d.count(s.note, ids["open"])
			if n := open.Notes; n.Done != 50 || len(n.Doubled)+len(n.MovedWithoutNote)+len(n.NotedNotMoved)+len(n.Visible) > 0 {
				t.Errorf("of 50 open tickets: %+v", n)
			}
			alone := strings.Join([]string{ids["closed"], ids["merged"], ids["locked"]}, ",")
			others := d.count(s.note, alone)
			if others.Tickets != 7 || others.Notes.Waiting != 7 || others.Notes.None != 7 || others.Priorities["3 normal"] != 7 {
				t.Errorf("of 7 closed, merged and locked tickets: %+v", others)
			}
			t.Logf("%d of 50 done; of 7 closed, merged and locked ones %d lie where they were, without a note", open.Notes.Done, others.Notes.Waiting)
		})
	}
}

const systemConfig = `
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", use_session: true }
orchestrator:
  params:
    steps:
      - use: base:SimpleSequentialRunner
        params:
          on: { use: base:IntervalTrigger, params: { interval: PT5S } }
          run:
            use: base:CompositePipe
            params:
              steps:
                - id: fetch
                  use: base:FetchTicketsPipe
                  injects: { ticket_system: desk }
                  params: { ticket_search_criteria: { queue: { name: Incoming }, fields: { StateType: [new, open] } } }
                - id: move
                  use: base:UpdateTicketPipe
                  injects: { ticket_system: desk }
                  params:
                    ticket_id: "{{ get_pipe_result('fetch', 'fetched_tickets')[0].id }}"
                    updated_ticket: { queue: { name: "QUEUE" } }
`

func TestSystemTheDoctorNamesWhatIsMissing(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.tickets("1")
	doctor := func(queue string) string {
		t.Helper()
		otai := shipped{text: strings.ReplaceAll(systemConfig, "QUEUE", queue)}.begin(t, d.url, d.password)
		out, _ := otai("doctor")
		return out
	}
	wants := func(what, out string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%s: %q is not in\n%s", what, part, out)
			}
		}
		t.Logf("%s:\n%s", what, out)
	}
	wants("a queue that isn't there", doctor("IT::VPN"), `failed   desk: queue: "IT::VPN" is not known`, "ok       desk: session: ends with otai")
	d.do("queue", "off", "HR")
	wants("a deactivated queue", doctor("HR"), `ok       desk: queue: "HR" is there: a search takes it`, `deactivated names: a search finds what has been deactivated, too, so it can't prove that these are valid: the queues "HR", "Incoming"`)
	d.do("queue", "on", "HR")
	d.do("modules", "without-rest-client")
	defer d.do("modules", "with")
	wants("no REST::Client", doctor("HR"), "failed   desk:", "librest-client-perl")
}

// TestSystemTheDoctorNamesALabelWithoutAQueue: the labels of the models against what
// the help desk really has.
func TestSystemTheDoctorNamesALabelWithoutAQueue(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.tickets("1")
	text, err := os.ReadFile(filepath.Join(product.root, "examples", "otobo-znuny.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const (
		label    = `{{ get_pipe_result('queue', 'label') if get_pipe_result('queue', 'confidence') >= 0.8 else 'Unclassified' }}`
		ownModel = `"./demo/models/queue"`
		wellDone = "6 labels of the model MODEL have a queue of this name"
	)
	models := t.TempDir()
	model := func(name, from, label, renamed string) string {
		t.Helper()
		folder := filepath.Join(models, name)
		if err := os.CopyFS(folder, os.DirFS(filepath.Join(product.root, "examples", "demo", "models", from))); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, "config.json")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.ReplaceAll(string(data), strconv.Quote(label), strconv.Quote(renamed))
		if label != renamed && changed == string(data) {
			t.Fatalf("%s has no label %q", from, label)
		}
		if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		return folder
	}
	asIs := model("as-is", "queue", "", "")
	vpn := model("vpn", "queue", "IT::Network", "IT::VPN")
	urgent := model("urgent", "priority", "4 high", "4 very urgent")
	waiting := model("waiting", "priority", "4 high", "open")

	for _, c := range []struct {
		name, model, kind, template string
		before                      []string // commands to the help desk
		code                        int
		wants, never                []string
	}{
		{name: "all are there", model: asIs, wants: []string{"ok       help_desk: queue: " + wellDone}, never: []string{"failed ", "warning "}},
		{
			name: "a label without a queue", model: vpn, code: 1,
			wants: []string{
				`failed   help_desk: queue: the label "IT::VPN" of the model MODEL has no queue of this name`, "at config.yml:72:",
				"-> make a queue of this name, or map the label to another in the template", "5 labels of the model MODEL have a queue of this name",
			},
			never: []string{`the label "HR"`},
		},
		{
			name: "a deactivated queue", model: asIs, before: []string{"queue", "off", "HR"},
			wants: []string{wellDone, `it can't prove that these are valid: the queues "Facilities", "HR", "IT::Accounts"`, "each must be valid"},
		},
		{
			name: "a priority", model: urgent, kind: "priority", template: "{{ get_pipe_result('queue', 'label') }}", code: 1,
			wants: []string{`the label "4 very urgent" of the model MODEL has no priority of this name`, "2 labels of the model MODEL have a priority of this name"},
			never: []string{"sub-queue"},
		},
		{
			name: "a state", model: waiting, kind: "state", template: "{{ get_pipe_result('queue', 'label') }}", code: 1,
			wants: []string{`the label "2 low" of the model MODEL has no state of this name`, `the label "3 normal" of the`, "1 label of the model MODEL has a state of this name"},
			never: []string{`the label "open"`, "sub-queue"},
		},
		{
			name: "a mapping that is followed", model: vpn, template: "{% if get_pipe_result('queue', 'label').startswith('IT::') %}IT{% else %}{{ get_pipe_result('queue', 'label') }}{% endif %}",
			wants: []string{`queue: "IT" is there`, "2 labels of the model MODEL have a queue of this name"}, never: []string{"failed ", "IT::VPN"},
		},
		{
			name: "a mapping that is wrong", model: asIs, template: "{{ {'HR': 'Personnel'}.get(get_pipe_result('queue', 'label'), 'IT') }}", code: 1,
			wants: []string{`failed   help_desk: queue: "Personnel" is not known`, `queue: "IT" is there`}, never: []string{"the label"},
		},
		{
			name: "a mapping by what only a ticket says", model: vpn, template: "{% if get_pipe_result('ticket').subject == 'VPN' %}IT{% else %}{{ get_pipe_result('ticket').queue.name }}{% endif %}",
			wants: []string{"unknown  help_desk: queue: comes from a template, so that it is known only while otai runs: {% if get_pipe_result('ticket').subject"}, never: []string{"failed ", "the label"},
		},
		{
			name: "a model that isn't there", model: filepath.Join(models, "none"), code: 1,
			wants: []string{"failed   models: model: ", "unknown  help_desk: queue: comes from a template"}, never: []string{"the label"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				d.do(c.before...)
				defer d.do(c.before[0], "on", c.before[2])
			}
			changed := strings.Replace(string(text), ownModel, strconv.Quote(c.model), 1)
			if c.template != "" {
				changed = strings.Replace(changed, label, c.template, 1)
			}
			if c.kind != "" {
				changed = strings.Replace(changed, "                        queue: # CHANGE", "                        "+c.kind+": # CHANGE", 1)
			}
			otai := shipped{text: changed}.begin(t, d.url, d.password)
			said, err := otai("doctor")
			if code := exitCode(err); code != c.code {
				t.Errorf("it ends with %d, not %d", code, c.code)
			}
			for _, part := range c.wants {
				if part = strings.ReplaceAll(part, "MODEL", c.model); !strings.Contains(said, part) {
					t.Errorf("%q is not in what it says", part)
				}
			}
			for _, part := range c.never {
				if strings.Contains(said, part) {
					t.Errorf("%q is in what it says", part)
				}
			}
			t.Logf("\n%s", said)

			answer, err := otai("doctor", "--json")
			var diagnosis struct {
				Healthy     bool
				Diagnostics []struct {
					Check, Status, Message string
					Places                 []string
				} `json:"findings"`
			}
			if code := exitCode(err); code != c.code {
				t.Errorf("with --json it ends with %d, not %d", code, c.code)
			}
			if err := json.Unmarshal([]byte(answer), &diagnosis); err != nil || diagnosis.Healthy != (c.code == 0) {
				t.Fatalf("%v, healthy: %v\n%s", err, diagnosis.Healthy, answer)
			}
			for _, f := range diagnosis.Diagnostics {
				if strings.Contains(f.Message, "the label ") && (f.Status != "failed" || len(f.Places) != 1) {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// TestSystemTheConfigurationFromEnvFinishesEachTicket with the rights that the pages
// ask for, which end at the move.
func TestSystemTheConfigurationFromEnvFinishesEachTicket(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	ids := d.tickets("10", "--closed", "1", "--locked", "1")
	settings := fmt.Sprintf("OTAI_TICKET_SYSTEM_TYPE=otobo\nOTAI_OTOBO_BASE_URL=%s\nOTAI_INCOMING_QUEUE=Incoming\nOTAI_FALLBACK_QUEUE=Unclassified\n"+
		"OTAI_QUEUE_MODEL=examples/demo/models/queue\nOTAI_PRIORITY_MODEL=examples/demo/models/priority\n", d.url)
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := newCommandContext(t.Context(), product.otai, "config", "from-env", "--env-file", file)
	cmd.Env = environment(t)
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderrOf(err))
	}
	otai := shipped{text: strings.ReplaceAll(string(text), "${OTAI_OTOBO_PASSWORD}", "${OTAI_OTOBO_ZNUNY_PASSWORD}")}.begin(t, d.url, d.password)
	said, err := otai("doctor")
	for _, want := range []string{"6 labels of the model examples/demo/models/queue have a queue", "3 labels of the model examples/demo/models/priority have a priority"} {
		if err != nil || !strings.Contains(said, want) {
			t.Errorf("%v: %q is not in\n%s", err, want, said)
		}
	}
	for range 11 {
		if out, err := otai("run", "--once"); err != nil || strings.Contains(out, "a ticket is set aside") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if n := d.count("Automatische Klassifizierung", ids["open"]).Notes; n.Done != 10 || len(n.Doubled)+len(n.MovedWithoutNote)+len(n.NotedNotMoved)+len(n.Visible) > 0 {
		t.Errorf("of 10 open tickets: %+v", n)
	}
	if n := d.count("Automatische Klassifizierung", ids["closed"]+","+ids["locked"]).Notes; n.Waiting != 2 || n.None != 2 {
		t.Errorf("of the others: %+v", n)
	}
}

func TestSystemASessionEndsWithOtai(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	d.tickets("3")
	otai := shipped{text: strings.ReplaceAll(systemConfig, "QUEUE", "HR")}.begin(t, d.url, d.password)
	for range 3 {
		if out, err := otai("run", "--once"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if left := strings.TrimSpace(d.do("sql", "select count(distinct session_id) from sessions")); left != "0" {
		t.Errorf("%s sessions are left after three starts", left)
	}
}

// A worker of the help desk dies behind the move, before the note. What is missing
// can be added by who may change tickets where the ticket is now.
func TestSystemAnUpdateInterruptedBehindTheMoveIsFinishedWithRwOnTheTarget(t *testing.T) {
	for name, c := range map[string]struct {
		rights []string
		done   int
		said   string
	}{
		"ro and move_into": {nil, 0, "needs the right rw on the group of the queue where it is now"},
		"rw":               {[]string{"rights", "rw:HR"}, 1, "ticket changed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := openDesk(t)
			d.fresh()
			id := d.tickets("1")["open"]
			if c.rights != nil {
				d.do(c.rights...)
			}
			text := strings.Replace(systemConfig, `updated_ticket: { queue: { name: "QUEUE" } }`, `updated_ticket: { queue: { name: HR }, notes: [ { subject: interrupted, body: b } ] }`, 1)
			otai := shipped{text: strings.Replace(text, ", use_session: true", "", 1)}.begin(t, d.url, d.password)
			d.do("slow", "--middle", "20000")
			said := make(chan string, 1)
			go func() {
				out, _ := otai("run", "--once")
				said <- out
			}()
			for strings.TrimSpace(d.do("sql", "select count(*) from ticket_history h join ticket_history_type t on t.id = h.history_type_id where t.name = 'Move'")) != "1" {
				select {
				case out := <-said:
					t.Fatalf("otai ended before the move:\n%s", out)
				case <-t.Context().Done():
					t.Fatal("the ticket is never moved")
				default:
				}
			}
			d.do("slow", "off")
			d.do("kill-workers")
			out := <-said
			n := d.count("interrupted", id).Notes
			if n.Done != c.done || len(n.MovedWithoutNote) != 1-c.done || len(n.Doubled) > 0 || !strings.Contains(out, c.said) {
				t.Errorf("%+v\n%s\n%s", n, out, d.do("count", "--notes", "interrupted", "--ids", id))
			}
		})
	}
}

// TestSystemTextsAreFoundAsTheyAreWritten, in every criterion in which the server
// reads operators.
func TestSystemTextsAreFoundAsTheyAreWritten(t *testing.T) {
	d := openDesk(t)
	d.fresh()
	ids := strings.Split(d.tickets("3")["open"], ",")
	d.do("sql", fmt.Sprintf("update ticket set customer_id = 'A+B (EU) & Co', customer_user_id = 'max+test@example.com', title = 'Drucker (neu) + Toner  AND HP' where id = %s", ids[0]))
	d.do("sql", fmt.Sprintf("update ticket set customer_id = 'say \"hi\"' where id = %s", ids[1]))
	for name, c := range map[string]struct{ fields, want string }{
		"CustomerID":             {`CustomerID: "A+B (EU) & Co"`, ids[0]},
		"CustomerID, case":       {`CustomerID: "a+b (eu) & co"`, ids[0]},
		"CustomerID, wildcard":   {`CustomerID: "A+B (*"`, ids[0]},
		"CustomerID, list":       {`CustomerID: ["A+B (EU) & Co", "nobody"]`, ids[0]},
		"CustomerID, quotes":     {`CustomerID: 'say "hi"'`, ids[1]},
		"CustomerIDRaw":          {`CustomerIDRaw: "A+B (EU) & Co"`, ids[0]},
		"CustomerUserLogin":      {`CustomerUserLogin: "max+test@example.com"`, ids[0]},
		"Title":                  {`Title: "Drucker (neu) + Toner  AND HP"`, ids[0]},
		"Title, wildcard":        {`Title: "%(neu) + Toner%"`, ids[0]},
		"CustomerID of no one":   {`CustomerID: "A+B"`, ""},
		"Title with an operator": {`Title: "Drucker* && *HP"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(strings.ReplaceAll(systemConfig, "QUEUE", "HR"), "StateType: [new, open]", "StateType: [new, open], "+c.fields, 1)
			text = text[:strings.Index(text, "                - id: move")] + "                - id: show\n                  use: base:ExpressionPipe\n" +
				"                  params: { expression: \"{{ fail('found ' ~ get_pipe_result('fetch', 'fetched_tickets') | map(attribute='id') | join(',') ~ '.') }}\" }\n"
			otai := shipped{text: text}.begin(t, d.url, d.password)
			out, err := otai("run", "--once", "--log-level", "debug")
			if !strings.Contains(out, "found "+c.want+".") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
