package main_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/store"
)

// docs/privacy.md, as the stores have it.

// hasText is whether a text stands in what a store has on disk or a command prints: as it is, in
// hex, as pg_dump writes bytes, or in base64, as JSON does, at each of its three offsets.
func hasText(content []byte, text string) bool {
	if bytes.Contains(content, []byte(text)) || bytes.Contains(content, []byte(hex.EncodeToString([]byte(text)))) {
		return true
	}
	for n := range 3 {
		inner := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", n) + text))
		// What depends on what stands around the text is left out.
		if bytes.Contains(content, []byte(inner[4*min(n, 1):len(inner)-4])) {
			return true
		}
	}
	return false
}

func TestTheSearchForATextSeesIt(t *testing.T) {
	t.Parallel()
	const text = "Xanthippe of Athens"
	for n := range 4 {
		around := []byte(strings.Repeat("{", n) + text + "}}")
		for how, content := range map[string]string{"as it is": string(around), "hex": `\x` + hex.EncodeToString(around), "base64": base64.StdEncoding.EncodeToString(around)} {
			if !hasText([]byte(content), text) {
				t.Errorf("%s, behind %d bytes: not seen in %s", how, n, content)
			}
		}
	}
	if hasText([]byte("Sokrates of Athens"), text) {
		t.Error("it is seen where it isn't")
	}
}

// oddSteps fail at the ticket's title in the ways in which an expression can.
const oddSteps = `
- id: odd
  use: base:ExpressionPipe
  params:
    expression: >-
      {% set text = get_pipe_result('ticket').subject %}{{
      text + 1 if 'odd1' in text else text / 2 if 'odd2' in text else text.nothing.more if 'odd3' in text
      else text(1) if 'odd4' in text else range(text) if 'odd5' in text else {}[text].more if 'odd6' in text
      else get_pipe_result('ticket', text) if 'odd7' in text else [1] | map(text) | list if 'odd8' in text else [{}] | map(attribute=text) | map('int') | sum if 'odd9' in text
      else '%d' % text if 'od10' in text else text.format(1) if 'od11' in text else 1 | round(method=text) if 'od12' in text else dict(**{text: 1}) | round(**{text: 1}) if 'od13' in text else 1 }}
- id: unread
  use: base:ExpressionPipe
  params:
    expression: >-
      {% set text = get_pipe_result('ticket').subject %}{{
      get_pipe_result(text) if 'od21' in text else get_parent_param(text) if 'od22' in text else get_env(text) if 'od23' in text else at_path({}, text + '.x') if 'od24' in text else 1 }}
# what a param is, and isn't
- id: title
  use: base:ExpressionPipe
  params: { expression: "{{ get_pipe_result('ticket').subject }}" }
- id: priority
  use: base:UpdateTicketPipe
  injects: { ticket_system: desk }
  params:
    ticket_id: "{{ get_pipe_result('title') if 'od27' in get_pipe_result('title') else get_pipe_result('ticket').id }}"
    updated_ticket: >-
      {% set text = get_pipe_result('title') %}{{ {text: 1} if 'od14' in text else text if 'od15' in text
      else {'fields': {'PendingTime': text}} if 'od16' in text else {'priority': {'name': '3 normal', text: 1}} if 'od17' in text else {'notes': [{'subject': 's', 'body': 'b', 'visible_to_customer': text}]} if 'od18' in text
      else {'priority': {'name': '4 high' if 'half' in text else '3 normal'}} }}
- id: sorted
  use: base:FetchTicketsPipe
  injects: { ticket_system: desk }
  params: { claim: false, ticket_search_criteria: { limit: "{{ get_pipe_result('title') if 'od19' in get_pipe_result('title') else 1 }}", fields: { TicketCreateTimeNewerDate: "{{ get_pipe_result('title') if 'od20' in get_pipe_result('title') else '2020-01-01' }}" } } }
`

