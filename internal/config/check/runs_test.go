package check_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type (
	// linker is what a plugin's own pipe wants of its own ticket system.
	linker interface {
		api.TicketSystem
		Link(from, to string) error
	}
	linkParams struct {
		Tickets linker `inject:"tickets"`
	}
	linkingDesk struct {
		api.TicketSystem
		Extra
	}
	Extra     struct{}
	sayParams struct {
		Text string `otai:"text"`
	}
)

func (Extra) Link(string, string) error { return nil }

const runsHead = `services:
  desk: { use: acme:Desk }
  own: { use: acme:LinkDesk }
orchestrator:
  use: base:SimpleSequentialOrchestrator
  params:
    orchestrator_sleep: PT10S
    steps:
`

// checkedRuns checks steps of the orchestrator.
func checkedRuns(t *testing.T, steps string) []string {
	t.Helper()
	c := catalogtest.New()
	c.Offered["acme:Desk"] = catalogtest.Service[struct{}, catalogtest.FakeTickets]("Desk")
	c.Offered["acme:LinkDesk"] = catalogtest.Service[struct{}, linkingDesk]("LinkDesk")
	c.Offered["acme:Link"] = catalogtest.Pipe[linkParams]("Link").WithLabel("effect", "none")
	c.Offered["acme:Say"] = catalogtest.Pipe[sayParams]("Say")
	c.Offered["acme:Post"] = catalogtest.Pipe[sayParams]("Post").WithLabel("effect", "once").WithLabel("concurrent", "true")
	d, diags := config.Read(config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(runsHead + steps)}}})
	if d == nil || diags.HasErrors() {
		t.Fatal(diags)
	}
	var got []string
	for _, p := range check.Check(d, c) {
		got = append(got, strconv.Itoa(p.Line-8)+" "+p.Severity+" "+p.Code)
	}
	slices.Sort(got)
	return got
}

const (
	runsFetch = "{ id: ID, use: base:FetchTicketsPipe, injects: { ticket_system: desk }, params: { ticket_search_criteria: { states: [{ name: new }], limit: 1 } } }"
	runsNote  = "{ use: base:AddNotePipe, injects: { ticket_system: desk }, params: { ticket_id: \"{{ get_pipe_result('ID', 'fetched_tickets')[0].id }}\", note: { body: x } } }"
)