// TestNoTextStaysWhicheverEndARunHas: items of a loop that are applied, left, refused before and
// after they have written, and then put back; in the store, in the log at debug, and in what each
// command shows.
func TestNoTextStaysWhicheverEndARunHas(t *testing.T) {
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			const marker = "Xanthippe of Athens"
			w := newWitness(t, "Secret")
			w.SetAccess("Secret", store.AccessRead)
			add := func(title string) string {
				return strconv.FormatInt(w.AddTicket(helpdesk.NewTicket{
					Queue: "Incoming", Title: title + " " + marker, Body: "The text of " + marker, CustomerUser: marker, From: marker + " <xanthippe@example.test>",
				}), 10)
			}
			const login, payslip, heating = "I have forgotten my password and can't log in", "How many vacation days do I have left, and where is my payslip?", "The heating in the meeting room on the second floor is broken, it is very cold"
			applied, left, refused, half := add(login), add(heating), add(payslip), add(payslip+" half")
			ids := []string{applied, left, refused, half}
			for n := range 31 {
				name := []string{"odd", "od"}[min(n/9, 1)] + strconv.Itoa(n+1)
				if name == "od29" {
					name = heating + " " + name // which a DecisionPipe leaves alone
				}
				ids = append(ids, add(name))
			}
			env := append(w.environment(), "CHECKOUT="+product.root)
			kept := func() []byte { return filesBelow(t, stateOf(env)) }
			if on == "PostgreSQL" {
				db := postgres(t)
				env = append(env, "OTAI_DATABASE_URL="+db.url)
				kept = func() []byte {
					dump := db.Dump(t, db.url)
					if !bytes.Contains(dump, []byte("river_job")) || !bytes.Contains(dump, []byte("COPY otai.decision ")) {
						t.Errorf("the dump has no jobs of River's, or no decisions: %.2000s", dump)
					}
					return append(dump, filesBelow(t, stateOf(env))...)
				}
			}
			decide := oddSteps + strings.NewReplacer(
				"from: classify,", `from: "{{ get_pipe_result('ticket').subject if 'od25' in get_pipe_result('ticket').subject else 'title' if 'od26' in get_pipe_result('ticket').subject else 'classify' }}",`,
				`ticket_id: "{{ get_pipe_result('ticket').id }}"`, `ticket_id: "{{ get_pipe_result('ticket').subject if 'od28' in get_pipe_result('ticket').subject or 'od29' in get_pipe_result('ticket').subject else get_pipe_result('ticket').id }}"`,
				`model_name: "{{ get_env`, `model_name: "{{ get_pipe_result('ticket').subject if 'od30' in get_pipe_result('ticket').subject else './' ~ get_pipe_result('ticket').subject if 'od31' in get_pipe_result('ticket').subject else get_env`,
				"}}/examples/demo/models/queue", "~ '/examples/demo/models/queue' }}",
				"THEN", strings.Replace(decideMap, "queue: HR", "queue: Secret", 1)+", apply_from: { default: 0.1 }",
			).Replace(decideStep)
			text := strings.NewReplacer("          run:", "          retry: { max_attempts: 1 }\n          run:", "workers: 4\n", "workers: 4\n                    key: item.subject\n").Replace(forEach(allFetched, itemStep+decide))
			config := writeFile(t, text+"  models: { use: hf-local:HFClassificationService }\n")
			nowhere := func(when, where string, content []byte) {
				t.Helper()
				if hasText(content, marker) {
					at := max(0, bytes.Index(content, []byte(marker)))
					t.Errorf("%s, the text of a ticket is in %s: …%q", when, where, content[max(0, at-400):min(len(content), at+100)])
				}
			}
			otai := func(args ...string) string {
				t.Helper()
				out, code := w.command(env, append(args, "-c", config)...)
				if code != 0 {
					t.Errorf("%q: %d: %s", args, code, out)
				}
				return out
			}

			report := filepath.Join(t.TempDir(), "report.jsonl")
			tried, _ := w.command(env, "try", "--last", "100", "-o", report, "-c", config)
			content, err := os.ReadFile(report)
			must(t, err)
			if n := bytes.Count(content, []byte("\n")); n != len(ids) {
				t.Errorf("%d of %d tickets are tried:\n%s", n, len(ids), tried)
			}
			nowhere("before the runs", "the report of try", content)
			nowhere("before the runs", "what try says", []byte(tried))

			type run struct {
				ID, State, Outcome string
				Tickets            []string
			}
			listed := func() (runs []run) {
				out, _ := w.command(env, "runs", "list", "--json", "-c", config)
				_ = json.Unmarshal([]byte(out), &runs)
				return runs
			}
			l := live(t, env, "run", "--log-level", "debug", "-c", config)
			eventually(t, "each run ends or waits", func() bool {
				done := 0
				for _, r := range listed() {
					if len(r.Tickets) > 0 && r.State != "running" && r.State != "due" {
						done++
					}
				}
				return done == len(ids)
			})
			l.end(t)
			actions := map[string]decisions.Action{}
			for _, r := range w.decided(env, config) {
				actions[r.Ticket] = r.Action
				t.Logf("ticket %s: %s, %s", r.Ticket, r.Action, r.Reason)
			}
			for id, want := range map[string]decisions.Action{applied: decisions.Applied, left: decisions.Left, refused: decisions.Refused, half: decisions.Applied} {
				if actions[id] != want {
					t.Errorf("ticket %s, a %s, is %s", id, want, actions[id])
				}
			}
			nowhere("after the runs", "the log", []byte(l.log.String()))
			if !hasText(kept(), marker) {
				t.Error("no text is found of runs that wait, or are dead and have written: docs/privacy.md says that it is kept")
			}

			shown := func(when string, about ...string) {
				t.Helper()
				commands := [][]string{
					{"decisions", "export", "--format", "csv"}, {"decisions", "export", "--format", "jsonl"}, {"decisions", "list"}, {"runs", "list", "--json"}, {"runs", "waiting"}, {"runs", "waiting", "--json"},
				}
				for _, id := range about {
					commands = append(commands, []string{"explain", id}, []string{"decisions", "show", id, "--json"})
				}
				runs := listed()
				if len(runs) < len(ids) {
					t.Errorf("%s, the runs are %+v", when, runs)
				}
				for _, r := range runs {
					commands = append(commands, []string{"runs", "show", r.ID, "--json"})
				}
				for _, args := range commands {
					nowhere(when, strings.Join(args, " "), []byte(otai(args...)))
				}
			}
			for _, r := range listed() {
				if r.State == "waiting" || r.Outcome == "dead" {
					otai("runs", "discard", r.ID)
				}
			}
			nowhere("after the end of all", "the store", kept())
			shown("after the end of all", ids...)

			otai("revert", "--since", "PT1H")
			if is := w.ticket(applied).Queue; is != "Incoming" {
				t.Errorf("the ticket that was moved is in %s after the revert", is)
			}
			nowhere("after the revert", "the store", kept())
			shown("after the revert", applied, half)
		})
	}
}

// filesBelow are the contents of all files of a folder, SQLite's log included.
func filesBelow(t *testing.T, dir string) (all []byte) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, content...)
		return err
	}); err != nil {
		t.Error(err)
	}
	return all
}