func TestWhatMakesRunsLessThanTheyCouldBeIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		want  []string
	}{
		"two runners of one search": {`
      - { use: base:SimpleSequentialRunner, params: { on: &on { use: base:IntervalTrigger, params: { interval: PT10S } }, run: { use: base:CompositePipe, params: { steps: [FETCH a, NOTE a] } } } }
      - { use: base:SimpleSequentialRunner, params: { on: *on, run: { use: base:CompositePipe, params: { steps: [FETCH a] } } } }
      - { id: named, use: base:SimpleSequentialRunner, params: { on: *on, run: { use: base:CompositePipe, params: { steps: [FETCH a] } } } }
      - { use: base:SimpleSequentialRunner, params: { on: *on, run: { id: named too, use: base:CompositePipe, params: { steps: [FETCH a] } } } }
      - { use: base:CompositePipe, params: { steps: [FETCH b] } }
`, []string{"2 warning alike-runners", "5 warning alike-runners"}},
		"a write to what a later search found": {`
      - { use: base:CompositePipe, params: { steps: [FETCH a, FETCH b, NOTE b, NOTE b] } }
      - { id: two, use: base:CompositePipe, params: { steps: [FETCH c, FETCH d, NOTE c] } }
      - { id: three, use: base:CompositePipe, params: { steps: [CLAIM e, CLAIM f, NOTE f] } }
`, []string{"1 warning unclaimed-fetch"}},
		"pipes that don't say what they change": {`
      - { use: base:CompositePipe, params: { steps: [{ use: acme:Say }, FETCH a, { use: acme:Say, id: x }, { use: acme:Post }, { use: acme:Say }] } }
`, []string{"1 warning unknown-effect"}},
		"a pipe at which workers wait": {`
      - { use: base:SimpleSequentialRunner, params: { workers: 3, on: *on, run: { use: base:CompositePipe, params: { steps: [{ use: acme:Say }, { use: acme:Post }] } } } }
      - { use: base:SimpleSequentialRunner, params: { on: *on, run: { use: base:CompositePipe, params: { steps: [{ use: acme:Say }] } } } }
      - { use: base:ForEachPipe, params: { items: [1], steps: [{ use: acme:Say }] } }
      - { use: base:ForEachPipe, params: { items: [1], workers: 1, steps: [{ use: acme:Say }] } }
`, []string{"1 advice one-at-a-time", "3 advice one-at-a-time"}},
		"a ticket system past the gate": {`
      - { use: acme:Link, injects: { tickets: own } }
`, []string{"1 warning past-the-gate"}},
		"the tickets of a search around a loop": {`
      - use: base:CompositePipe
        params:
          steps:
            - FETCH a
            - use: base:ForEachPipe
              params:
                items: "{{ get_pipe_result('a', 'fetched_tickets') }}"
                steps:
                  - { use: base:ExpressionPipe, params: { expression: "{{ get_pipe_result('a', 'fetched_tickets') }}" } }
                  - { use: base:ExpressionPipe, params: { expression: "{{ has_failed('a') or get_parent_param('item') }}" } }
                  - { use: base:ExpressionPipe, params: { expression: "{{ get_pipe_result('a').fetched_tickets }}" } }
                  - FETCH own
                  - NOTE own
                  - use: base:ForEachPipe
                    params: { items: [1], as: part, steps: [{ use: base:ExpressionPipe, params: { expression: "{{ get_parent_param('part') }}{{ get_parent_param('item') }}{{ get_pipe_result('own', 'fetched_tickets') }}" } }] }
`, []string{"15 error fetch-outside-loop", "9 error fetch-outside-loop", "11 error fetch-outside-loop"}},
	} {
		t.Run(name, func(t *testing.T) {
			steps := strings.TrimPrefix(c.steps, "\n")
			for _, id := range []string{"a", "b", "c", "d", "e", "f", "own"} {
				fetch := strings.ReplaceAll(runsFetch, "ID", id)
				steps = strings.NewReplacer(
					"FETCH "+id+",", fetch+",", "FETCH "+id+"]", fetch+"]", "FETCH "+id+"\n", fetch+"\n",
					"CLAIM "+id+",", strings.Replace(fetch, "limit: 1 }", "limit: 1 }, claim: true", 1)+",",
					"NOTE "+id+",", strings.ReplaceAll(runsNote, "ID", id)+",", "NOTE "+id+"]", strings.ReplaceAll(runsNote, "ID", id)+"]", "NOTE "+id+"\n", strings.ReplaceAll(runsNote, "ID", id)+"\n",
				).Replace(steps)
			}
			if !strings.Contains(steps, "&on") {
				steps = strings.ReplaceAll(steps, "*on", "{ use: base:IntervalTrigger, params: { interval: PT10S } }")
			}
			want := slices.Clone(c.want)
			slices.Sort(want)
			if diff := gocmp.Diff(want, checkedRuns(t, steps)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBoundsThatWouldNotHoldAreErrors(t *testing.T) {
	c := catalogtest.New()
	c.Offered["acme:LinkDesk"] = catalogtest.Service[struct{}, linkingDesk]("LinkDesk")
	c.Offered["acme:Link"] = catalogtest.Pipe[linkParams]("Link").WithLabel("effect", "none")
	for what, text := range map[string]string{
		"past-the-gate": "services:\n  own: { use: acme:LinkDesk, allow: { queues: [IT] } }\norchestrator: { params: { steps: [{ use: acme:Link, injects: { tickets: own } }] } }\n",
		"no-effect":     "services:\n  own: { use: hf-local:HFClassificationService, allow: { queues: [IT] } }\norchestrator: { params: { steps: [] } }\n",
	} {
		t.Run(what, func(t *testing.T) {
			d, diags := readText(text)
			if d == nil || diags.HasErrors() {
				t.Fatal(diags)
			}
			var codes []string
			for _, p := range check.Check(d, c) {
				if p.Severity == "error" {
					codes = append(codes, p.Code)
				}
			}
			if !slices.Equal(codes, []string{what}) {
				t.Errorf("errors %v", check.Check(d, c))
			}
		})
	}
}

func readText(text string) (*config.Document, config.Diagnostics) {
	return config.Read(config.Options{Files: []config.Source{{Name: "c.yml", Data: []byte(text)}}})
}
